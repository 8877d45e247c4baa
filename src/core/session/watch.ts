/** The watch over a run that was accepted. */
import { clearDeadlines, setDeadline, type Draft } from "./draft.ts";
import { TIMINGS } from "./session.timings.ts";

/** Starts the watches that fit an accepted run on an open link: a sign of life, and movement unless it waits for a person or for room under a cap. */
export function watchRun(draft: Draft): void {
  const { run, lease, pause } = draft.state;
  if (run === null || !run.accepted || lease === null || lease.linkId === null) return;
  setDeadline(draft, "heartbeat", TIMINGS.heartbeatMs);
  if (run.requests.length === 0 && pause === null) setDeadline(draft, "idle", TIMINGS.runIdleMs);
  else clearDeadlines(draft, "idle");
}
