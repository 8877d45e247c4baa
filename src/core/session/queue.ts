/** The queue: first in, first out, one message running at a time. */
import { isAlive } from "../sandbox/lease.ts";
import { behind } from "./counted-for.ts";
import { emit, moveMessage, patch, refuse, touch, upsertMessage, type Draft } from "./draft.ts";
import { isForAnother, saveForAnother } from "./own-secrets.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputAuthor, InputOf, NewPrompt } from "./session.inputs.ts";
import type { QueuedMessage, SessionState } from "./session.state.ts";
import { startSandbox } from "./start.ts";
import { deferred, sendSteer, steerHindrance } from "./steering.ts";
import { dispatch } from "./turn.ts";

/** Messages that are not over: the running one, those given to its turn, and the waiting ones. */
export function knownMessages({ current, steering, queue }: SessionState): readonly QueuedMessage[] {
  return [...(current === null ? [] : [current]), ...steering.map(({ message }) => message), ...queue];
}

export function enqueueMessage(draft: Draft, prompt: NewPrompt, author: InputAuthor): void {
  const { actor, apiKeyId } = author;
  const { queue, current, model } = draft.state;
  const message: QueuedMessage = {
    messageId: prompt.messageId,
    runId: prompt.runId,
    text: prompt.text,
    model: prompt.model ?? model,
    author: actor,
    apiKeyId,
    userId: behind(author),
    createdAtMs: draft.nowMs,
    delivery: prompt.delivery ?? "queue",
    order: draft.state.revision,
    followUp: null,
  };
  touch(draft);
  const steers = message.delivery === "steer" ? { delivery: message.delivery } : {};
  emit(draft, {
    type: "message.queued",
    data: { text: message.text, model: message.model, position: queue.length + (current === null ? 0 : 1), ...steers },
    messageId: message.messageId,
    runId: message.runId,
    actor,
  });
  draft.reply = upsertMessage(draft, message, "queued");
  if (message.delivery === "steer") {
    const hindrance = steerHindrance(draft, message);
    if (hindrance === null) return sendSteer(draft, message);
    // An idle session gives it to the agent at once, as the next turn.
    if (draft.state.status !== "idle" || draft.state.lease?.linkId == null) deferred(draft, { message }, hindrance);
  }
  patch(draft, { queue: [...draft.state.queue, message] });
}

export function messageMoved(draft: Draft, { messageId, before, author }: InputOf<"message-moved">): Refusal | null {
  const { queue, current } = draft.state;
  const message = queue.find((queued) => queued.messageId === messageId);
  if (!message) return notWaiting(draft.state, messageId);
  if (before === messageId) return null;
  const others = queue.filter((queued) => queued !== message);
  const at = before === null ? others.length : others.findIndex((queued) => queued.messageId === before);
  if (at < 0) {
    return refuse("invalid-field", `No message with the id ${before} is waiting, so none can go before it.`, {
      fix: "Name a waiting message, or null for the queue's end.",
      pointer: "/before",
    });
  }
  if (queue.indexOf(message) === at) return null;
  patch(draft, { queue: others.toSpliced(at, 0, message) });
  touch(draft);
  emit(draft, { type: "message.moved", data: { position: at + (current === null ? 0 : 1) }, messageId, actor: author.actor });
  draft.reply = upsertMessage(draft, message, "queued");
  return null;
}

function notWaiting(state: SessionState, messageId: string): Refusal {
  if (!knownMessages(state).some((message) => message.messageId === messageId)) {
    return refuse("not-found", `No message with the id ${messageId} is waiting.`);
  }
  return refuse("conflict", `Message ${messageId} is being worked on.`, { fix: "Stop the session's turn instead." });
}

export function messageCancelled(draft: Draft, { messageId, author }: InputOf<"message-cancelled">): Refusal | null {
  const { queue } = draft.state;
  const message = queue.find((queued) => queued.messageId === messageId);
  if (!message) return notWaiting(draft.state, messageId);
  patch(draft, { queue: queue.filter((queued) => queued !== message) });
  touch(draft);
  draft.reply = moveMessage(draft, message, "cancelled", { actor: author.actor });
  return null;
}

/** Gives the next message to the sandbox when the session is idle; gets a sandbox first where there is none to take it. */
export function advance(draft: Draft): void {
  const { status, queue, lease, demoOnly, pause } = draft.state;
  if (status !== "idle" || queue.length === 0) return;
  if (pause !== null) return patch(draft, { status: "waiting", waitingFor: "budget" });
  // A sandbox that was asked for with only the demo model in mind may be kept apart by nothing.
  const unfit = lease !== null && lease.demoOnly && !demoOnly;
  const [next] = queue;
  if (!isAlive(lease) || unfit) startSandbox(draft);
  else if (lease.linkId === null || next === undefined) return;
  else if (isForAnother(draft.state, next.author)) saveForAnother(draft);
  else dispatch(draft);
}
