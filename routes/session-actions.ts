/** What can be done to a session besides sending it messages: stop, resume, answer, see and apply its work, and open a stream. */
import { authorOf } from "./auth.ts";
import { z } from "zod";
import { json } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import { machineOf } from "../src/app/own-machine.ts";
import { requireFolderRights } from "./checked-workspace.ts";
import { openHandle, unwrap } from "./session-access.ts";
import { socketUrl } from "./socket-url.ts";

export const sessionActions = createSubApp();

const common = { method: "post", policy: "principal", scope: "sessions:write", tag: "Sessions" } as const;

route(
  sessionActions,
  {
    ...common,
    path: "/v1/sessions/:sessionId/stop",
    summary: "Stop the running turn",
    description:
      "`run.stopping` says at once that the agent was asked, `run.ended` that it stopped; one that does not within 15 seconds loses its sandbox. The queue goes on with the next message. Stopping when nothing runs succeeds.",
    idempotency: "stored",
    success: { status: 200, schema: SCHEMAS.Session },
  },
  async ({ services, principal, param }) => {
    const handle = await openHandle(services, principal, param("sessionId"));
    return json(unwrap(await handle.stop(authorOf(principal))));
  },
);

route(
  sessionActions,
  {
    ...common,
    path: "/v1/sessions/:sessionId/resume",
    summary: "Start a failed, hibernated or interrupted session again",
    description:
      "A new sandbox is started with the work as it was saved last; a session that has one is left as it is. `interrupted` says what becomes of a message that was cut off: `skip` it (nothing runs again), `continue` with what is done, or `retry` it from its start.",
    body: SCHEMAS.ResumeSession,
    bodyOptional: true,
    idempotency: "stored",
    success: { status: 200, schema: SCHEMAS.Session },
  },
  async ({ services, principal, param, body }) => {
    const handle = await openHandle(services, principal, param("sessionId"));
    return json(unwrap(await handle.resume(authorOf(principal), body.interrupted)));
  },
);

route(
  sessionActions,
  {
    ...common,
    path: "/v1/sessions/:sessionId/hibernate",
    summary: "Save the work and give the sandbox back",
    description:
      "An idle session does so by itself after 15 minutes. Its status becomes `hibernated` once the work is saved; a message or `resume` brings it back. A session that works or waits for an answer is refused with `conflict`.",
    idempotency: "stored",
    success: { status: 200, schema: SCHEMAS.Session },
  },
  async ({ services, principal, param }) => {
    const handle = await openHandle(services, principal, param("sessionId"));
    return json(unwrap(await handle.hibernate(authorOf(principal))));
  },
);

route(
  sessionActions,
  {
    ...common,
    path: "/v1/sessions/:sessionId/answer",
    summary: "Answer a permission or question",
    body: SCHEMAS.AnswerRequest,
    idempotency: "stored",
    success: { status: 200, schema: z.object({ requestId: z.string() }) },
  },
  async ({ services, principal, param, body }) => {
    const handle = await openHandle(services, principal, param("sessionId"));
    return json(unwrap(await handle.answer(body.requestId, body.answer, authorOf(principal))));
  },
);

route(
  sessionActions,
  {
    ...common,
    path: "/v1/sessions/:sessionId/apply",
    summary: "Write the work to a branch of its folder",
    description: "The folder's checked-out files are not touched. For owners and admins, whose machine the folder is on.",
    body: SCHEMAS.ApplyWork,
    idempotency: "stored",
    success: { status: 200, schema: SCHEMAS.AppliedWork },
  },
  async ({ services, principal, param, body }) => {
    const handle = await openHandle(services, principal, param("sessionId"));
    requireFolderRights(principal);
    if ((await machineOf(services, principal.orgId)) === null) refuse("forbidden", "This Berth does not run on a machine of yours, so it writes to no folder.", { fix: "Push the session's branch, or download its work." });
    return json(unwrap(await handle.applyWork(body, authorOf(principal))));
  },
);

route(
  sessionActions,
  {
    ...common,
    method: "get",
    scope: "sessions:read",
    path: "/v1/sessions/:sessionId/diff",
    summary: "See what the session changed",
    description: "The work folder against the commit that the work began from, with what was not committed. Refused with `conflict` while no sandbox runs.",
    success: { status: 200, schema: SCHEMAS.WorkDiff },
  },
  async ({ services, principal, param }) => {
    const handle = await openHandle(services, principal, param("sessionId"));
    return json(unwrap(await handle.diff(authorOf(principal))));
  },
);

route(
  sessionActions,
  {
    ...common,
    tag: "Events",
    scope: "sessions:read",
    path: "/v1/sessions/:sessionId/stream-ticket",
    audit: "refusals",
    summary: "Get a ticket for the session's stream",
    description: "It opens one WebSocket, once, within 30 seconds: browsers cannot send a key with an upgrade.",
    idempotency: "natural",
    success: { status: 201, schema: SCHEMAS.StreamTicket },
  },
  async ({ services, principal, param, url, request }) => {
    const sessionId = param("sessionId");
    const handle = await openHandle(services, principal, sessionId);
    const { ticket, expiresAt } = unwrap(await handle.issueTicket(authorOf(principal)));
    return json({ ticket, url: socketUrl(services.publicUrl, request, url, `/v1/sessions/${sessionId}/stream`), expiresAt }, 201);
  },
);
