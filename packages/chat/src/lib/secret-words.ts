/** Secrets as a reader sorts them, and what becomes of each. */
import type { Secret } from "@berth/sdk";
import { ago, plural } from "./format.ts";

export interface SecretGroup {
  readonly title: string;
  readonly secrets: readonly Secret[];
}

/** Who looks, and what the others are called, as far as that is known. */
export interface SecretReader {
  readonly userId: string | undefined;
  readonly names: ReadonlyMap<string, string>;
  /** Of environments, by their ids. */
  readonly environments: ReadonlyMap<string, string>;
}

/** The organization's, then each repository's and each environment's, then one's own, then those of others. */
export function groupSecrets(secrets: readonly Secret[], reader: SecretReader): readonly SecretGroup[] {
  const titles = new Map<string, Secret[]>();
  const placeOf = (secret: Secret): string => titleOf(secret, reader);
  const inOrder = [...secrets].sort((left, right) => rank(left, reader) - rank(right, reader) || placeOf(left).localeCompare(placeOf(right)) || left.name.localeCompare(right.name));
  for (const secret of inOrder) {
    const title = placeOf(secret);
    titles.set(title, [...(titles.get(title) ?? []), secret]);
  }
  return [...titles].map(([title, own]) => ({ title, secrets: own }));
}

export function isOwn({ scope }: Secret, { userId }: Pick<SecretReader, "userId">): boolean {
  return scope.kind === "user" && scope.userId === userId;
}

function rank(secret: Secret, reader: SecretReader): number {
  return ["org", "repo", "environment", "user"].indexOf(secret.scope.kind) + (secret.scope.kind === "user" && !isOwn(secret, reader) ? 1 : 0);
}

function titleOf(secret: Secret, reader: SecretReader): string {
  const { scope } = secret;
  if (scope.kind === "repo") return `Sessions on ${scope.repo}`;
  if (scope.kind === "environment") return `Sessions in ${reader.environments.get(scope.environment) ?? "an environment"}`;
  if (scope.kind === "org") return "All sessions of the organization";
  return isOwn(secret, reader) ? "Only runs that you ask for" : `Only runs that ${reader.names.get(scope.userId) ?? "somebody else"} asks for`;
}

export function reachOf({ hosts, readableByAgent, scope }: Secret): string {
  const sent = hosts.length > 0 ? `sent to ${hosts.length > 2 ? plural(hosts.length, "host") : hosts.map(({ host }) => host).join(", ")}` : null;
  const environment = scope.kind === "user" ? "in the environment where nobody else writes" : "in the sandbox's environment";
  return [readableByAgent ? environment : null, sent].filter((each) => each !== null).join(" and ");
}

export function lastUse({ lastUsedAt }: Secret, now: number): string {
  if (lastUsedAt === null) return "never used";
  const when = ago(lastUsedAt, now);
  if (when === "now") return "used just now";
  return /^\d+[mhd]$/.test(when) ? `used ${when} ago` : `used ${when}`;
}
