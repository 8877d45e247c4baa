/** The inside of a session's sandbox, as routes reach it: one object per session, which holds the tunnel and who uses it. */
import { CLOSE_CODES, makeProblem } from "@berth/protocol";
import { refused } from "./file-transfer.ts";

export interface WorkspaceHandle {
  /** `/tunnel` with the sandbox's token, `/terminal` with a ticket, `/files` with the author, `/preview` with a pass: what `workspace-request.ts` makes. */
  fetch(request: Request): Promise<Response>;
}

export interface WorkspaceDirectory {
  /** Does no I/O; the id is `${orgId}:${sessionId}`. */
  of(orgId: string, sessionId: string): WorkspaceHandle;
}

/** What answers where no session can be, as a session that never was opened answers. @param refuseUpgrade accepts a socket and closes it */
export function createAbsentWorkspace(refuseUpgrade: (code: number, reason: string) => Response): WorkspaceHandle {
  return {
    fetch: async ({ url }) => {
      // A preview's requests are answered in words, sockets included.
      if (new URL(url).pathname.startsWith("/preview")) return refused(makeProblem("unauthenticated", "This preview is not open any more.", { fix: "Open it again from the session." }));
      return refuseUpgrade(CLOSE_CODES.unauthorized, "the ticket is unknown, used or expired");
    },
  };
}
