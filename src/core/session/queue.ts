/** The queue: first in, first out, one message running at a time. */
import { LIMITS } from "@berth/protocol";
import { isAlive } from "../sandbox/lease.ts";
import { emit, moveMessage, patch, refuse, touch, upsertMessage, type Draft } from "./draft.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputAuthor, InputOf, NewPrompt } from "./session.inputs.ts";
import type { QueuedMessage } from "./session.state.ts";
import { useProviders } from "./settings.ts";
import { startSandbox } from "./start.ts";
import { dispatch } from "./turn.ts";

export function promptReceived(draft: Draft, input: InputOf<"prompt-received">): Refusal | null {
  const { queue, current } = draft.state;
  const { messageId, runId } = input.prompt;
  const known = current === null ? queue : [current, ...queue];
  if (known.some((message) => message.messageId === messageId || message.runId === runId)) {
    return refuse("conflict", `Message ${messageId} is in the session already.`);
  }
  if (queue.length >= LIMITS.queuedMessagesMax) {
    return refuse("queue-full", `${queue.length} messages are waiting; the limit is ${LIMITS.queuedMessagesMax}.`, {
      fix: "Wait for a message to finish, or cancel one.",
    });
  }
  if (input.providers) useProviders(draft, input.providers);
  enqueueMessage(draft, input.prompt, input.author);
  goOn(draft);
  return null;
}

export function enqueueMessage(draft: Draft, prompt: NewPrompt, { actor, apiKeyId }: InputAuthor): void {
  const { queue, current, model } = draft.state;
  const message: QueuedMessage = {
    messageId: prompt.messageId,
    runId: prompt.runId,
    text: prompt.text,
    model: prompt.model ?? model,
    author: actor,
    apiKeyId,
    createdAtMs: draft.nowMs,
  };
  patch(draft, { queue: [...queue, message] });
  touch(draft);
  emit(draft, {
    type: "message.queued",
    data: { text: message.text, model: message.model, position: queue.length + (current === null ? 0 : 1) },
    messageId: message.messageId,
    runId: message.runId,
    actor,
  });
  draft.reply = upsertMessage(draft, message, "queued");
}

export function messageCancelled(draft: Draft, { messageId, author }: InputOf<"message-cancelled">): Refusal | null {
  const { queue, current } = draft.state;
  const message = queue.find((queued) => queued.messageId === messageId);
  if (!message) {
    if (current?.messageId !== messageId) return refuse("not-found", `No message with the id ${messageId} is waiting.`);
    return refuse("conflict", `Message ${messageId} is being worked on.`, { fix: "Stop the session's turn instead." });
  }
  patch(draft, { queue: queue.filter((queued) => queued !== message) });
  touch(draft);
  draft.reply = moveMessage(draft, message, "cancelled", { actor: author.actor });
  return null;
}

/** A person wants it to go on: what was failed or interrupted starts again with the next in the queue, nothing runs again. */
export function goOn(draft: Draft): void {
  const { status, waitingFor } = draft.state;
  if (status === "failed") return startSandbox(draft);
  if (waitingFor === "interrupted") patch(draft, { status: "idle", waitingFor: null });
  advance(draft);
}

/** Gives the next message to the sandbox when the session is idle; gets a sandbox first where there is none to take it. */
export function advance(draft: Draft): void {
  const { status, queue, lease, demoOnly } = draft.state;
  if (status !== "idle" || queue.length === 0) return;
  // A sandbox that was asked for with only the demo model in mind may be kept apart by nothing.
  const unfit = lease !== null && lease.demoOnly && !demoOnly;
  if (!isAlive(lease) || unfit) startSandbox(draft);
  else if (lease.linkId !== null) dispatch(draft);
}
