/** Waiting for room under a cap: what the session says of it, and when it asks for it. */
import type { BudgetReached } from "@berth/protocol";
import { isAlive } from "../sandbox/lease.ts";
import { clearDeadlines, emit, patch, setDeadline, type Draft } from "./draft.ts";
import type { Pause } from "./session.state.ts";
import { TIMINGS } from "./session.timings.ts";

export function pauseFor(draft: Draft, pause: Pause): void {
  const { run, pause: before } = draft.state;
  if (before?.reached.budget !== pause.reached.budget) {
    const ids = run === null ? {} : { messageId: run.messageId, runId: run.runId };
    emit(draft, { type: "budget.reached", data: pause.reached, ...ids });
  }
  patch(draft, { pause });
}

export function lift(draft: Draft): void {
  const { pause, run } = draft.state;
  if (pause === null) return;
  const ids = run === null ? {} : { messageId: run.messageId, runId: run.runId };
  emit(draft, { type: "budget.lifted", data: { budget: pause.reached.budget }, ...ids });
  patch(draft, { pause: null });
}

/** After every step: a session that waits for room with nothing running has a time at which it asks, and no other has. */
export function watchPause(draft: Draft): void {
  const { pause, run, deadlines } = draft.state;
  const isWatched = pause !== null && run === null;
  if (isWatched && deadlines.budget === undefined) setDeadline(draft, "budget", TIMINGS.budgetMs);
  if (!isWatched && deadlines.budget !== undefined) clearDeadlines(draft, "budget");
}

/** A sandbox whose time is not paid for is given back as soon as it does nothing. */
export function giveBackSoon(draft: Draft, { unit }: BudgetReached): void {
  const isAboutTime = unit === "compute" || unit === "stop";
  if (isAboutTime && draft.state.run === null && isAlive(draft.state.lease) && draft.state.deadlines.save === undefined) setDeadline(draft, "hibernate", 0);
}
