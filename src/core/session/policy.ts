/** How the session's sandbox is kept: looked at when it starts and when somebody asks, and what follows from a difference. */
import type { SandboxMeasurement, PolicyFact } from "@berth/protocol";
import { sandboxIdOf } from "../sandbox/sandbox-id.ts";
import { isAlive } from "../sandbox/lease.ts";
import { cannotWork } from "./cannot-work.ts";
import { sendDown } from "./down.ts";
import { clearDeadlines, effect, emit, patch, refuse, setDeadline, type Draft } from "./draft.ts";
import { currentLease } from "./lease.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import type { SessionState } from "./session.state.ts";
import { TIMINGS } from "./session.timings.ts";

/** From inside; the enforcing parts are asked now, and all of it is compared. */
export function measuredInside(draft: Draft, measurement: SandboxMeasurement): void {
  const { epoch, backend } = currentLease(draft);
  const { policy, sessionId } = draft.state;
  patch(draft, { policy: { epoch, facts: policy?.epoch === epoch ? policy.facts : [], measuring: true } });
  effect(draft, { type: "check-policy", id: sandboxIdOf(sessionId, epoch), epoch, backend, measurement });
}

export function policyRequested(draft: Draft): Refusal | null {
  const { lease, policy } = draft.state;
  if (!isAlive(lease) || lease.linkId === null) {
    return refuse("conflict", "There is no sandbox that could be measured now.", { fix: "Resume the session, and ask again when it is idle or running." });
  }
  // A runtime that never measured by itself may be one that does not know how.
  if (policy?.epoch !== lease.epoch) {
    return refuse("conflict", "The first measurement of this sandbox is not there yet.", { fix: "Ask again in a few seconds." });
  }
  if (!policy.measuring) measureAgain(draft, policy.facts);
  return null;
}

/** What was under way when the object lost its memory is asked for again. */
export function policyRestored(draft: Draft): void {
  const { policy } = draft.state;
  if (policy && isMeasuring(draft.state)) measureAgain(draft, policy.facts);
}

/** What all parts said may not have been stored, and a difference would be told to nobody. */
export function watchPolicy(draft: Draft): void {
  const { deadlines } = draft.state;
  const isWatched = isMeasuring(draft.state);
  if (isWatched && deadlines.policy === undefined) setDeadline(draft, "policy", TIMINGS.policyMs);
  if (!isWatched && deadlines.policy !== undefined) clearDeadlines(draft, "policy");
}

export function policyUnanswered(draft: Draft): void {
  const { lease, policy } = draft.state;
  if (policy && isMeasuring(draft.state) && lease?.linkId != null) measureAgain(draft, policy.facts);
}

export function isMeasuring({ policy, lease }: SessionState): boolean {
  return policy?.measuring === true && isAlive(lease) && policy.epoch === lease.epoch;
}

function measureAgain(draft: Draft, facts: readonly PolicyFact[]): void {
  patch(draft, { policy: { epoch: currentLease(draft).epoch, facts, measuring: true } });
  sendDown(draft, { type: "measure-policy" });
}

/** Each set of differences is said once per sandbox. */
export function policyChecked(draft: Draft, { epoch, facts, stops }: InputOf<"policy-checked">): null {
  const before = draft.state.policy;
  patch(draft, { policy: { epoch, facts, measuring: false } });
  const wrong = facts.filter(({ verdict }) => verdict === "mismatch");
  if (wrong.length === 0) return null;
  if (stops || before?.epoch !== epoch || keyOf(before.facts) !== keyOf(facts)) emit(draft, { type: "policy.mismatch", data: { epoch, facts: wrong, stopped: stops } });
  if (!stops) return null;
  const first = wrong[0]?.differences[0] ?? "";
  cannotWork(draft, {
    code: "policy-mismatch",
    message: `The sandbox is not kept as declared, so it was stopped: ${first}`,
    fix: "Put right what the session's policy page shows, then resume. An administrator may let such sessions go on.",
  });
  return null;
}

function keyOf(facts: readonly PolicyFact[]): string {
  return facts.map(({ name, differences }) => `${name}: ${differences.join(" ")}`).join("\n");
}
