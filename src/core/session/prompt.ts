/** A new message, and what else makes a session go on. */
import { LIMITS } from "@berth/protocol";
import { refuse, type Draft } from "./draft.ts";
import { settleInterrupted } from "./interrupted.ts";
import { whyNotJoin, whyNotOn } from "./own-model.ts";
import { advance, enqueueMessage, knownMessages } from "./queue.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputAuthor, InputOf } from "./session.inputs.ts";
import { useProviders } from "./settings.ts";
import { startSandbox } from "./start.ts";

export function promptReceived(draft: Draft, input: InputOf<"prompt-received">): Refusal | null {
  const { queue } = draft.state;
  const { messageId, runId } = input.prompt;
  const known = knownMessages(draft.state);
  if (known.some((message) => message.messageId === messageId || message.runId === runId)) {
    return refuse("conflict", `Message ${messageId} is in the session already.`);
  }
  if (queue.length >= LIMITS.queuedMessagesMax) {
    return refuse("queue-full", `${queue.length} messages are waiting; the limit is ${LIMITS.queuedMessagesMax}.`, {
      fix: "Wait for a message to finish, or cancel one.",
    });
  }
  if (input.providers) useProviders(draft, input.providers, input.author);
  const { run, model } = draft.state;
  const { actor } = input.author;
  const joined = run !== null && input.prompt.delivery === "steer" ? whyNotJoin(draft.state, run.model, actor) : null;
  const barred = joined ?? whyNotOn(draft.state, input.prompt.model ?? model, actor);
  if (barred) return barred;
  enqueueMessage(draft, input.prompt, input.author);
  goOn(draft, input.author);
  return null;
}

/**
 * A person wants it to go on: what was failed, hibernated or interrupted starts again with the next in the queue, and
 * nothing runs again. A question that an interrupted agent had asked still waits for its answer.
 */
export function goOn(draft: Draft, author: InputAuthor): void {
  const { status, waitingFor } = draft.state;
  if (status === "failed" || waitingFor === "interrupted") settleInterrupted(draft, "skip", author);
  if (status === "failed" || status === "hibernated") return startSandbox(draft);
  advance(draft);
}
