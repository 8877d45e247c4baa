/** A run's life inside the session: dispatch, acceptance, end. */
import type { Actor, Failure, Part, RunOutcome, Usage } from "@berth/protocol";
import { invariant } from "../kernel/assert.ts";
import { countLate, rememberEnded } from "../run/ended-run.ts";
import { endedRun, meter, type ActiveRun, type OpenPart, type OpenRequest } from "../run/run.ts";
import { countedFor } from "./counted-for.ts";
import { clearDeadlines, emit, moveMessage, patch, setDeadline, touch, type Draft } from "./draft.ts";
import { sendDown, sendSettings } from "./down.ts";
import { closeRequests } from "./requests.ts";
import type { RunHistoryPayload } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import type { QueuedMessage, SessionState } from "./session.state.ts";
import { TIMINGS } from "./session.timings.ts";
import { hear } from "./sole-author.ts";
import { steersEnded } from "./steering.ts";
import { watchRun } from "./watch.ts";

/** Takes the head of the queue and sends it down. The run begins here: from now on it may have effects. */
export function dispatch(draft: Draft): void {
  const [message, ...queue] = draft.state.queue;
  const { lease } = draft.state;
  invariant(message && lease?.phase === "ready" && draft.state.run === null, "nothing to dispatch, or nothing to take it");
  sendSettings(draft);
  const run: ActiveRun = {
    runId: message.runId,
    messageId: message.messageId,
    epoch: lease.epoch,
    author: message.author,
    apiKeyId: message.apiKeyId,
    userId: message.userId,
    model: message.model,
    startedAtMs: draft.nowMs,
    accepted: false,
    acceptMisses: 0,
    stopping: null,
    metered: null,
    openParts: [],
    requests: [],
  };
  patch(draft, { queue, current: message, run, status: "running", waitingFor: null, failure: null });
  hear(draft, message.author);
  moveMessage(draft, message, "dispatched");
  emit(draft, {
    type: "run.started",
    data: { model: run.model, epoch: run.epoch },
    messageId: run.messageId,
    runId: run.runId,
    actor: run.author,
  });
  sendDown(draft, { type: "prompt", messageId: message.messageId });
  setDeadline(draft, "accept", TIMINGS.acceptMs);
}

/** The runtime has it on its disk; any sign of the turn says so too. */
export function accept(draft: Draft): void {
  const { run, current } = draft.state;
  if (run === null || current === null || run.accepted) return;
  patch(draft, { run: { ...run, accepted: true } });
  clearDeadlines(draft, "accept");
  moveMessage(draft, current, "running");
  watchRun(draft);
}

/** Asks the agent to stop. The turn's end confirms it; the deadline makes sure. */
export function interrupt(draft: Draft, reason: "person" | "stalled", actor?: Actor): void {
  const { run } = draft.state;
  if (run === null || run.stopping !== null) return;
  patch(draft, { run: { ...run, stopping: reason } });
  emit(draft, { type: "run.stopping", data: { reason }, ...ofRun(run), ...(actor ? { actor } : {}) });
  sendDown(draft, { type: "interrupt", messageId: run.messageId });
  setDeadline(draft, "stop", TIMINGS.stopMs);
}

const STALLED: Failure = {
  code: "run-stalled",
  message: `Nothing moved in this run for ${TIMINGS.runIdleMs / 60_000} minutes, so it was stopped.`,
  fix: "Send the message again.",
};

/** How an agent ends a turn whose next model call found no room. */
export const BUDGET_REACHED = "budget-reached";

/** A stop that was asked for explains every end but a completed one; the policy may make a failure of an interruption. */
function settle({ run, onInterruption, pause }: SessionState, outcome: RunOutcome, failure: Failure | null): { outcome: RunOutcome; failure: Failure | null } {
  if (outcome === "completed") return { outcome, failure };
  if (run?.stopping === "person") return { outcome: "stopped", failure: null };
  if (run?.stopping === "stalled") return { outcome: "failed", failure: STALLED };
  const isPaused = pause !== null && failure?.code === BUDGET_REACHED;
  return { outcome: outcome === "interrupted" && onInterruption === "fail" && !isPaused ? "failed" : outcome, failure };
}

