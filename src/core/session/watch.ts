/** The watch over a run that was accepted. */
import { clearDeadlines, setDeadline, type Draft } from "./draft.ts";
import { TIMINGS } from "./session.timings.ts";

/** Starts the watches that fit an accepted run on an open link: a sign of life, and movement unless a person is asked. */
export function watchRun(draft: Draft): void {
  const { run, lease } = draft.state;
  if (run === null || !run.accepted || lease === null || lease.linkId === null) return;
  setDeadline(draft, "heartbeat", TIMINGS.heartbeatMs);
  if (run.requests.length === 0) setDeadline(draft, "idle", TIMINGS.runIdleMs);
  else clearDeadlines(draft, "idle");
}
