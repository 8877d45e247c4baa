/** What a viewer says over its socket: acknowledgements, and the same actions as over REST, each answered by its request id. */
import { CLOSE_CODES, ClientFrame, makeProblem, type ClientActionType, type Scope, type ServerFrame } from "@berth/protocol";
import { scopesOfRole } from "../../core/access/scopes.ts";
import { hashOfMessage } from "../message-hash.ts";
import type { Author, Result } from "../session-handle.ts";
import type { SessionActor } from "./session-actor.ts";
import type { SessionService } from "./session-service.ts";
import { authorOfViewer, type ViewerAttachment } from "./viewer.ts";

/** What each action over a socket needs, in the words of the routes that do the same. The gate reads this table. */
export const SOCKET_POLICIES: Readonly<Record<ClientActionType, Scope>> = {
  ack: "sessions:read",
  prompt: "sessions:write",
  cancel: "sessions:write",
  stop: "sessions:write",
  answer: "sessions:write",
};

export interface ViewerConnection {
  readonly attachment: ViewerAttachment;
  close(code: number, reason: string): void;
}

export async function onViewerMessage(
  actor: SessionActor,
  service: SessionService,
  viewer: ViewerConnection,
  text: string,
  hash: (text: string) => Promise<string>,
): Promise<void> {
  // The commonest by far, and nothing in it to judge but its number.
  const ack = /^\{"type":"ack","frame":([1-9][0-9]{0,14})\}$/.exec(text);
  if (ack) return actor.hub.acked(viewer.attachment.id, Number(ack[1]));
  const parsed = ClientFrame.safeParse(parseJson(text));
  const { id } = viewer.attachment;
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    viewer.close(CLOSE_CODES.badRequest, `frame not understood: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`.slice(0, 120));
    return;
  }
  const frame = parsed.data;
  if (frame.type === "ack") return actor.hub.acked(id, frame.frame);
  const { requestId } = frame;
  const { allowed, policy, resetS } = actor.hub.countAction(viewer.attachment);
  if (!allowed) {
    const problem = makeProblem("rate-limited", `More than ${policy.limit} actions in ${policy.windowS} s came over the sockets of this key or sign-in.`, { fix: `Try again in ${resetS} s.` });
    return actor.hub.control(id, { type: "problem", requestId, problem });
  }
  // As it is now: a role that was lowered meanwhile is lowered here too.
  const current = await actor.hub.confirmed(id);
  if (current === null) return;
  if (current === "unknown") {
    const problem = makeProblem("unavailable", "Who you are cannot be asked right now. Try again in a moment.");
    return actor.hub.control(id, { type: "problem", requestId, problem });
  }
  const { role, scopes = scopesOfRole(role) } = current;
  if (!scopes.includes(SOCKET_POLICIES[frame.type])) {
    const problem = makeProblem("forbidden", `This needs the scope ${SOCKET_POLICIES[frame.type]}, which the role or the key of this socket does not have.`);
    return actor.hub.control(id, { type: "problem", requestId, problem });
  }
  const author = authorOfViewer(current);
  const result = await perform(service, frame, author, hash).catch((error: unknown) => {
    // The viewer waits for an answer; the platform's log gets the error itself.
    actor.hub.control(id, { type: "problem", requestId, problem: makeProblem("internal", "Something broke on our side. Whether it was done is not known here.") });
    throw error;
  });
  const answer: ServerFrame = result.ok
    ? { type: "result", requestId, value: result.value }
    : { type: "problem", requestId, problem: result.problem };
  actor.hub.control(id, answer);
}

async function perform(
  service: SessionService,
  frame: Exclude<ClientFrame, { type: "ack" }>,
  author: Author,
  hash: (text: string) => Promise<string>,
): Promise<Result<unknown>> {
  switch (frame.type) {
    case "prompt": {
      const { text, model, delivery } = frame;
      const input = { text, ...(model === undefined ? {} : { model }), ...(delivery === undefined ? {} : { delivery }) };
      const { idempotencyKey: key } = frame;
      return service.send(input, author, key === undefined ? {} : { idempotency: { key, bodyHash: await hashOfMessage(input, hash) } });
    }
    case "cancel":
      return service.cancel(frame.messageId, author);
    case "stop":
      return service.stop(author);
    case "answer":
      return service.answer(frame.request, frame.answer, author);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
