/** The session's end of the link: hello, acknowledgements, close. Inputs of other epochs never reach these handlers. */
import { CLOSE_CODES } from "@berth/protocol";
import { acked, canHaveReceived, toResend } from "../link/link-end.ts";
import { negotiateVersion } from "../link/link-version.ts";
import { clearDeadlines, effect, emit, patch, refuse, setDeadline, type Draft } from "./draft.ts";
import { sendHeld, sendSettings } from "./down.ts";
import { currentLease, emitPhase, linkLost, sandboxLost } from "./lease.ts";
import { advance } from "./queue.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import { TIMINGS } from "./session.timings.ts";
import { watchRun } from "./watch.ts";

export function linkOpened(draft: Draft, { linkId, versions, received }: InputOf<"link-opened">): Refusal | null {
  const before = currentLease(draft);
  if (before.tokenHash === null) return refuse("conflict", "This sandbox has no token yet.", { closeCode: CLOSE_CODES.fenced });
  const version = negotiateVersion(versions);
  if (version === null) {
    return refuse("bad-request", `The runtime speaks link versions ${versions.join(", ") || "none"}.`, { closeCode: CLOSE_CODES.versionUnsupported });
  }
  if (!canHaveReceived(before.link, received)) {
    return refuse("bad-request", `The runtime has message ${received}, the last one sent was ${before.link.sent}.`, { closeCode: CLOSE_CODES.badRequest });
  }
  if (before.linkId !== null && before.linkId !== linkId) {
    effect(draft, { type: "close-link", linkId: before.linkId, code: CLOSE_CODES.fenced, reason: "a newer link took its place" });
  }
  if (received < before.link.acked) {
    patch(draft, { lease: { ...before, linkId } });
    sandboxLost(draft, { code: "sandbox-state-lost", message: "The sandbox came back without its memory of what it was told." });
    return null;
  }
  const phase = before.phase === "ready" ? "ready" : "linked";
  const lease = { ...before, phase, linkId, linkVersion: version, link: acked(before.link, received) } as const;
  patch(draft, { lease });
  if (phase !== before.phase) {
    emitPhase(draft);
    if (before.phase !== "linked") emit(draft, { type: "workspace.status", data: { phase: "preparing" } });
  }
  effect(draft, { type: "send-frame", linkId, frame: { type: "welcome", version, received: lease.link.received } });
  for (const held of toResend(lease.link)) sendHeld(draft, lease, held);
  if (lease.configRevision === 0) sendSettings(draft);
  clearDeadlines(draft, "link", "probe");
  // What was saved may be large, and so may a repository: filling the folder may take what is left of the start.
  const { start, checkpoint, workspace } = draft.state;
  if (start !== null && (checkpoint !== null || workspace.kind === "repo") && phase !== before.phase) setDeadline(draft, "attempt", start.deadlineAtMs - draft.nowMs);
  const { run } = draft.state;
  if (run !== null && !run.accepted) setDeadline(draft, "accept", TIMINGS.acceptMs);
  watchRun(draft);
  advance(draft);
  return null;
}

/** The close of a socket that was replaced says nothing. */
export function linkClosed(draft: Draft, { linkId }: InputOf<"link-closed">): null {
  if (currentLease(draft).linkId === linkId) linkLost(draft);
  return null;
}

/** The session hangs up so that the runtime dials again; until then the link counts as lost. */
export function hangUp(draft: Draft, reason: string): void {
  const { linkId } = currentLease(draft);
  if (linkId !== null) effect(draft, { type: "close-link", linkId, code: CLOSE_CODES.internal, reason });
  linkLost(draft);
}

export function downAcked(draft: Draft, { n }: InputOf<"down-acked">): Refusal | null {
  const lease = currentLease(draft);
  if (!canHaveReceived(lease.link, n)) {
    return refuse("bad-request", `Message ${n} was never sent, the last one was ${lease.link.sent}.`, { closeCode: CLOSE_CODES.badRequest });
  }
  if (n > lease.link.acked) patch(draft, { lease: { ...lease, link: acked(lease.link, n) } });
  return null;
}
