/** A session's beginning, its end, and what people do to it as a whole. */
import { CLOSE_CODES } from "@berth/protocol";
import { isAlive } from "../sandbox/lease.ts";
import { settleCompute } from "./compute.ts";
import { effect, emit, moveMessage, patch, touch, type Draft } from "./draft.ts";
import { currentLease, describe, linkLost } from "./lease.ts";
import { behind } from "./counted-for.ts";
import { settleInterrupted } from "./interrupted.ts";
import { goOn } from "./prompt.ts";
import { whyNotJoin } from "./own-model.ts";
import { policyRestored } from "./policy.ts";
import { advance, enqueueMessage } from "./queue.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import { STATE_VERSION, type SessionState } from "./session.state.ts";
import { destroyRetired } from "./release.ts";
import { createSandbox, repeatAttempt, startSandbox } from "./start.ts";
import { steersLost } from "./steering.ts";
import { endRun, interrupt } from "./turn.ts";

export const UNTITLED = "New session";

/** The state before the first step's effects: opened, and nothing done yet. */
export function newSession(input: InputOf<"session-opened">): SessionState {
  const { providers, permissions, gitIdentity } = input;
  return {
    version: STATE_VERSION,
    revision: 0,
    orgId: input.orgId,
    sessionId: input.sessionId,
    title: input.title ?? UNTITLED,
    titleByPerson: input.title !== undefined,
    model: input.model,
    workspace: input.workspace,
    environment: input.environment ?? null,
    ...(input.agent === undefined ? {} : { agent: input.agent }),
    metadata: input.metadata,
    externalUserId: input.externalUserId,
    createdBy: input.author.actor,
    createdByUserId: behind(input.author),
    lastUserId: behind(input.author),
    heard: "nobody",
    createdAtMs: input.nowMs,
    lastActiveAtMs: input.nowMs,
    status: "idle",
    waitingFor: null,
    failure: null,
    onInterruption: input.onInterruption ?? "ask",
    settings: { revision: 1, providers, permissions, gitIdentity },
    demoOnly: input.demoOnly,
    backends: input.backends,
    epoch: 0,
    lease: null,
    start: null,
    retired: [],
    releaseMisses: 0,
    checkpoint: null,
    queue: [],
    current: null,
    run: null,
    steering: [],
    interrupted: null,
    pause: null,
    endedRuns: [],
    answered: [],
    deadlines: {},
  };
}

export function sessionOpened(draft: Draft, { author, prompt }: InputOf<"session-opened">): null {
  const { title, model, workspace, environment, agent } = draft.state;
  emit(draft, { type: "session.created", data: { title, model, workspace, ...(environment ? { environment } : {}), ...(agent ? { agent } : {}) }, actor: author.actor });
  if (prompt !== null) enqueueMessage(draft, prompt, author);
  startSandbox(draft);
  return null;
}

/** Stopping what does not run, or stopping twice, changes nothing. What was cut off and still asks is let go. */
export function stopRequested(draft: Draft, { author }: InputOf<"stop-requested">): null {
  const { run, interrupted, pause } = draft.state;
  if (run === null && pause === null && (interrupted === null || interrupted.requests.length === 0)) return null;
  touch(draft);
  if (run !== null) interrupt(draft, "person", author.actor);
  else {
    letGo(draft);
    settleInterrupted(draft, "skip", author);
    advance(draft);
  }
  return null;
}

/** Goes on with the queue, with a new sandbox where there is none. Nothing runs again unless the person says so. */
export function resumeRequested(draft: Draft, { interrupted, author }: InputOf<"resume-requested">): Refusal | null {
  const { status, interrupted: cutOff, pause, run } = draft.state;
  const isPaused = pause !== null && run === null;
  if (status !== "failed" && status !== "idle" && status !== "hibernated" && cutOff === null && !isPaused) return null;
  const barred = cutOff === null || interrupted === "skip" ? null : whyNotJoin(draft.state, cutOff.message.model, author.actor);
  if (barred) return barred;
  touch(draft);
  letGo(draft);
  settleInterrupted(draft, interrupted, author);
  goOn(draft, author);
  if (draft.state.status === "idle" && !isAlive(draft.state.lease)) startSandbox(draft);
  return null;
}

/** A person does not wait for room under a cap: if there is still none, the session waits for it anew. */
function letGo(draft: Draft): void {
  const { pause, run, interrupted } = draft.state;
  if (pause === null || run !== null) return;
  patch(draft, { pause: null, ...(interrupted === null ? { status: "idle", waitingFor: null } : {}) });
}

/** Everything ends and the sandboxes' files go. What ran is in the run history. */
export function sessionRemoved(draft: Draft, { author }: InputOf<"session-removed">): null {
  if (draft.state.run !== null) endRun(draft, { outcome: "stopped" });
  steersLost(draft);
  for (const message of draft.state.queue) moveMessage(draft, message, "cancelled", { actor: author.actor });
  const { lease, retired } = draft.state;
  if (isAlive(lease)) {
    const { epoch, backend, linkId } = lease;
    settleCompute(draft, epoch, lease.compute);
    emit(draft, { type: "sandbox.status", data: { epoch, phase: "stopped", backend } });
    if (linkId !== null) effect(draft, { type: "close-link", linkId, code: CLOSE_CODES.sessionEnded, reason: "the session was removed" });
    patch(draft, { retired: [...retired, { epoch, backend, stopped: false }] });
  }
  // What was stopped is still to be destroyed.
  patch(draft, { retired: draft.state.retired.map((sandbox) => ({ ...sandbox, stopped: false })), releaseMisses: 0 });
  patch(draft, { status: "ended", waitingFor: null, failure: null, start: null, lease: null, queue: [], interrupted: null, pause: null, deadlines: {} });
  effect(draft, { type: "forget-caps" });
  destroyRetired(draft);
  return null;
}

/** Effects may have been lost with the memory they ran in; what depends on them is asked for again, without doing it twice. */
export function sessionRestored(draft: Draft, { linkId }: InputOf<"session-restored">): null {
  if (draft.state.status === "ended") {
    effect(draft, { type: "forget-caps" });
    destroyRetired(draft);
    return null;
  }
  const { lease } = draft.state;
  if (!isAlive(lease)) return null;
  policyRestored(draft);
  if (linkId !== null && linkId !== lease.linkId) {
    effect(draft, { type: "close-link", linkId, code: CLOSE_CODES.internal, reason: "dial again" });
  }
  if (lease.linkId !== null && linkId !== lease.linkId) linkLost(draft);
  // The answer to an earlier question was lost with the memory, or is as old as what ended the memory.
  else if (lease.linkId === null && lease.phase !== "requested") describe(draft, lease);
  if (currentLease(draft).phase !== "requested") return null;
  if (lease.tokenHash === null) createSandbox(draft);
  else repeatAttempt(draft);
  return null;
}
