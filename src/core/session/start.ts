/** Getting a sandbox: backends in order, each with its deadline, all within one. Every start ends, ready or failed. */
import { CLOSE_CODES, type Failure } from "@berth/protocol";
import { invariant } from "../kernel/assert.ts";
import { sandboxIdOf } from "../sandbox/sandbox-id.ts";
import { START_PAUSE_MAX_MS, START_PAUSE_MS, START_TOTAL_MS, attemptDeadlineAtMs, isAlive, requestLease, type Lease, type Start } from "../sandbox/lease.ts";
import { clearDeadlines, effect, emit, failSession, onlyRelease, patch, setDeadline, type Draft } from "./draft.ts";
import { settleCompute } from "./compute.ts";
import { retire } from "./release.ts";
import { steersLost } from "./steering.ts";

const NO_BACKEND: Failure = {
  code: "no-sandbox-backend",
  message: "No sandbox backend is available on this instance.",
  fix: "Run `npm run doctor` to see what is missing, then resume the session.",
};

/** Starts over with the first backend; a sandbox that is still there is let go first. */
export function startSandbox(draft: Draft): void {
  releaseLease(draft, "stopped");
  const { backends } = draft.state;
  if (backends.length === 0) return failSession(draft, NO_BACKEND);
  const start = { deadlineAtMs: draft.nowMs + START_TOTAL_MS, backendsLeft: backends, again: [], rounds: 0, silences: 0, failures: [] };
  patch(draft, { status: "starting", waitingFor: null, failure: null, pause: null, start, deadlines: onlyRelease(draft) });
  setDeadline(draft, "start", START_TOTAL_MS);
  nextAttempt(draft);
}

/** The next backend, or the end of the start. `failed`: the attempt before. */
function nextAttempt(draft: Draft, failed?: { readonly backend: string; readonly failure: Failure }): void {
  const { start } = draft.state;
  invariant(start, "an attempt belongs to a start");
  const { round, pauseMs } = nextRound(start);
  const [backend, ...backendsLeft] = round.backendsLeft;
  if (backend === undefined || draft.nowMs + pauseMs >= start.deadlineAtMs) return failSession(draft, startFailure(start.failures));
  const next = { ...round, backendsLeft, silences: 0 };
  const epoch = draft.state.epoch + 1;
  patch(draft, { start: next, epoch, lease: requestLease(epoch, backend, draft.state.demoOnly) });
  setDeadline(draft, "attempt", attemptDeadlineAtMs(next, draft.nowMs) - draft.nowMs);
  const insteadOf = failed === undefined || failed.backend === backend ? {} : { insteadOf: failed };
  emit(draft, { type: "sandbox.status", data: { epoch, phase: "requested", backend, ...insteadOf } });
  createSandbox(draft, pauseMs);
}

/** A host that restarts is back in a moment: what failed for a reason that may pass is tried again while the start lasts. */
function nextRound(start: Start): { readonly round: Start; readonly pauseMs: number } {
  if (start.backendsLeft.length > 0 || start.again.length === 0) return { round: start, pauseMs: 0 };
  const pauseMs = Math.min(START_PAUSE_MS * 2 ** start.rounds, START_PAUSE_MAX_MS);
  return { round: { ...start, backendsLeft: start.again, again: [], rounds: start.rounds + 1 }, pauseMs };
}

export function createSandbox(draft: Draft, afterMs = 0): void {
  const { lease, sessionId, workspace } = draft.state;
  invariant(lease?.phase === "requested", "only a requested sandbox is created");
  const { epoch, backend, demoOnly } = lease;
  effect(draft, { type: "create-sandbox", id: sandboxIdOf(sessionId, epoch), epoch, backend, workspace, demoOnly, afterMs });
}

/** One failure speaks for itself; several are told together. */
function startFailure(all: readonly Failure[]): Failure {
  const failures = all.filter(({ message }, at) => all.findLastIndex((other) => other.message === message) === at);
  const [only, second] = failures;
  invariant(only, "a start without an attempt cannot fail");
  if (second === undefined) return only;
  const fix = failures.find((failure) => failure.fix !== undefined)?.fix;
  const message = `No backend could start a sandbox. ${failures.map((failure) => failure.message).join(" ")}`;
  return { code: "all-backends-failed", message, ...(fix === undefined ? {} : { fix }) };
}

/** This attempt is over. `mayExist`: something may be left at the backend. `mayPass`: the same backend may do it in a moment. */
export function attemptFailed(draft: Draft, failure: Failure, mayExist: boolean, mayPass = false): void {
  const { start, lease } = draft.state;
  invariant(start && lease, "an attempt belongs to a start");
  const again = mayPass ? [...start.again, lease.backend] : start.again;
  patch(draft, { start: { ...start, again, failures: [...start.failures, failure] } });
  if (mayExist) releaseLease(draft, "failed", failure);
  else markLease(draft, "failed", failure);
  clearDeadlines(draft, "attempt", "probe");
  nextAttempt(draft, { backend: lease.backend, failure });
}

/** Nothing was made yet, and nothing is to be. What waits in the queue waits on. */
export function abandonStart(draft: Draft, failure: Failure): void {
  const { lease } = draft.state;
  if (lease?.compute === null) markLease(draft, "failed", failure);
  else releaseLease(draft, "failed", failure);
  patch(draft, { start: null, deadlines: onlyRelease(draft) });
}

/** The total deadline: no backend is tried any more. */
export function startTimedOut(draft: Draft, failure: Failure): void {
  const { start } = draft.state;
  invariant(start, "a start deadline without a start");
  patch(draft, { start: { ...start, backendsLeft: [], again: [] } });
  attemptFailed(draft, failure, true);
}

/** The same backend again under a new epoch, within the same start: the create may have been sent, its token is gone. */
export function repeatAttempt(draft: Draft): void {
  const { start, lease } = draft.state;
  invariant(start && lease, "an attempt belongs to a start");
  patch(draft, { start: { ...start, backendsLeft: [lease.backend, ...start.backendsLeft] } });
  const failure = { code: "create-interrupted", message: `Berth restarted while ${lease.backend} was being asked for a sandbox.` };
  attemptFailed(draft, failure, true);
}

type LastPhase = "stopped" | "lost" | "failed";

/** Says what became of the lease's sandbox. From here on its epoch is refused. */
function markLease(draft: Draft, phase: LastPhase, failure?: Failure): Lease | null {
  const { lease } = draft.state;
  if (!isAlive(lease)) return null;
  settleCompute(draft, lease.epoch, lease.compute);
  patch(draft, { lease: { ...lease, phase, linkId: null } });
  const isolation = lease.isolation === null ? {} : { isolation: lease.isolation };
  emit(draft, {
    type: "sandbox.status",
    data: { epoch: lease.epoch, phase, backend: lease.backend, ...isolation, ...(failure ? { failure } : {}) },
  });
  return lease;
}

/** Lets the sandbox go: its processes are stopped, its files stay for the next epoch until the session is removed. */
export function releaseLease(draft: Draft, phase: LastPhase, failure?: Failure): void {
  const lease = markLease(draft, phase, failure);
  if (lease === null) return;
  const { epoch, backend, linkId } = lease;
  if (linkId !== null) effect(draft, { type: "close-link", linkId, code: CLOSE_CODES.fenced, reason: "this sandbox was let go" });
  retire(draft, epoch, backend);
  steersLost(draft);
}
