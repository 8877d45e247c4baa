/** The session's state machine: one synchronous, pure function. */
import type { NoStep, Refusal, Step } from "./session.effects.ts";
import type { SessionInput } from "./session.inputs.ts";
import type { SessionState } from "./session.state.ts";

export function step(state: SessionState, input: SessionInput): Step;
export function step(state: SessionState | null, input: SessionInput): Step | NoStep;
export function step(state: SessionState | null, input: SessionInput): Step | NoStep {
  const refusal: Refusal = { problem: "unavailable", detail: `${input.type} is not understood yet` };
  if (state === null) return { state, events: [], effects: [], outbox: [], messages: [], refusal, reply: null };
  return { state, events: [], effects: [], outbox: [], messages: [], refusal, reply: null };
}
