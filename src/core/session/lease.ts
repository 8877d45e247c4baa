/** What the backend says of the sandbox, and losing it. Inputs of other epochs never reach these handlers. */
import type { Failure } from "@berth/protocol";
import { invariant } from "../kernel/assert.ts";
import { sandboxIdOf } from "../sandbox/sandbox-id.ts";
import { attemptDeadlineAtMs, isAlive, START_SILENCES_MAX, type Lease } from "../sandbox/lease.ts";
import { clearDeadlines, effect, emit, patch, refuse, setDeadline, type Draft } from "./draft.ts";
import { afterRun } from "./interrupted.ts";
import { advance } from "./queue.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import { TIMINGS } from "./session.timings.ts";
import { attemptFailed, releaseLease } from "./start.ts";
import { endRun } from "./turn.ts";

export function tokenMinted(draft: Draft, { tokenHash }: InputOf<"sandbox-token-minted">): Refusal | null {
  const lease = currentLease(draft);
  if (lease.tokenHash !== null) return refuse("conflict", `The token of epoch ${lease.epoch} is minted already.`);
  patch(draft, { lease: { ...lease, tokenHash } });
  return null;
}

/** May arrive after the sandbox has linked: the backend's answer is not the fastest way. */
export function sandboxAccepted(draft: Draft, { isolation }: InputOf<"sandbox-accepted">): Refusal | null {
  const lease = currentLease(draft);
  if (lease.isolation !== null) return refuse("conflict", `The sandbox of epoch ${lease.epoch} was accepted already.`);
  const phase = lease.phase === "requested" ? "accepted" : lease.phase;
  patch(draft, { lease: { ...lease, phase, isolation } });
  if (phase === "accepted") setDeadline(draft, "probe", TIMINGS.probeMs);
  // Its turn at a busy machine may have been long in coming; it boots since then, and may have dialled before its backend's word was here.
  const { start } = draft.state;
  if (start !== null) setDeadline(draft, "attempt", attemptDeadlineAtMs(start, draft.nowMs) - draft.nowMs);
  emitPhase(draft);
  return null;
}

export function createFailed(draft: Draft, { failure, outcome, mayPass }: InputOf<"sandbox-create-failed">): Refusal | null {
  const lease = currentLease(draft);
  if (lease.phase !== "requested") return refuse("conflict", `The sandbox of epoch ${lease.epoch} is there.`);
  // Sent and not answered: it may be booting. It has until the attempt's deadline, unless the backend knows of none.
  if (outcome === "unknown") probe(draft);
  else attemptFailed(draft, failure, outcome === "applied", mayPass);
  return null;
}

/** Only an absent link makes it worth asking; one that is back speaks for itself. */
export function sandboxDescribed(draft: Draft, { phase, failure, mayPass }: InputOf<"sandbox-described">): Refusal | null {
  const lease = currentLease(draft);
  if (phase === "unreachable") backendSilent(draft, lease);
  if (phase !== "gone" || lease.linkId !== null) return null;
  sandboxLost(draft, failure ?? { code: "sandbox-gone", message: `The ${lease.backend} sandbox is gone: it was ended, or the host that ran it was.` }, mayPass);
  return null;
}

export function describe(draft: Draft, { epoch, backend }: Lease): void {
  effect(draft, { type: "describe-sandbox", id: sandboxIdOf(draft.state.sessionId, epoch), epoch, backend });
}

/** There is no socket for now. The sandbox may come back; whether it still exists is asked at once. */
export function linkLost(draft: Draft): void {
  const lease = currentLease(draft);
  patch(draft, { lease: { ...lease, linkId: null } });
  clearDeadlines(draft, "accept", "heartbeat", "idle");
  describe(draft, lease);
  // One that is just ending may still be there when it is first asked for, or its backend may be away with it.
  setDeadline(draft, "probe", TIMINGS.probeSoonMs);
  // Until it was ready, the attempt's deadline is its own.
  if (lease.phase === "ready") setDeadline(draft, "link", TIMINGS.linkMs);
}

/** The sandbox is not coming back. What it was doing ends interrupted, and nothing is done again unless a person says so. */
export function sandboxLost(draft: Draft, failure: Failure, mayPass = false): void {
  const { start } = draft.state;
  // One that died on the way is worth one more try; one that dies again will do so for ever.
  if (start !== null) return attemptFailed(draft, failure, true, mayPass || start.rounds === 0);
  releaseLease(draft, "lost", failure);
  clearDeadlines(draft, "link", "probe");
  if (draft.state.run !== null) afterRun(draft, endRun(draft, { outcome: "interrupted", failure }));
  else advance(draft);
}

/** While nothing is known of a sandbox that was asked for, a backend that stays away makes room for the next one. */
function backendSilent(draft: Draft, { phase, backend }: Lease): void {
  const { start } = draft.state;
  if (start === null || phase !== "requested") return;
  const silences = start.silences + 1;
  patch(draft, { start: { ...start, silences } });
  if (silences < START_SILENCES_MAX) return;
  const failure = { code: "sandbox-backend-unreachable", message: `The sandbox backend ${backend} could not be reached.`, fix: UNREACHABLE_FIX };
  attemptFailed(draft, failure, true, true);
}

const UNREACHABLE_FIX = "Run `npm run doctor` to see whether its host is up, then resume the session.";

/**
 * Not heard from yet: accepted, and it may have died since; or asked for without an answer, and it may never have been made.
 * The backend may be away itself just then, so it is asked until it says something.
 */
export function probe(draft: Draft): void {
  const lease = currentLease(draft);
  if (!isAlive(lease) || lease.linkId !== null) return;
  describe(draft, lease);
  setDeadline(draft, "probe", lease.phase === "requested" ? TIMINGS.probeSoonMs : TIMINGS.probeMs);
}

export function emitPhase(draft: Draft): void {
  const { epoch, phase, backend, isolation } = currentLease(draft);
  emit(draft, { type: "sandbox.status", data: { epoch, phase, backend, ...(isolation === null ? {} : { isolation }) } });
}

export function currentLease(draft: Draft): Lease {
  const { lease } = draft.state;
  invariant(lease, "the input was let through without a lease");
  return lease;
}
