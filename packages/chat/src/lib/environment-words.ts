/** Environments in words, and their variables as a form has them. */
import type { DetectedEnvironment, Environment } from "@berth/sdk";
import { plural } from "./format.ts";

const GONE = "a repository that was removed";

/** @param repositories names by ids */
export function forWhat({ repositories: ids }: Pick<Environment, "repositories">, repositories: ReadonlyMap<string, string>): string {
  if (ids.length === 0) return "for any session";
  const [first = GONE, ...others] = ids.map((id) => repositories.get(id) ?? GONE);
  return `for ${first}${others.length === 0 ? "" : ` and ${plural(others.length, "other repository", "other repositories")}`}`;
}

export interface EnvironmentChoices {
  /** The one that sessions on the repository are in by themselves. */
  readonly own: Environment | null;
  readonly others: readonly Environment[];
}

/** @param repositoryId null for a session on none */
export function choicesFor(environments: readonly Environment[], repositoryId: string | null): EnvironmentChoices {
  const bound = environments.filter(({ repositories }) => repositoryId !== null && repositories.includes(repositoryId));
  const [own = null] = bound.length === 1 ? bound : [];
  const others = [...bound.filter((each) => each !== own), ...environments.filter(({ repositories }) => repositories.length === 0)];
  return { own, others };
}

export function whatItHolds({ variables, setupScript, ports }: Pick<Environment, "variables" | "setupScript" | "ports">): string {
  const count = Object.keys(variables).length;
  const held = [count === 0 ? null : plural(count, "variable"), setupScript.trim() === "" ? null : "a setup script", ports.length === 0 ? null : plural(ports.length, "port")].filter((each) => each !== null);
  return held.length === 0 ? "nothing yet" : held.join(", ").replace(/, ([^,]*)$/, " and $1");
}

export interface VariableDraft {
  /** Of the row, which may have no name yet. */
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

export function draftsOf(variables: Readonly<Record<string, string>>): readonly VariableDraft[] {
  return Object.entries(variables)
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([name, value], key) => ({ key, name, value }));
}

/** Names that stand more than once, of which only one could be kept. */
export function namedTwice(drafts: readonly VariableDraft[]): ReadonlySet<string> {
  const names = drafts.map(({ name }) => name);
  return new Set(names.filter((name, at) => name !== "" && names.indexOf(name) !== at));
}

export function variablesOf(drafts: readonly VariableDraft[]): Readonly<Record<string, string>> {
  return Object.fromEntries(drafts.map(({ name, value }) => [name, value]));
}

/** What is there, and what is listed by the repository's own example and not there yet. */
export function withNames(drafts: readonly VariableDraft[], names: readonly string[]): readonly VariableDraft[] {
  const known = new Set(drafts.map(({ name }) => name));
  const next = Math.max(0, ...drafts.map(({ key }) => key)) + 1;
  return [...drafts, ...names.filter((name) => !known.has(name)).map((name, at) => ({ key: next + at, name, value: "" }))];
}

/** A look at a repository, in sentences. */
export function foundIn({ fileCount, packageManagers, test, dev, services, ports }: DetectedEnvironment): string {
  const files = plural(fileCount, "file");
  if (packageManagers.length === 0) return `${files}, and no package manager that is known here.`;
  const uses = [
    `${files}, with ${packageManagers.join(" and ")}.`,
    test.length === 0 ? "" : `Tests: ${test.join(", ")}.`,
    dev.length === 0 ? "" : `Runs by ${dev.join(", ")}.`,
    services.length === 0 ? "" : `Speaks of ${services.join(", ")}, which the script has to start.`,
    ports.length === 0 ? "" : `Ports: ${ports.join(", ")}.`,
  ];
  return uses.filter((each) => each !== "").join(" ");
}
