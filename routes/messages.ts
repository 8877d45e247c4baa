/** A session's messages: what people and keys asked for, in order. */
import { isPortError } from "../src/core/kernel/port-error.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import { hashOfMessage } from "../src/app/message-hash.ts";
import { modelUserOf } from "../src/app/providers.ts";
import { sha256 } from "../src/app/sha256.ts";
import { limitPrompt } from "./errors.ts";
import { authorOf } from "./auth.ts";
import { json, PageQuery, pageResponse, positionOf } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";
import { openHandle, unwrap } from "./session-access.ts";
import { providersOfModel } from "./session-models.ts";

export const messages = createSubApp();

route(
  messages,
  {
    method: "post",
    audit: "refusals",
    path: "/v1/sessions/:sessionId/messages",
    policy: "principal",
    scope: "sessions:write",
    tag: "Sessions",
    summary: "Send a message",
    description:
      "It joins the session's queue and is answered in order, one at a time. Sending wakes a hibernated session. With `delivery: steer` it is for the turn that runs now: the agent's next model request has it, or the event `message.steer-deferred` says within a second that it may not.",
    body: SCHEMAS.SendMessage,
    idempotency: "session",
    success: { status: 201, schema: SCHEMAS.Message },
  },
  async ({ services, principal, param, body, idempotency }) => {
    limitPrompt(body.text, "/text");
    const handle = await openHandle(services, principal, param("sessionId"));
    const providers = await providersOfModel(services, modelUserOf(principal), body.model);
    const bodyHash = await hashOfMessage(body, sha256);
    const options = { ...(idempotency === null ? {} : { idempotency: { ...idempotency, bodyHash } }), ...(providers === undefined ? {} : { providers }) };
    return json(unwrap(await handle.send(body, authorOf(principal), options)), 201);
  },
);

route(
  messages,
  {
    method: "get",
    path: "/v1/sessions/:sessionId/messages",
    policy: "principal",
    scope: "sessions:read",
    tag: "Sessions",
    summary: "List a session's messages",
    description: "Oldest first.",
    query: PageQuery,
    success: { status: 200, schema: pageOf("Message", SCHEMAS.Message) },
  },
  async ({ services, principal, param, query, url }) => {
    const position = positionOf("messages", query);
    const handle = await openHandle(services, principal, param("sessionId"));
    const page = await handle.messages(position, authorOf(principal)).catch(unknownPosition);
    return pageResponse(url, "messages", page.messages, page.next);
  },
);

route(
  messages,
  {
    method: "delete",
    audit: "refusals",
    path: "/v1/sessions/:sessionId/messages/:messageId",
    policy: "principal",
    scope: "sessions:write",
    tag: "Sessions",
    summary: "Cancel a queued message",
    description: "A message that is running or over is refused with `conflict`.",
    success: { status: 200, schema: SCHEMAS.Message },
  },
  async ({ services, principal, param }) => {
    const handle = await openHandle(services, principal, param("sessionId"));
    return json(unwrap(await handle.cancel(param("messageId"), authorOf(principal))));
  },
);

route(
  messages,
  {
    method: "patch",
    audit: "refusals",
    path: "/v1/sessions/:sessionId/messages/:messageId",
    policy: "principal",
    scope: "sessions:write",
    tag: "Sessions",
    summary: "Move a queued message",
    description: "It goes before the message named, or last. One that is running or over is refused with `conflict`.",
    body: SCHEMAS.MoveMessage,
    success: { status: 200, schema: SCHEMAS.Message },
  },
  async ({ services, principal, param, body }) => {
    const handle = await openHandle(services, principal, param("sessionId"));
    return json(unwrap(await handle.move(param("messageId"), body.before, authorOf(principal))));
  },
);

/** A cursor of this kind of list, but of another session's. */
function unknownPosition(error: unknown): never {
  if (isPortError(error) && error.code === "not-found") return refuse("bad-cursor", "The cursor was not made by this session's list. Use the `next` of its last page, or leave it out.");
  throw error;
}
