/** What is true of every state and every step. Checked in production: a breach is our own fault and commits nothing. */
import { invariant } from "../kernel/assert.ts";
import { assertLinkEnd } from "../link/link-end.ts";
import { isAlive } from "../sandbox/lease.ts";
import { isAtRest } from "./hibernate.ts";
import { heldFor } from "./own-secrets.ts";
import { isMeasuring } from "./policy.ts";
import { knownMessages } from "./queue.ts";
import type { SessionState } from "./session.state.ts";

export function assertInvariants(state: SessionState): void {
  assertStatus(state);
  assertMessages(state);
  assertLease(state);
  assertDeadlines(state);
}

function assertStatus({ status, waitingFor, failure, run, start, interrupted, pause }: SessionState): void {
  invariant((status === "waiting") === (waitingFor !== null), "a waiting session says what it waits for");
  invariant((status === "failed") === (failure !== null), "a failed session says why");
  invariant((status === "starting") === (start !== null), "a starting session has a start");
  const asking = (run === null ? interrupted?.requests[0]?.kind : run.requests[0]?.kind) ?? null;
  if (status === "waiting" && run === null) invariant(interrupted !== null || pause !== null, "a person is asked about what was cut off");
  if (pause !== null) invariant(status === "waiting", "a session without room waits");
  if (interrupted !== null) invariant(run === null && (status === "waiting" || status === "failed"), "what was cut off waits for a person");
  if (status === "running") invariant(run !== null && asking === null, "a running session runs and asks nothing");
  else if (status === "waiting") invariant(waitingFor === (asking ?? (pause === null ? "interrupted" : "budget")), "a session waits for its oldest request");
  else invariant(run === null, `nothing runs while a session is ${status}`);
}

function assertMessages(state: SessionState): void {
  const { status, run, current, queue, lease, steering } = state;
  invariant(run?.messageId === current?.messageId && run?.runId === current?.runId, "the run is of the current message");
  const known = knownMessages(state);
  invariant(new Set(known.map(({ messageId }) => messageId)).size === known.length, "a message is there once");
  invariant(new Set(known.map(({ runId }) => runId)).size === known.length, "a run belongs to one message");
  if (steering.length > 0) invariant(isAlive(lease), "a message that steers has a sandbox that may take it");
  for (const { taken, turnMessageId } of steering) if (taken) invariant(run?.messageId === turnMessageId, "a message ends with the turn that took it");
  if (status === "idle" && queue.length > 0) invariant(isAlive(lease) && (lease.linkId === null || (state.deadlines.save !== undefined && heldFor(state) !== null)), "an idle session lets a message wait");
}

function assertLease({ status, lease, epoch, run, retired, start, deadlines }: SessionState): void {
  if (lease !== null) {
    invariant(lease.epoch === epoch, "the lease is of the newest epoch");
    assertLinkEnd(lease.link);
    if (!isAlive(lease)) invariant(lease.linkId === null, "a sandbox that was let go has no link");
    if (lease.phase === "ready") invariant((lease.linkId === null) === (deadlines.link !== undefined), "a lost link has a deadline");
  }
  if (start !== null) invariant(isAlive(lease) && lease.phase !== "ready", "a start waits for its sandbox");
  else invariant(!isAlive(lease) || lease.phase === "ready", "a sandbox is awaited by a start");
  if (run !== null) invariant(lease?.phase === "ready" && run.epoch === lease.epoch, "a run is in the current sandbox");
  if (status === "ended" || status === "failed" || status === "hibernated") invariant(!isAlive(lease), `a session that is ${status} holds no sandbox`);
  invariant(new Set(retired.map((sandbox) => sandbox.epoch)).size === retired.length, "a sandbox is let go once");
}

function assertDeadlines(state: SessionState): void {
  const { status, deadlines, start, run, lease, retired } = state;
  const linked = lease?.linkId != null;
  invariant((start !== null) === (deadlines.start !== undefined), "a start has a deadline");
  invariant((start !== null) === (deadlines.attempt !== undefined), "an attempt has a deadline");
  invariant((run !== null && !run.accepted && linked) === (deadlines.accept !== undefined), "a prompt that was sent has a deadline");
  invariant((run !== null && run.accepted && linked) === (deadlines.heartbeat !== undefined), "a linked run has a heartbeat deadline");
  if (deadlines.idle !== undefined) invariant(run !== null && run.accepted && linked && run.requests.length === 0 && state.pause === null, "only a linked run that asks nothing may be idle");
  invariant((run !== null && run.stopping !== null) === (deadlines.stop !== undefined), "a stop has a deadline");
  invariant(isAtRest(state) === ((deadlines.hibernate ?? deadlines.save) !== undefined), "an idle sandbox is given back at some time");
  invariant((state.pause !== null && run === null) === (deadlines.budget !== undefined), "a session that waits for room asks for it at some time");
  invariant((isAlive(lease) && lease.compute !== null) === (deadlines.compute !== undefined), "a sandbox's time is paid for before it is over");
  invariant(isMeasuring(state) === (deadlines.policy !== undefined), "a measurement that is not answered is made again");
  const isLettingGo = retired.some(({ stopped }) => !stopped);
  // A removed session gives up after a day.
  invariant(isLettingGo === (deadlines.release !== undefined) || (isLettingGo && status === "ended"), "a sandbox that was let go is stopped");
}

/** From one step to the next: what only goes up. */
export function assertProgress(before: SessionState | null, after: SessionState): void {
  if (before === null) return;
  invariant(after.epoch >= before.epoch, "the epoch went back");
  invariant(after.revision >= before.revision, "the revision went back");
  invariant(before.status !== "ended" || after.status === "ended", "an ended session came back");
}
