/** From a principal and an id in the address to a session, and from a session's refusal to an answer. */
import type { Problem } from "@berth/protocol";
import { administers } from "../src/core/access/roles.ts";
import { isSessionId } from "../src/app/http/session-id.ts";
import { noSuchSession, ProblemError } from "../src/app/http/problem-error.ts";
import type { Principal } from "../src/ports/identity/identity.port.ts";
import { authorOf } from "./auth.ts";
import type { Result, SessionHandle } from "../src/app/session-handle.ts";
import type { Services } from "../src/app/services.ts";

/**
 * The handle of a session of this organization. Nothing is asked of it, so who asks goes along with each call: an id that never was opened gets its answer from
 * the session, which keeps nothing for it. @throws ProblemError `not-found` for what is no session's id
 */
export function handleOf(services: Services, { orgId }: Principal, sessionId: string): SessionHandle {
  return isSessionId(sessionId) ? services.sessions.of(orgId, sessionId) : noSuchSession();
}

/** The same, after making sure that the session exists and that they may see it. */
export async function openHandle(services: Services, principal: Principal, sessionId: string): Promise<SessionHandle> {
  const handle = handleOf(services, principal, sessionId);
  if ((await handle.read(authorOf(principal))) === null) noSuchSession();
  return handle;
}

/** For lists: nothing to narrow for who administers. */
export function readableBy({ role, userId, teamIds }: Principal): { readonly readableBy?: readonly string[] } {
  return administers(role) ? {} : { readableBy: [userId, ...teamIds] };
}

/** Those of the ids whose sessions they may see; for who administers all of them. */
export async function visibleSessions({ catalog }: Pick<Services, "catalog">, principal: Principal, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const narrowed = readableBy(principal).readableBy;
  return new Set(narrowed === undefined ? ids : await catalog.readableSessions(principal.orgId, [...new Set(ids)], narrowed));
}

/** The value, or the refusal thrown. A session's own words for "no session" give way to the one wording. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new ProblemError(result.problem, retryAfterOf(result.problem));
}

function retryAfterOf(problem: Problem): Readonly<Record<string, string>> {
  return problem.status === 503 ? { "retry-after": "1" } : {};
}