export interface EndedRun {
  readonly outcome: RunOutcome;
  /** It stopped between two model calls, since there was no room for the next. */
  readonly byBudget: boolean;
  readonly message: QueuedMessage;
  /** Requests that stay open, since another agent may go on with what was cut off. */
  readonly parked: readonly OpenRequest[];
}

/** Ends the run in the log and hands its record to the run history. The caller decides what follows. */
export function endRun(
  draft: Draft,
  end: { readonly outcome: RunOutcome; readonly failure?: Failure | null; readonly agentUsage?: Usage | null },
): EndedRun {
  const { run, current, onInterruption, pause } = draft.state;
  invariant(run && current, "there is no run to end");
  for (const part of run.openParts) emit(draft, { type: "part.ended", data: { part: cutPart(draft, part) }, ...ofRun(run) });
  const { outcome, failure } = settle(draft.state, end.outcome, end.failure ?? null);
  const byBudget = outcome === "interrupted" && pause !== null && failure?.code === BUDGET_REACHED;
  const parked = outcome === "interrupted" && (byBudget || onInterruption !== "retry") ? run.requests : [];
  if (parked.length === 0) closeRequests(draft);
  const record = endedRun(draft.state.sessionId, run, { outcome, failure, agentUsage: end.agentUsage ?? null }, draft.nowMs);
  moveMessage(draft, current, outcome, failure === null ? {} : { failure });
  emit(draft, {
    type: "run.ended",
    data: { outcome, usage: record.usage, costMicros: record.costMicros, ...(failure === null ? {} : { failure }) },
    ...ofRun(run),
  });
  const payload: RunHistoryPayload = { run: record };
  draft.outbox.push({ id: `run-${run.runId}`, target: "run-history", payload: JSON.stringify(payload), nextAttemptAtMs: draft.nowMs });
  const endedRuns = rememberEnded(draft.state.endedRuns, { run: record, metered: run.metered, revision: 0 }, draft.nowMs);
  patch(draft, { run: null, current: null, waitingFor: null, endedRuns, lastUserId: countedFor(draft.state) });
  clearDeadlines(draft, "accept", "heartbeat", "idle", "stop");
  steersEnded(draft, run.messageId, outcome);
  touch(draft);
  return { outcome, byBudget, message: current, parked };
}

/**
 * The broker's count of a model call made during the run. One that comes soon after the run's end makes its record be reported
 * again; what belongs to no run that is known is in the ledger alone.
 */
export function usageReported(draft: Draft, { runId, usage, costMicros }: InputOf<"usage-reported">): null {
  const { run, endedRuns } = draft.state;
  if (run !== null && run.runId === runId) {
    patch(draft, { run: meter(run, usage, costMicros) });
    return null;
  }
  const ended = countLate(endedRuns, runId, { usage, costMicros }, draft.nowMs);
  if (ended === null) return null;
  patch(draft, { endedRuns: endedRuns.map((known) => (known.run.id === runId ? ended : known)) });
  const payload: RunHistoryPayload = { run: ended.run, revision: ended.revision };
  draft.outbox.push({ id: `run-${runId}-${ended.revision}`, target: "run-history", payload: JSON.stringify(payload), nextAttemptAtMs: draft.nowMs });
  return null;
}

export function ofRun(run: ActiveRun): { readonly messageId: string; readonly runId: string } {
  return { messageId: run.messageId, runId: run.runId };
}

/** The end of a part whose own end will not come: the text that was seen, or a tool that did not finish. */
function cutPart(draft: Draft, { id, kind, tool }: OpenPart): Part {
  const text = draft.openPartTexts[id] ?? "";
  if (tool === null) return { id, kind, text };
  return { id, kind, tool: { ...tool, status: "failed", ...(text === "" ? {} : { output: text }), error: "The run ended before this tool did." } };
}
