/**
 * The handle of a session that cannot be there, answering what a session that never was opened answers. A real object
 * would be asked otherwise, and the platform keeps a stored object for every id that was ever asked.
 */
import { CLOSE_CODES, makeProblem } from "@berth/protocol";
import type { Result, SessionHandle } from "./session-handle.ts";

/** @param refuseUpgrade accepts a socket and closes it with that code and reason */
export function createAbsentSession(refuseUpgrade: (code: number, reason: string) => Response): SessionHandle {
  const absent = async <T>(): Promise<Result<T>> => ({ ok: false, problem: makeProblem("not-found", "There is no such session.") });
  return {
    open: absent,
    read: async () => null,
    update: absent,
    send: absent,
    messages: async () => ({ messages: [], next: null }),
    cancel: absent,
    move: absent,
    stop: absent,
    resume: absent,
    hibernate: absent,
    policy: absent,
    answer: absent,
    events: async () => ({ events: [], firstSeq: 1, lastSeq: 0 }),
    output: async () => null,
    diff: absent,
    applyWork: absent,
    remove: absent,
    issueTicket: absent,
    fetch: async (request) =>
      new URL(request.url).pathname === "/link"
        ? refuseUpgrade(CLOSE_CODES.fenced, "this sandbox's token is not the current one")
        : refuseUpgrade(CLOSE_CODES.unauthorized, "the ticket is unknown, used or expired"),
    sharing: absent,
    workspace: absent,
    authorizeBroker: async () => null,
    reserveFor: async () => false,
    checkpointRoom: async () => null,
    recordUsage: async () => undefined,
    hearOfBudget: async () => undefined,
    closeViewersOf: async () => undefined,
  };
}
