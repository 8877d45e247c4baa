/**
 * The session's state machine: one synchronous, pure function from a state and an input to the next state and what
 * follows from it. A refused input returns the very same state and commits nothing.
 */
import { CLOSE_CODES } from "@berth/protocol";
import { invariant } from "../kernel/assert.ts";
import { isAlive } from "../sandbox/lease.ts";
import { earliestDeadline } from "./deadlines.ts";
import { createDraft, effect, emit, patch, refuse, type Draft } from "./draft.ts";
import { watchSetup } from "./environment.ts";
import { handle } from "./handlers.ts";
import { watchCompute } from "./compute.ts";
import { watchIdle } from "./hibernate.ts";
import { assertInvariants, assertProgress } from "./invariants.ts";
import { newSession } from "./life.ts";
import { watchPause } from "./pause.ts";
import { watchPolicy } from "./policy.ts";
import { retire } from "./release.ts";
import type { NoStep, Refusal, SessionChangePayload, Step } from "./session.effects.ts";
import type { SessionInput } from "./session.inputs.ts";
import type { SessionState } from "./session.state.ts";
import { STATE_BYTES_MAX } from "./session.timings.ts";
import { nextStatuses } from "./session.transitions.ts";

export function step(state: SessionState, input: SessionInput): Step;
export function step(state: SessionState | null, input: SessionInput): Step | NoStep;
export function step(before: SessionState | null, input: SessionInput): Step | NoStep {
  if (before === null && input.type !== "session-opened") return refused(null, refuse("not-found", "There is no such session."));
  const fenced = before === null ? null : fence(before, input);
  if (before !== null && fenced) return stray(before, input) ?? refused(before, fenced);
  const allowed = nextStatuses(before?.status ?? "none", input.type);
  if (allowed === null) return refused(before, outOfPlace(before, input));

  const draft = createDraft(before ?? newSession(input as Extract<SessionInput, { type: "session-opened" }>), input);
  const refusal = handle(draft, input) ?? tooLarge(draft, input);
  if (refusal) return refused(before, refusal);
  conclude(draft, before, input);

  const { state, events, effects, outbox, messages, reply } = draft;
  invariant(allowed.includes(state.status), `${before?.status ?? "none"} does not go to ${state.status} on ${input.type}`);
  assertInvariants(state);
  assertProgress(before, state);
  const answer = reply === null ? null : (messages.get(reply.id) ?? reply);
  return { state, events, effects, outbox, messages: [...messages.values()], refusal: null, reply: answer };
}

function refused(state: SessionState | null, refusal: Refusal): Step | NoStep {
  const nothing = { events: [], effects: [], outbox: [], messages: [], refusal, reply: null } as const;
  return state === null ? { state, ...nothing } : { state, ...nothing };
}

/** Whatever comes from a sandbox that is not the current one is refused. */
function fence(state: SessionState, input: SessionInput): Refusal | null {
  if (!("epoch" in input)) return null;
  if (isAlive(state.lease) && state.lease.epoch === input.epoch) return null;
  const closeCode = state.status === "ended" ? CLOSE_CODES.sessionEnded : CLOSE_CODES.fenced;
  return refuse("conflict", `Epoch ${input.epoch} is not the session's sandbox any more.`, { closeCode });
}

/** A sandbox that came up after it was given up is stopped: the stop that was sent may have come before it existed. */
function stray(before: SessionState, input: SessionInput): Step | null {
  if (input.type !== "sandbox-accepted" || input.epoch > before.epoch) return null;
  const { epoch, backend } = input;
  const draft = createDraft(before, input);
  retire(draft, epoch, backend);
  conclude(draft, before, input);
  const { state, events, effects, outbox } = draft;
  return { state, events, effects, outbox, messages: [], refusal: null, reply: null };
}

function outOfPlace(state: SessionState | null, input: SessionInput): Refusal {
  if (state?.status === "ended") return refuse("not-found", "This session was removed.", { closeCode: CLOSE_CODES.sessionEnded });
  if (input.type === "session-opened") return refuse("conflict", "This session is open already.");
  return refuse("conflict", `A session that is ${state?.status ?? "not open"} does not take ${input.type}.`);
}

/** What people send may not make the state larger than its store can hold. */
function tooLarge({ state }: Draft, { type }: SessionInput): Refusal | null {
  if (type !== "prompt-received" && type !== "session-opened" && type !== "session-updated") return null;
  const text = JSON.stringify(state);
  // A UTF-16 unit takes at most three bytes, so most states need no encoding to be judged.
  if (text.length * 3 <= STATE_BYTES_MAX || new TextEncoder().encode(text).length <= STATE_BYTES_MAX) return null;
  if (type !== "prompt-received") return refuse("body-too-large", "The session's settings are larger than can be kept.");
  return refuse("queue-full", "The waiting messages are larger together than can be kept.", {
    fix: "Wait for a message to finish, or cancel one.",
  });
}

/** What follows from any change: the status event, the summary for lists and feeds, the alarm. */
function conclude(draft: Draft, before: SessionState | null, input: SessionInput): void {
  watchIdle(draft);
  watchCompute(draft);
  watchPause(draft);
  watchPolicy(draft);
  watchSetup(draft);
  if (draft.state !== before) patch(draft, { revision: draft.state.revision + 1 });
  const { state } = draft;
  if (before?.status !== state.status || before.waitingFor !== state.waitingFor || before.failure !== state.failure) {
    const { status, waitingFor, failure } = state;
    emit(draft, { type: "session.status", data: { status, ...(waitingFor ? { waitingFor } : {}), ...(failure ? { failure } : {}) } });
  }
  if (before === null || SUMMARY.some((field) => before[field] !== state[field]) || runEnded(before, state)) announce(draft);
  const atMs = earliestDeadline(state.deadlines)?.atMs ?? null;
  const known = before === null ? null : (earliestDeadline(before.deadlines)?.atMs ?? null);
  // An alarm that fired is gone, and one that was lost with the object's memory is set again.
  if (atMs !== known || input.type === "clock-ticked" || input.type === "session-restored") effect(draft, { type: "set-alarm", atMs });
}

/**
 * Fields that a list of sessions shows. When it was last active is shown too, and waits for one of these or for the run to
 * end: prompts that only join the queue cost no write outside the session.
 */
const SUMMARY = ["status", "waitingFor", "title", "model", "metadata"] as const satisfies readonly (keyof SessionState)[];

function runEnded(before: SessionState, after: SessionState): boolean {
  return before.run !== null && before.run.runId !== after.run?.runId;
}

function announce(draft: Draft): void {
  const { sessionId, status, revision } = draft.state;
  const payload: SessionChangePayload = { sessionId, removed: status === "ended" };
  for (const target of ["catalog", "event-bus"] as const) {
    draft.outbox.push({ id: `${target}-${revision}`, target, payload: JSON.stringify(payload), nextAttemptAtMs: draft.nowMs });
  }
}
