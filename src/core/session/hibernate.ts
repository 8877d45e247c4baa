/** Giving the sandbox back while there is nothing to do, and what is saved of it. */
import type { Checkpoint, Failure } from "@berth/protocol";
import { attemptDeadlineAtMs, isAlive } from "../sandbox/lease.ts";
import { clearDeadlines, emit, patch, refuse, setDeadline, touch, type Draft } from "./draft.ts";
import { sendDown } from "./down.ts";
import { currentLease } from "./lease.ts";
import { hangUp } from "./link.ts";
import type { Refusal } from "./session.effects.ts";
import type { SessionState } from "./session.state.ts";
import { TIMINGS } from "./session.timings.ts";
import { releaseLease, startSandbox } from "./start.ts";

/** A sandbox that does nothing: between turns, or while a person is asked what becomes of one that was cut off. */
export function isAtRest({ status, run, lease }: SessionState): boolean {
  return (status === "idle" || (status === "waiting" && run === null)) && isAlive(lease);
}

/** After every step: a session whose sandbox does nothing has a time at which it gives it back, and no other has. */
export function watchIdle(draft: Draft): void {
  const { deadlines } = draft.state;
  const isWatched = isAtRest(draft.state);
  if (!isWatched && (deadlines.hibernate !== undefined || deadlines.save !== undefined)) clearDeadlines(draft, "hibernate", "save");
  if (isWatched && deadlines.hibernate === undefined && deadlines.save === undefined) setDeadline(draft, "hibernate", TIMINGS.hibernateMs);
}

export function hibernateRequested(draft: Draft): Refusal | null {
  const { status, lease, deadlines, run } = draft.state;
  if (status === "hibernated") return null;
  if (run !== null) return refuse("conflict", "The session works on a message.", { fix: "Stop it first, or wait until it is done." });
  if (!isAlive(lease)) {
    hibernate(draft);
    return null;
  }
  if (lease.linkId === null) {
    return refuse("conflict", "The sandbox is not connected, so its work cannot be saved now.", { fix: "Try again in a minute." });
  }
  touch(draft);
  if (deadlines.save === undefined) saveFirst(draft);
  return null;
}

/** Nothing is given back that was not saved: without a link it waits for the next time. */
export function idleLongEnough(draft: Draft): void {
  if (currentLease(draft).linkId !== null) saveFirst(draft);
}

function saveFirst(draft: Draft): void {
  clearDeadlines(draft, "hibernate");
  sendDown(draft, { type: "checkpoint" });
  setDeadline(draft, "save", TIMINGS.saveMs);
}

/** A sandbox that does not save may be no more than a socket that looks open. */
export function notSaved(draft: Draft): void {
  if (!replaceForWaiting(draft)) hangUp(draft, "the work was not saved in time");
}

/** Whose message waits for another sandbox waits no longer for this one's work. */
function replaceForWaiting(draft: Draft): boolean {
  const { status, queue } = draft.state;
  if (status !== "idle" || queue.length === 0) return false;
  startSandbox(draft);
  return true;
}

/** @param asked false for one that was begun before the session asked, which may lack what was done last */
export function checkpointSaved(draft: Draft, checkpoint: Checkpoint, asked: boolean): void {
  const { epoch } = currentLease(draft);
  patch(draft, { checkpoint: { ...checkpoint, epoch, savedAtMs: draft.nowMs } });
  emit(draft, { type: "workspace.checkpoint", data: { phase: "saved", epoch, checkpoint } });
  if (draft.state.deadlines.save === undefined || !asked) return;
  releaseLease(draft, "stopped");
  if (!replaceForWaiting(draft)) hibernate(draft);
}

export function checkpointFailed(draft: Draft, failure: Failure, asked: boolean): void {
  emit(draft, { type: "workspace.checkpoint", data: { phase: "failed", epoch: currentLease(draft).epoch, failure } });
  if (!asked) return;
  clearDeadlines(draft, "save");
  replaceForWaiting(draft);
}

export function workspaceRestored(draft: Draft, checkpoint: Checkpoint): void {
  emit(draft, { type: "workspace.checkpoint", data: { phase: "restored", epoch: currentLease(draft).epoch, checkpoint } });
  // What remains is the agent's start, which may hang and must leave time for the next backend.
  const { start } = draft.state;
  if (start !== null) setDeadline(draft, "attempt", attemptDeadlineAtMs(start, draft.nowMs) - draft.nowMs);
}

/** What a person is asked stays asked. */
function hibernate(draft: Draft): void {
  if (draft.state.status === "idle") patch(draft, { status: "hibernated" });
}
