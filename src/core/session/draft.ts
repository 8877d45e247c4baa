/** The step in the making. Handlers replace `state` and add to the lists; nothing of it is seen if the input is refused. */
import type { Actor, Failure, Message, MessageStatus, NewEvent, ProblemType } from "@berth/protocol";
import type { Effect, OutboxItem, Refusal } from "./session.effects.ts";
import type { SessionInput } from "./session.inputs.ts";
import type { DeadlineKind, Deadlines, QueuedMessage, SessionState } from "./session.state.ts";
import { messageResource } from "./session.view.ts";

export interface Draft {
  readonly nowMs: number;
  /** Text so far of open parts, for ending them. */
  readonly openPartTexts: Readonly<Record<string, string>>;
  state: SessionState;
  reply: Message | null;
  readonly events: NewEvent[];
  readonly effects: Effect[];
  readonly outbox: OutboxItem[];
  readonly messages: Map<string, Message>;
}

export function createDraft(state: SessionState, input: SessionInput): Draft {
  const openPartTexts = ("openPartTexts" in input ? input.openPartTexts : undefined) ?? {};
  return { nowMs: input.nowMs, openPartTexts, state, reply: null, events: [], effects: [], outbox: [], messages: new Map() };
}

export const SYSTEM: Actor = { kind: "system", id: "berth" };
export const AGENT: Actor = { kind: "agent", id: "agent" };

export function patch(draft: Draft, change: Partial<SessionState>): void {
  draft.state = { ...draft.state, ...change };
}

export function emit(draft: Draft, event: NewEvent): void {
  draft.events.push(event);
}

export function effect(draft: Draft, wanted: Effect): void {
  draft.effects.push(wanted);
}

export function refuse(problem: ProblemType, detail: string, extra: Pick<Refusal, "fix" | "pointer" | "closeCode"> = {}): Refusal {
  return { problem, detail, ...extra };
}

export function setDeadline(draft: Draft, kind: DeadlineKind, afterMs: number): void {
  patch(draft, { deadlines: { ...draft.state.deadlines, [kind]: draft.nowMs + afterMs } });
}

export function clearDeadlines(draft: Draft, ...kinds: readonly DeadlineKind[]): void {
  const deadlines = { ...draft.state.deadlines };
  for (const kind of kinds) delete deadlines[kind];
  patch(draft, { deadlines });
}

/** A person did something, or a run ended: the session counts as in use. */
export function touch(draft: Draft): void {
  patch(draft, { lastActiveAtMs: Math.max(draft.state.lastActiveAtMs, draft.nowMs) });
}

export function upsertMessage(draft: Draft, message: QueuedMessage, status: MessageStatus): Message {
  const resource = messageResource(message, status);
  draft.messages.set(message.messageId, resource);
  return resource;
}

/** A message moved on: the event, and its row. */
export function moveMessage(
  draft: Draft,
  message: QueuedMessage,
  status: MessageStatus,
  extra: { readonly failure?: Failure; readonly actor?: Actor } = {},
): Message {
  emit(draft, {
    type: "message.status",
    data: { status, ...(extra.failure ? { failure: extra.failure } : {}) },
    messageId: message.messageId,
    ...(status === "cancelled" ? {} : { runId: message.runId }),
    ...(extra.actor ? { actor: extra.actor } : {}),
  });
  return upsertMessage(draft, message, status);
}

/** Stops the session where a person must act. The queue stays, and so does the watch over what is still to be stopped. */
export function failSession(draft: Draft, failure: Failure): void {
  patch(draft, { status: "failed", waitingFor: null, failure, start: null, pause: null, deadlines: onlyRelease(draft) });
}

export function onlyRelease(draft: Draft): Deadlines {
  const { release } = draft.state.deadlines;
  return release === undefined ? {} : { release };
}
