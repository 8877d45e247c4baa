/** Messages for a turn that is already running. Each is taken by the agent, refused by it, or lost with the sandbox: never run twice. */
import type { EventData, MessageStatus } from "@berth/protocol";
import { clearDeadlines, emit, moveMessage, patch, setDeadline, upsertMessage, type Draft } from "./draft.ts";
import { sendDown } from "./down.ts";
import { isForAnother } from "./own-secrets.ts";
import type { QueuedMessage, Steer } from "./session.state.ts";
import { TIMINGS } from "./session.timings.ts";
import { hear } from "./sole-author.ts";

type Reason = EventData<"message.steer-deferred">["reason"];

/** Why the running turn cannot be given a message now; null when it can. */
export function steerHindrance(draft: Draft, { author }: QueuedMessage): Reason | null {
  const { run, lease } = draft.state;
  if (run === null || !run.accepted || run.stopping !== null) return "not-running";
  if (isForAnother(draft.state, author)) return "own-secrets";
  return lease === null || lease.linkId === null ? "not-linked" : null;
}

export function sendSteer(draft: Draft, message: QueuedMessage): void {
  const { run, steering } = draft.state;
  if (run === null) return;
  const steer: Steer = { message, turnMessageId: run.messageId, runId: run.runId, taken: false, deferred: false };
  patch(draft, { steering: [...steering, steer] });
  // The agent may have it from now on, whatever is heard of that.
  hear(draft, message.author);
  moveMessage(draft, message, "dispatched");
  sendDown(draft, { type: "steer", messageId: run.messageId, steerId: message.messageId });
  if (draft.state.deadlines.steer === undefined) setDeadline(draft, "steer", TIMINGS.steerMs);
}

/** The agent has it: from here on it lives and ends with the turn. */
export function steerTaken(draft: Draft, steerId: string): void {
  const steer = find(draft, steerId);
  const { run } = draft.state;
  if (!steer || steer.taken || run === null) return;
  const taken: Steer = { ...steer, taken: true, turnMessageId: run.messageId, runId: run.runId };
  replace(draft, steer, taken);
  countFor(draft, steer.message);
  moveMessage(draft, inTurn(taken), "running");
}

/** What it makes of the turn from here on is its author's doing. */
function countFor(draft: Draft, { userId }: QueuedMessage): void {
  const { run } = draft.state;
  if (run !== null && userId !== null) patch(draft, { run: { ...run, userId } });
}

/** It joins the queue where it would be if it had come as any other. */
export function steerRefused(draft: Draft, steerId: string): void {
  const steer = find(draft, steerId);
  if (!steer || steer.taken) return;
  if (!steer.deferred) deferred(draft, steer, "refused");
  replace(draft, steer, null);
  const { queue } = draft.state;
  const later = queue.findIndex(({ order }) => order > steer.message.order);
  const at = later < 0 ? queue.length : later;
  patch(draft, { queue: queue.toSpliced(at, 0, steer.message) });
  emit(draft, { type: "message.status", data: { status: "queued" }, messageId: steer.message.messageId, runId: steer.message.runId });
  upsertMessage(draft, steer.message, "queued");
}

/** The second is over: it may still be taken. */
export function steersUnconfirmed(draft: Draft): void {
  for (const steer of draft.state.steering.filter(({ taken, deferred: told }) => !taken && !told)) {
    replace(draft, steer, { ...steer, deferred: true });
    deferred(draft, steer, "unconfirmed");
  }
}

/** A turn ended: what it had taken ended with it. */
export function steersEnded(draft: Draft, turnMessageId: string, outcome: MessageStatus): void {
  for (const steer of draft.state.steering.filter((one) => one.taken && one.turnMessageId === turnMessageId)) {
    replace(draft, steer, null);
    moveMessage(draft, inTurn(steer), outcome);
  }
}

/** The sandbox is gone: whether its agent had them is unknown, so they are not sent to another. */
export function steersLost(draft: Draft): void {
  for (const steer of draft.state.steering) {
    replace(draft, steer, null);
    moveMessage(draft, steer.message, "interrupted");
  }
}

export function deferred(draft: Draft, { message }: Pick<Steer, "message">, reason: Reason): void {
  emit(draft, { type: "message.steer-deferred", data: { reason }, messageId: message.messageId });
}

function inTurn({ message, runId }: Steer): QueuedMessage {
  return { ...message, runId };
}

function find(draft: Draft, steerId: string): Steer | undefined {
  return draft.state.steering.find(({ message }) => message.messageId === steerId);
}

function replace(draft: Draft, old: Steer, next: Steer | null): void {
  const steering = draft.state.steering.flatMap((one) => (one !== old ? [one] : next === null ? [] : [next]));
  patch(draft, { steering });
  if (!steering.some(({ taken, deferred: told }) => !taken && !told)) clearDeadlines(draft, "steer");
}
