/** `WS /v1/sessions/:id/stream`: checks who asks and hands the upgrade to the session. */
import { z } from "zod";
import { parseSeq } from "../src/app/http/cursor.ts";
import { noSuchSession, refuse, ProblemError } from "../src/app/http/problem-error.ts";
import { isSessionId } from "../src/app/http/session-id.ts";
import { parseTicket } from "../src/app/http/ticket.ts";
import { ticketRequest, viewerRequest } from "../src/app/http/viewer-request.ts";
import { makeProblem } from "@berth/protocol";
import { authorOf, isUpgrade } from "./auth.ts";
import { createSubApp, route } from "./route.ts";
import { openHandle } from "./session-access.ts";

export const stream = createSubApp();

route(
  stream,
  {
    method: "get",
    path: "/v1/sessions/:sessionId/stream",
    policy: "ticket-or-principal",
    scope: "sessions:read",
    tag: "Events",
    summary: "Follow a session over WebSocket",
    description: "Frames are described under the tag Events, as `ServerFrame` and `ClientFrame`.",
    query: z.object({
      after: z.string().optional().describe("`seq` after which to begin; 0 when absent"),
      frames: z.enum(["short"]).optional().describe("`short`: a tick that only goes on with the last text comes as `more`"),
      ticket: z.string().optional().describe("from `stream-ticket`; instead of a key or cookie"),
    }),
    success: { status: 101, description: "The socket is open" },
  },
  async ({ request, services, principal, query, param }) => {
    if (!isUpgrade(request)) refuse("bad-request", "This address takes a WebSocket upgrade; use `…/events` for JSON or server-sent events.");
    const after = parseSeq(query.after ?? "0");
    const sessionId = param("sessionId");
    if (principal !== null) {
      const handle = await openHandle(services, principal, sessionId);
      return handle.fetch(viewerRequest({ after, author: authorOf(principal), short: query.frames === "short" }, request));
    }
    const ticket = query.ticket ?? "";
    const parsed = parseTicket(ticket);
    if (parsed === null) throw new ProblemError(makeProblem("unauthenticated", "That is no ticket of this instance."));
    if (!isSessionId(sessionId)) noSuchSession();
    // The session itself takes the ticket, once, and refuses what it did not issue.
    return services.sessions.of(parsed.orgId, sessionId).fetch(ticketRequest(after, ticket, query.frames === "short", request));
  },
);
