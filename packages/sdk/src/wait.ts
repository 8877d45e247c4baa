/** Waiting for a message to be over. Never waits for something that can no longer happen. */
import type { Failure, Message, MessageStatus, SessionEvent, SessionStatus } from "@berth/protocol";
import { BerthError, clientError } from "./errors.ts";
import type { SessionClient } from "./session.ts";

export interface WaitOptions {
  /** Default: the newest message. */
  readonly messageId?: string;
  readonly signal?: AbortSignal;
}

export interface WaitResult {
  readonly messageId: string;
  readonly status: Extract<MessageStatus, "completed" | "failed" | "stopped" | "interrupted" | "cancelled">;
  readonly failure?: Failure;
}

const OVER: readonly MessageStatus[] = ["completed", "failed", "stopped", "interrupted", "cancelled"];
const SESSION_OVER: readonly SessionStatus[] = ["failed", "ended"];

export async function waitForMessage(session: SessionClient, options: WaitOptions): Promise<WaitResult> {
  const signal = options.signal ? { signal: options.signal } : {};
  // The session first: what the message becomes after this reading has a greater `seq`, so nothing falls between.
  const { lastSeq, status, failure } = await session.get(signal);
  const message = await findMessage(session, options.messageId, signal);
  // The log says why a message failed; the list of messages does not.
  if (isOver(message.status)) return await findResult(session.events({ live: false, ...signal }), message.id);
  if (SESSION_OVER.includes(status)) throw sessionOver(status, failure);
  for await (const event of session.events({ after: lastSeq, ...signal })) {
    const result = readResult(event, message.id);
    if (result) return result;
    if (event.type === "session.status" && SESSION_OVER.includes(event.data.status)) {
      throw sessionOver(event.data.status, event.data.failure);
    }
  }
  if (!options.signal?.aborted) throw sessionOver("ended", undefined);
  throw clientError("aborted", "Waiting was aborted", options.signal?.reason);
}

async function findMessage(session: SessionClient, id: string | undefined, signal: { signal?: AbortSignal }): Promise<Message> {
  let newest: Message | undefined;
  for await (const message of session.messages({ limit: 500, ...signal })) {
    if (message.id === id) return message;
    newest = message;
  }
  if (id === undefined && newest) return newest;
  throw new BerthError({
    code: "not-found",
    message: id === undefined ? "The session has no message to wait for" : `The session has no message ${id}`,
  });
}

async function findResult(events: AsyncIterable<SessionEvent>, messageId: string): Promise<WaitResult> {
  let found: WaitResult | null = null;
  for await (const event of events) found = readResult(event, messageId) ?? found;
  if (!found) throw clientError("bad-answer", `The log does not say how message ${messageId} ended`);
  return found;
}

function readResult(event: SessionEvent, messageId: string): WaitResult | null {
  if (event.type !== "message.status" || event.messageId !== messageId || !isOver(event.data.status)) return null;
  const { status, failure } = event.data;
  return { messageId, status, ...(failure ? { failure } : {}) };
}

function isOver(status: MessageStatus): status is WaitResult["status"] {
  return OVER.includes(status);
}

function sessionOver(status: SessionStatus, failure: Failure | undefined): BerthError {
  return clientError("session-over", failure?.message ?? `The session is ${status}; the message will not run`);
}
