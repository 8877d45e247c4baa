/**
 * A cap was reached: the session waits for room and says for which. What runs is not killed: its next model call waits in
 * the broker, and if there is no room for long the turn is interrupted there, between two calls, and goes on from there. A
 * start is given up before anything is made, and a sandbox at rest is given back.
 */
import { clearDeadlines, effect, patch, refuse, type Draft } from "./draft.ts";
import { goOnAfterPause } from "./interrupted.ts";
import { currentLease } from "./lease.ts";
import { giveBackSoon, lift, pauseFor } from "./pause.ts";
import { waitOrGoOn } from "./requests.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import { abandonStart } from "./start.ts";

/** The broker has no room for a call of the run, or the organization was stopped while it runs. */
export function budgetReached(draft: Draft, { runId, reached }: InputOf<"budget-reached">): Refusal | null {
  const { run, pause } = draft.state;
  if (run === null || run.runId !== runId || run.stopping !== null) return refuse("conflict", "That run is over.");
  // A call that is held for the sandbox's time has no cap of its own.
  if (pause?.by === "sandbox") return null;
  pauseFor(draft, { reached, by: "call" });
  waitOrGoOn(draft);
  return null;
}

/** There is room again. Nothing is run again: what was held goes on, or else what comes after it. */
export function budgetLifted(draft: Draft): Refusal | null {
  if (draft.state.pause === null) return refuse("conflict", "The session waits for no cap.");
  lift(draft);
  if (draft.state.run === null) goOnAfterPause(draft);
  else waitOrGoOn(draft);
  return null;
}

/** Someone changed a cap, or stopped the organization: what it means for this session is asked of the ledger. */
export function budgetChanged(draft: Draft): null {
  const { pause, run } = draft.state;
  if (pause !== null || run !== null) checkBudget(draft);
  return null;
}

/** The session waits without a run, so nobody asks for it: it asks itself, also since a new month makes room. */
export function checkBudget(draft: Draft): void {
  effect(draft, { type: "check-budget" });
}

export function computeGranted(draft: Draft, { slice, untilMs }: InputOf<"compute-granted">): Refusal | null {
  const lease = currentLease(draft);
  const { compute } = lease;
  if (compute !== null && slice <= compute.slice) return refuse("conflict", `Slice ${slice} of the sandbox's time is there already.`);
  const fromMs = compute?.untilMs ?? draft.nowMs;
  patch(draft, { lease: { ...lease, compute: { slice, fromMs, untilMs, lastFromMs: compute?.fromMs ?? fromMs } } });
  clearDeadlines(draft, "compute");
  const { pause, run } = draft.state;
  if (pause?.by !== "sandbox") return null;
  // With nothing running much may stand in the way of what waits; it goes on by the one way there is for that.
  if (run === null) {
    checkBudget(draft);
    return null;
  }
  lift(draft);
  waitOrGoOn(draft);
  return null;
}

/** Nothing is killed for it: a start is given up before anything is made, a turn waits at its next model call, rest is given back. */
export function computeRefused(draft: Draft, { reached }: InputOf<"compute-refused">): null {
  const { start, run } = draft.state;
  if (start !== null) {
    abandonStart(draft, { code: "budget-reached", message: "A spending cap leaves no room for a sandbox." });
    pauseFor(draft, { reached, by: "sandbox" });
    patch(draft, { status: "waiting", waitingFor: "budget" });
    return null;
  }
  if (run !== null) {
    pauseFor(draft, { reached, by: "sandbox" });
    waitOrGoOn(draft);
    return null;
  }
  // Whatever cap stands in the way of a sandbox's time, it is time that is not paid for.
  giveBackSoon(draft, { ...reached, unit: "compute" });
  return null;
}
