/**
 * Runs that ended lately. The broker counts a model call when its answer is over, which may be after the run that asked for
 * it: what it says then is added to the run's record, and the record is reported again.
 */
import type { Run } from "@berth/protocol";
import { addMetered, type Metered } from "./run.ts";

/** How long after its end a run is counted on, in milliseconds, and of how many runs that is known. */
export const LATE_USAGE_MS = 2 * 60_000;
export const ENDED_RUNS_MAX = 4;

export interface EndedRun {
  readonly run: Run;
  readonly metered: Metered | null;
  /** How often it was counted on after its end. */
  readonly revision: number;
}

/** Newest last; those that are too old, or too many, are let go of. */
export function rememberEnded(known: readonly EndedRun[], ended: EndedRun, nowMs: number): readonly EndedRun[] {
  return [...known.filter(({ run }) => !isTooOld(run, nowMs)), ended].slice(-ENDED_RUNS_MAX);
}

/** The run with the call counted in, or null when it ended too long ago. */
export function countLate(known: readonly EndedRun[], runId: string | null, late: Metered, nowMs: number): EndedRun | null {
  const ended = known.find(({ run }) => run.id === runId);
  if (ended === undefined || isTooOld(ended.run, nowMs)) return null;
  const metered = addMetered(ended.metered, late);
  return { run: { ...ended.run, ...metered }, metered, revision: ended.revision + 1 };
}

function isTooOld({ endedAt }: Run, nowMs: number): boolean {
  return Date.parse(endedAt) + LATE_USAGE_MS < nowMs;
}
