/** What a viewer says over its socket: acknowledgements, and the same actions as over REST, each answered by its request id. */
import { CLOSE_CODES, ClientFrame, makeProblem, type ClientActionType, type ServerFrame } from "@berth/protocol";
import { hashOfMessage } from "../message-hash.ts";
import type { Author, Result } from "../session-handle.ts";
import type { SessionActor } from "./session-actor.ts";
import type { SessionService } from "./session-service.ts";
import type { ViewerAttachment } from "./viewer.ts";

/** Who may do what over a socket. A viewer-role member watches; everybody else acts. The gate reads this table. */
export const SOCKET_POLICIES: Readonly<Record<ClientActionType, "viewer" | "member">> = {
  ack: "viewer",
  prompt: "member",
  cancel: "member",
  stop: "member",
  answer: "member",
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
  const { id, apiKeyId, actor: who, role } = viewer.attachment;
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    viewer.close(CLOSE_CODES.badRequest, `frame not understood: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`.slice(0, 120));
    return;
  }
  const frame = parsed.data;
  if (frame.type === "ack") return actor.hub.acked(id, frame.frame);
  const { requestId } = frame;
  if (SOCKET_POLICIES[frame.type] === "member" && role === "viewer") {
    const problem = makeProblem("forbidden", "Your role in this organization is viewer, which may watch and not act.");
    return actor.hub.control(id, { type: "problem", requestId, problem });
  }
  const author: Author = { actor: who, apiKeyId, role };
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
