/** The inside of a session's sandbox: a ticket for who may act in the session, and what it opens. */
import type { ListeningPorts, Problem } from "@berth/protocol";
import { z } from "zod";
import { portsRequest, terminalRequest, TerminalPlace } from "../src/app/http/workspace-request.ts";
import { noSuchSession, ProblemError, refuse } from "../src/app/http/problem-error.ts";
import { isSessionId } from "../src/app/http/session-id.ts";
import { parseTicket } from "../src/app/http/ticket.ts";
import { PROBLEM_HEADER } from "../src/app/workspace/file-transfer.ts";
import { authorOf, isUpgrade } from "./auth.ts";
import { json } from "./paging.ts";
import { previewAddress } from "./preview.ts";
import { createSubApp, route } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";
import { openHandle, unwrap } from "./session-access.ts";
import { socketUrl } from "./socket-url.ts";

export const workspace = createSubApp();

const common = { method: "get", tag: "Workspace" } as const;

route(
  workspace,
  {
    ...common,
    method: "post",
    path: "/v1/sessions/:sessionId/workspace-ticket",
    policy: "principal",
    scope: "sessions:write",
    // Opening the sandbox itself is a deed that its log of messages says nothing of.
    audit: "all",
    summary: "Get a ticket for the inside of the session's sandbox",
    description:
      "It opens one WebSocket at `url`, or one preview of a port, once, within 30 seconds, for who may act in the session and while there is a sandbox. From then on the session counts as worked in by whoever opened it: what is a person's own is used for them alone. Whoever may not act in the session any more is sent away within a minute. For a port `url` is whole: a browser that visits it gets a cookie for that origin alone, and sees there what is served in the sandbox.",
    body: SCHEMAS.WorkspaceTicketRequest,
    idempotency: "natural",
    success: { status: 201, schema: SCHEMAS.WorkspaceTicket },
  },
  async ({ services, principal, param, url, request, body }) => {
    const sessionId = param("sessionId");
    const handle = await openHandle(services, principal, sessionId);
    const use = body.what === "port" ? ({ use: "port", port: body.port } as const) : ({ use: "terminal" } as const);
    const { ticket, expiresAt } = unwrap(await handle.workspace({ do: "ticket", ...use }, authorOf(principal)));
    const address = body.what === "port" ? previewAddress(services, url, { port: body.port, sessionId }, ticket) : socketUrl(services.publicUrl, request, url, `/v1/sessions/${sessionId}/terminal`);
    return json({ ticket, url: address, expiresAt }, 201);
  },
);

route(
  workspace,
  {
    ...common,
    path: "/v1/sessions/:sessionId/ports",
    policy: "principal",
    scope: "sessions:write",
    summary: "List what listens in the session's sandbox",
    description: "What a preview can show: ports on which programs of the sandbox listen for itself. Answers `conflict` while there is no sandbox.",
    success: { status: 200, schema: SCHEMAS.ListeningPorts },
  },
  async ({ services, principal, param }) => {
    const sessionId = param("sessionId");
    await openHandle(services, principal, sessionId);
    const { orgId } = principal;
    const answer = await services.workspaces.of(orgId, sessionId).fetch(portsRequest({ orgId, sessionId }, authorOf(principal)));
    if (answer.headers.get(PROBLEM_HEADER) !== null) throw new ProblemError((await answer.json()) as Problem);
    return json((await answer.json()) as ListeningPorts);
  },
);

route(
  workspace,
  {
    ...common,
    path: "/v1/sessions/:sessionId/terminal",
    policy: "workspace-ticket",
    scope: null,
    summary: "A shell in the session's sandbox over WebSocket",
    description:
      "Binary messages are what is typed and what is shown. Text messages are JSON: `TerminalClientFrame` from the page, which acknowledges what it has shown, and `TerminalServerFrame` from the server. A shell outlives its sockets: the same `name` finds it again, with what it showed last. One socket at a time has it; the newest takes it over.",
    query: z.object({
      ticket: z.string().describe("from `workspace-ticket`"),
      name: TerminalPlace.shape.name.describe("of the shell; it is made where there is none"),
      cols: TerminalPlace.shape.cols,
      rows: TerminalPlace.shape.rows,
    }),
    success: { status: 101, description: "The socket is open" },
  },
  ({ request, services, query, param }) => {
    if (!isUpgrade(request)) refuse("bad-request", "This address takes a WebSocket upgrade.");
    const sessionId = param("sessionId");
    const parsed = parseTicket(query.ticket, "wkt");
    if (parsed === null) refuse("unauthenticated", "That is no ticket of this instance.");
    if (!isSessionId(sessionId)) noSuchSession();
    // The session itself takes the ticket, once, and refuses what it did not issue.
    return services.workspaces.of(parsed.orgId, sessionId).fetch(terminalRequest({ orgId: parsed.orgId, sessionId }, query, request));
  },
);
