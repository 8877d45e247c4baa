/** A session's event log: a page as JSON, or replay and then live as server-sent events, by `Accept`. */
import { LIMITS } from "@berth/protocol";
import { z } from "zod";
import { parseSeq } from "../src/app/http/cursor.ts";
import { noSuchSession, ProblemError, refuse } from "../src/app/http/problem-error.ts";
import { streamFromSocket, type FrameSocket } from "../src/app/http/sse.ts";
import { viewerRequest } from "../src/app/http/viewer-request.ts";
import type { SessionHandle } from "../src/app/session-handle.ts";
import { authorOf } from "./auth.ts";
import { limit, listResponse } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";
import { handleOf, openHandle } from "./session-access.ts";

export const events = createSubApp();

route(
  events,
  {
    method: "get",
    path: "/v1/sessions/:sessionId/events",
    policy: "principal",
    scope: "sessions:read",
    tag: "Events",
    summary: "Read or follow a session's events",
    description: [
      "With `Accept: application/json`: a page of committed events after `after`, oldest first.",
      "With `Accept: text/event-stream`: everything after `Last-Event-ID` (or `after`), then `event: synced` once, then live.",
      "Committed events carry `id: <seq>`; text of parts that are still open comes as `event: delta` without an id.",
      "`event: reset` says that older events are not held here any more: read them as JSON from `archive`, and connect again from its id.",
      "A JSON page may hold fewer events than asked for; `next` is null only at the end of the log.",
    ].join("\n"),
    query: z.object({ after: z.string().optional().describe("`seq` after which to begin; 0 when absent"), limit }),
    success: { status: 200, schema: SCHEMAS.EventPage },
  },
  async ({ request, services, principal, query, param, url }) => {
    if (wantsStream(request)) {
      const after = parseSeq(request.headers.get("last-event-id") ?? query.after ?? "0");
      const handle = await openHandle(services, principal, param("sessionId"));
      const upgrade = viewerRequest({ after, author: authorOf(principal) });
      return eventStream(handle, upgrade, request.signal);
    }
    const after = parseSeq(query.after ?? "0");
    const size = query.limit ?? LIMITS.pageSizeDefault;
    const page = await handleOf(services, principal, param("sessionId")).events(after, size, authorOf(principal));
    // A session begins with `session.created`, so one without events was never opened.
    if (page.lastSeq === 0) noSuchSession();
    if (page.problem !== undefined) throw new ProblemError(page.problem, page.problem.status === 503 ? { "retry-after": "1" } : {});
    const last = page.events.at(-1)?.seq ?? after;
    const next = last < page.lastSeq && page.events.length > 0 ? String(last) : null;
    const { firstSeq, lastSeq } = page;
    const body = { data: page.events, next, firstSeq, lastSeq };
    return listResponse(url, body, "after");
  },
);

function wantsStream(request: Request): boolean {
  return /\btext\/event-stream\b/i.test(request.headers.get("accept") ?? "");
}

/** What an upgrade answers on workerd. */
type Upgraded = Response & { readonly webSocket?: (FrameSocket & { accept(): void }) | null };

async function eventStream(handle: SessionHandle, upgrade: Request, signal: AbortSignal): Promise<Response> {
  const answer: Upgraded = await handle.fetch(upgrade);
  const socket = answer.webSocket;
  if (answer.status !== 101 || !socket) return refuse("upstream-failed", "The session did not open its stream. Try again in a moment.");
  const body = streamFromSocket(socket, signal);
  socket.accept();
  return new Response(body, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}
