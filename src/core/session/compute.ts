/**
 * A sandbox's time, paid for ahead in slices: the next is asked for before the last is over, and what is left of the last
 * is given back when the sandbox is let go. A slice that is over counts in full by itself.
 */
import { computeIdOf, isAlive, type Compute } from "../sandbox/lease.ts";
import { clearDeadlines, effect, setDeadline, type Draft } from "./draft.ts";
import { COMPUTE_SLICE_S, TIMINGS } from "./session.timings.ts";

/** The last slice is nearly over, or the answer to the request for the next did not come. */
export function extendCompute(draft: Draft): void {
  const { lease } = draft.state;
  if (!isAlive(lease) || lease.compute === null) return;
  const { compute, epoch } = lease;
  const slice = compute.slice + 1;
  // One that comes late begins where the last one ended all the same, and the next is asked for at once.
  effect(draft, { type: "reserve-compute", epoch, slice, untilMs: compute.untilMs + COMPUTE_SLICE_S * 1000 });
  setDeadline(draft, "compute", TIMINGS.computeAgainMs);
}

/** After every step: a sandbox whose time is paid for has a time at which more is asked for, and no other has. */
export function watchCompute(draft: Draft): void {
  const { lease, deadlines } = draft.state;
  const compute = isAlive(lease) ? lease.compute : null;
  if (compute === null && deadlines.compute !== undefined) clearDeadlines(draft, "compute");
  if (compute !== null && deadlines.compute === undefined) setDeadline(draft, "compute", Math.max(0, compute.untilMs - TIMINGS.computeAheadMs - draft.nowMs));
}

/** What was used of the slices that are not over. More than was paid for is told as it is. */
export function settleCompute(draft: Draft, epoch: number, compute: Compute | null): void {
  if (compute === null) return;
  const { sessionId } = draft.state;
  const { slice, fromMs, lastFromMs } = compute;
  const since = (ms: number): number => Math.max(0, Math.ceil((draft.nowMs - ms) / 1000));
  effect(draft, { type: "settle-compute", id: computeIdOf(sessionId, epoch, slice), seconds: since(fromMs) });
  if (draft.nowMs < fromMs) effect(draft, { type: "settle-compute", id: computeIdOf(sessionId, epoch, slice - 1), seconds: since(lastFromMs) });
}
