/** From a principal and an id in the address to a session, and from a session's refusal to an answer. */
import type { Problem } from "@berth/protocol";
import { isSessionId } from "../src/app/http/session-id.ts";
import { noSuchSession, ProblemError } from "../src/app/http/problem-error.ts";
import type { Result, SessionHandle } from "../src/app/session-handle.ts";
import type { Services } from "../src/app/services.ts";

/**
 * The handle of a session of this organization. Nothing is asked of it: an id that never was opened gets its answer from
 * the session, which keeps nothing for it. @throws ProblemError `not-found` for what is no session's id
 */
export function handleOf(services: Services, orgId: string, sessionId: string): SessionHandle {
  return isSessionId(sessionId) ? services.sessions.of(orgId, sessionId) : noSuchSession();
}

/** The same, after making sure that the session exists. */
export async function openHandle(services: Services, orgId: string, sessionId: string): Promise<SessionHandle> {
  const handle = handleOf(services, orgId, sessionId);
  if ((await handle.read()) === null) noSuchSession();
  return handle;
}

/** The value, or the refusal thrown. A session's own words for "no session" give way to the one wording. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new ProblemError(result.problem, retryAfterOf(result.problem));
}

function retryAfterOf(problem: Problem): Readonly<Record<string, string>> {
  return problem.status === 503 ? { "retry-after": "1" } : {};
}
