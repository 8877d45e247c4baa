/** The watchdogs: one alarm for the earliest deadline, and what happens when it passes. */
import type { Failure } from "@berth/protocol";
import { unreachable } from "../kernel/assert.ts";
import type { Lease } from "../sandbox/lease.ts";
import { extendCompute } from "./compute.ts";
import { clearDeadlines, patch, type Draft } from "./draft.ts";
import { idleLongEnough, notSaved } from "./hibernate.ts";
import { currentLease, probe, sandboxLost } from "./lease.ts";
import { hangUp } from "./link.ts";
import { ACCEPT_MISSES_MAX, TIMINGS } from "./session.timings.ts";
import type { DeadlineKind, Deadlines } from "./session.state.ts";
import { checkBudget } from "./budget.ts";
import { policyUnanswered } from "./policy.ts";
import { forgetWhenGone, notReleased } from "./release.ts";
import { attemptFailed, startSandbox, startTimedOut } from "./start.ts";
import { steersUnconfirmed } from "./steering.ts";
import { endRun, interrupt } from "./turn.ts";

export interface Deadline {
  readonly kind: DeadlineKind;
  readonly atMs: number;
}

export function earliestDeadline(deadlines: Deadlines): Deadline | null {
  let first: Deadline | null = null;
  for (const [kind, atMs] of Object.entries(deadlines) as [DeadlineKind, number][]) {
    if (first === null || atMs < first.atMs) first = { kind, atMs };
  }
  return first;
}

/** Handles what is due, earliest first; an alarm that is early or comes twice finds nothing. */
export function clockTicked(draft: Draft): null {
  for (;;) {
    const due = earliestDeadline(draft.state.deadlines);
    if (due === null || due.atMs > draft.nowMs) break;
    clearDeadlines(draft, due.kind);
    passed(draft, due.kind);
  }
  // The step that asked for it may not have been stored.
  if (draft.state.status === "ended") forgetWhenGone(draft);
  return null;
}

function passed(draft: Draft, kind: DeadlineKind): void {
  switch (kind) {
    case "attempt":
      return attemptFailed(draft, attemptTimedOut(currentLease(draft)), true, currentLease(draft).phase === "requested");
    case "start":
      return startTimedOut(draft, attemptTimedOut(currentLease(draft)));
    case "link":
      return sandboxLost(draft, {
        code: "sandbox-lost",
        message: `The sandbox was not heard from for ${TIMINGS.linkMs / 1000} seconds.`,
      });
    case "accept":
      return notAccepted(draft);
    case "heartbeat":
      return hangUp(draft, `no sign of life for ${TIMINGS.heartbeatMs / 1000} seconds`);
    case "idle":
      return interrupt(draft, "stalled");
    case "stop":
      return notStopped(draft);
    case "probe":
      return probe(draft);
    case "steer":
      return steersUnconfirmed(draft);
    case "hibernate":
      return idleLongEnough(draft);
    case "save":
      return notSaved(draft);
    case "release":
      return notReleased(draft);
    case "compute":
      return extendCompute(draft);
    case "budget":
      return checkBudget(draft);
    case "policy":
      return policyUnanswered(draft);
    default:
      return unreachable(kind);
  }
}

const FIX = "Run `npm run doctor` to check the sandbox backend, then resume the session.";

/** Says how far the attempt came. */
function attemptTimedOut({ phase, backend }: Lease): Failure {
  if (phase === "requested") return { code: "sandbox-not-accepted", message: `${backend} did not take the request for a sandbox in time.`, fix: FIX };
  if (phase === "accepted") return { code: "sandbox-never-linked", message: `The ${backend} sandbox started but never connected.`, fix: FIX };
  return { code: "agent-never-ready", message: `The ${backend} sandbox connected but its agent was not ready in time.`, fix: FIX };
}

/** The link may only look open: dial again, and the same epoch is sent the same prompt. It is not repeated for ever. */
function notAccepted(draft: Draft): void {
  const { run } = draft.state;
  if (run === null) return;
  const acceptMisses = run.acceptMisses + 1;
  patch(draft, { run: { ...run, acceptMisses } });
  if (acceptMisses < ACCEPT_MISSES_MAX) return hangUp(draft, "the prompt was not accepted in time");
  sandboxLost(draft, { code: "prompt-not-accepted", message: "The sandbox did not take the message." });
}

/** The turn did not end after the interrupt: its sandbox is replaced, so that it cannot go on unseen. */
function notStopped(draft: Draft): void {
  endRun(draft, { outcome: "stopped" });
  startSandbox(draft);
}
