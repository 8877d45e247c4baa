/** Whether the person whose work it is may do it at the repository's host. Whatever is not known for certain is no. */
import { repositoryNameOf, textOf } from "../core/git/repository-name.ts";
import { isPortError, type PortError } from "../core/kernel/port-error.ts";
import type { Principal } from "../ports/identity/identity.port.ts";
import type { RepositoryRight } from "../ports/source-control/source-control.port.ts";
import { refuse } from "./http/problem-error.ts";
import { whyNotHad } from "./kept-value.ts";
import { remoteOf, type KnownRemote } from "./repositories.ts";
import type { Services } from "./services.ts";

export type RightsServices = Pick<Services, "identity" | "sourceControl" | "repositoryRights" | "now">;

/** How long a host's answer is believed. */
export const RIGHTS_LIFETIME_MS = 60_000;
const ASK_TIMEOUT_MS = 10_000;

export interface RightAsked {
  readonly orgId: string;
  readonly remote: KnownRemote;
  /** Null where no one person's work it is. */
  readonly userId: string | null;
  readonly needed: Exclude<RepositoryRight, "none">;
  readonly signal: AbortSignal;
}

export interface Barred {
  /** `unknown`: somebody could not be asked. */
  readonly reason: "nobody" | "no-member" | "no-account" | "no-right" | "unknown";
  readonly message: string;
  readonly fix: string;
}

/** @throws ProblemError `forbidden` at the workspace's address where the principal may not read the repository there */
export async function requireRight(deps: RightsServices & Pick<Services, "catalog" | "vault">, { kind, orgId, userId }: Principal, url: string, signal: AbortSignal): Promise<void> {
  const name = repositoryNameOf(url);
  const repository = name && (await deps.catalog.findRepository(orgId, textOf(name)));
  if (!repository || repository.rights === "organization") return;
  const remote = await remoteOf(deps, orgId, repository.name).catch(whyNotHad);
  if (remote === null) return;
  if (typeof remote === "string") return refuse("unavailable", "The repository's credential cannot be had, so its host cannot be asked what you may do.");
  const barred = await whyBarred(deps, { orgId, remote, userId: kind === "user" ? userId : null, needed: "read", signal });
  if (barred === null) return;
  const { reason, message, fix } = barred;
  refuse(reason === "unknown" ? "upstream-failed" : "forbidden", message, { fix, errors: [{ pointer: "/workspace/url", message }] });
}

/** Null where they may. */
export async function whyBarred(deps: RightsServices, { orgId, remote, userId, needed, signal }: RightAsked): Promise<Barred | null> {
  if (remote.rights === "organization") return null;
  const { host } = new URL(remote.url);
  if (userId === null) return { reason: "nobody", message: `Nobody's account at ${host} stands for this: a key or program asked for it, or several people have worked in the session.`, fix: "Let one person ask for it in a session of their own." };
  try {
    const person = await deps.identity.standing(orgId, { userId, keyId: null });
    if (person === null) return { reason: "no-member", message: "Whose work this is does not belong to the organization any more.", fix: "Let a member ask for it in a session of their own." };
    const provider = deps.sourceControl.knowsPeople(remote.url);
    if (provider === null) return { reason: "unknown", message: `${host} cannot be asked what a person may do.`, fix: "An admin sets the repository's `rights` to `organization`." };
    const accountId = await deps.identity.accounts.accountAt(userId, provider);
    if (accountId === null) return { reason: "no-account", message: `${person.userName} has no account of ${host} here.`, fix: `Link it: sign in to Berth with ${host} once, by an account with the same e-mail address.` };
    const right = await rightOf(deps, { orgId, remote, accountId, signal });
    if (right === "write" || right === needed) return null;
    const may = right === "read" ? "only read" : "not see";
    return { reason: "no-right", message: `${person.userName} may ${may} ${remote.name}, says ${host}.`, fix: `Ask for access at ${host}; it counts here within a minute.` };
  } catch (error) {
    if (!isPortError(error)) throw error;
    return { reason: "unknown", ...unasked(error, host) };
  }
}

function rightOf({ sourceControl, repositoryRights, now }: RightsServices, { orgId, remote, accountId, signal }: Pick<RightAsked, "orgId" | "remote" | "signal"> & { readonly accountId: string }): Promise<RepositoryRight> {
  const ask = (): Promise<RepositoryRight> => sourceControl.rightOf(remote, accountId, AbortSignal.any([signal, AbortSignal.timeout(ASK_TIMEOUT_MS)]));
  return repositoryRights ? repositoryRights.get(`${orgId}\n${remote.id}\n${accountId}`, now(), ask) : ask();
}

function unasked({ port, code, retry, message }: PortError, host: string): Pick<Barred, "message" | "fix"> {
  if (port !== "source-control") return { message: "Berth cannot look up whose work this is right now.", fix: "Try again in a moment." };
  if (code === "permission-denied" || code === "failed-precondition") return { message, fix: "An admin adds the repository again with a credential that may read who has access, or sets its `rights` to `organization`." };
  const waitS = typeof retry === "object" ? Math.max(1, Math.ceil(retry.afterMs / 1_000)) : null;
  return { message: `What a person may do cannot be asked: ${message}`, fix: waitS === null ? `Try again when ${host} answers.` : `Try again in ${waitS} s.` };
}
