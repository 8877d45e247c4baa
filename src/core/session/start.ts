/** Getting a sandbox: backends in order, each with its deadline, all within one. Every start ends, ready or failed. */
import { CLOSE_CODES, type Failure } from "@berth/protocol";
import { invariant } from "../kernel/assert.ts";
import { sandboxIdOf } from "../sandbox/sandbox-id.ts";
import { START_TOTAL_MS, attemptDeadlineAtMs, isAlive, requestLease, type Lease } from "../sandbox/lease.ts";
import { clearDeadlines, effect, emit, failSession, onlyRelease, patch, setDeadline, type Draft } from "./draft.ts";
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
  const start = { deadlineAtMs: draft.nowMs + START_TOTAL_MS, backendsLeft: backends, failures: [] };
  patch(draft, { status: "starting", waitingFor: null, failure: null, start, deadlines: onlyRelease(draft) });
  setDeadline(draft, "start", START_TOTAL_MS);
  nextAttempt(draft);
}

/** The next backend, or the end of the start. `failed`: the attempt before. */
function nextAttempt(draft: Draft, failed?: { readonly backend: string; readonly failure: Failure }): void {
  const { start } = draft.state;
  invariant(start, "an attempt belongs to a start");
  const [backend, ...backendsLeft] = start.backendsLeft;
  if (backend === undefined || draft.nowMs >= start.deadlineAtMs) return failSession(draft, startFailure(start.failures));
  const next = { ...start, backendsLeft };
  const epoch = draft.state.epoch + 1;
  patch(draft, { start: next, epoch, lease: requestLease(epoch, backend, draft.state.demoOnly) });
  setDeadline(draft, "attempt", attemptDeadlineAtMs(next, draft.nowMs) - draft.nowMs);
  const insteadOf = failed === undefined || failed.backend === backend ? {} : { insteadOf: failed };
  emit(draft, { type: "sandbox.status", data: { epoch, phase: "requested", backend, ...insteadOf } });
  createSandbox(draft);
}

export function createSandbox(draft: Draft): void {
  const { lease, sessionId, workspace } = draft.state;
  invariant(lease?.phase === "requested", "only a requested sandbox is created");
  const { epoch, backend, demoOnly } = lease;
  effect(draft, { type: "create-sandbox", id: sandboxIdOf(sessionId, epoch), epoch, backend, workspace, demoOnly });
}

/** One failure speaks for itself; several are told together. */
function startFailure(failures: readonly Failure[]): Failure {
  const [only, second] = failures;
  invariant(only, "a start without an attempt cannot fail");
  if (second === undefined) return only;
  const fix = failures.find((failure) => failure.fix !== undefined)?.fix;
  const message = `No backend could start a sandbox. ${failures.map((failure) => failure.message).join(" ")}`;
  return { code: "all-backends-failed", message, ...(fix === undefined ? {} : { fix }) };
}

/** This attempt is over. `mayExist`: something may be left at the backend. */
export function attemptFailed(draft: Draft, failure: Failure, mayExist: boolean): void {
  const { start, lease } = draft.state;
  invariant(start && lease, "an attempt belongs to a start");
  patch(draft, { start: { ...start, failures: [...start.failures, failure] } });
  if (mayExist) releaseLease(draft, "failed", failure);
  else markLease(draft, "failed", failure);
  clearDeadlines(draft, "attempt", "probe");
  nextAttempt(draft, { backend: lease.backend, failure });
}

/** The total deadline: no backend is tried any more. */
export function startTimedOut(draft: Draft, failure: Failure): void {
  const { start } = draft.state;
  invariant(start, "a start deadline without a start");
  patch(draft, { start: { ...start, backendsLeft: [] } });
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
