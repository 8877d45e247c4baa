/**
 * A run that was cut off: what the session's policy or a person makes of it. Nothing is executed again unless one of them
 * says so, and then it is a message of its own.
 */
import type { Answer } from "@berth/protocol";
import type { OpenRequest } from "../run/run.ts";
import { isAlive } from "../sandbox/lease.ts";
import { behind } from "./counted-for.ts";
import { emit, patch, SYSTEM, touch, upsertMessage, type Draft } from "./draft.ts";
import { whyNotJoin } from "./own-model.ts";
import { giveBackSoon } from "./pause.ts";
import { advance } from "./queue.ts";
import { requestAnswered, runAnswered, wrongKind } from "./requests.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputAuthor, InputOf } from "./session.inputs.ts";
import type { FollowUp, Interrupted, QueuedMessage } from "./session.state.ts";
import { AUTOMATIC_MAX } from "./session.timings.ts";
import { hear } from "./sole-author.ts";
import type { EndedRun } from "./turn.ts";

/** What comes after a run: an interrupted one is settled by the policy, after any other the queue goes on. */
export function afterRun(draft: Draft, { outcome, byBudget, message, parked }: EndedRun): void {
  patch(draft, { status: "idle", waitingFor: null });
  if (!byBudget) dropPause(draft);
  if (outcome !== "interrupted") return advance(draft);
  const interrupted: Interrupted = { message, requests: parked, notes: [], granted: [], byBudget };
  if (byBudget) return waitForPerson(draft, interrupted);
  const { onInterruption } = draft.state;
  const automatic = (message.followUp?.automatic ?? 0) + 1;
  const decided = onInterruption === "continue" || onInterruption === "retry" ? onInterruption : null;
  if (decided === null || parked.length > 0 || automatic > AUTOMATIC_MAX) return waitForPerson(draft, interrupted);
  enqueueFollowUp(draft, interrupted, decided, automatic, authorOf(message));
  advance(draft);
}

/** The oldest question that is still open, or else room under a cap, or what to do. */
function waitForPerson(draft: Draft, interrupted: Interrupted): void {
  const { pause } = draft.state;
  const waitingFor = interrupted.requests[0]?.kind ?? (pause === null ? "interrupted" : "budget");
  patch(draft, { status: "waiting", waitingFor, failure: null, interrupted });
  if (pause !== null) giveBackSoon(draft, pause.reached);
}

/** A run that ended by itself needs no room any more. Without a sandbox's time the next one would not get far. */
function dropPause(draft: Draft): void {
  const { pause, queue } = draft.state;
  if (pause === null) return;
  if (pause.by === "sandbox") giveBackSoon(draft, pause.reached);
  if (pause.by === "call" || queue.length === 0) patch(draft, { pause: null });
}

/** There is room again for what stopped between two model calls, or for what waits. */
export function goOnAfterPause(draft: Draft): void {
  const { interrupted } = draft.state;
  if (interrupted !== null && (interrupted.requests.length > 0 || !interrupted.byBudget)) return waitForPerson(draft, interrupted);
  if (interrupted !== null) enqueueFollowUp(draft, interrupted, "continue", 0, authorOf(interrupted.message));
  patch(draft, { interrupted: null, status: "idle", waitingFor: null });
  advance(draft);
}

/** A person says what becomes of what was cut off, and the session goes on. */
export function settleInterrupted(draft: Draft, choice: "skip" | FollowUp["kind"], author: InputAuthor): void {
  const { interrupted } = draft.state;
  if (interrupted === null) return;
  for (const { requestId } of interrupted.requests) {
    requestAnswered(draft, afterItsRun(interrupted), requestId, { kind: "reject" }, SYSTEM);
  }
  if (choice !== "skip") enqueueFollowUp(draft, interrupted, choice, 0, author);
  patch(draft, { interrupted: null, status: "idle", waitingFor: null, failure: null });
}

/** An answer to the running agent, or to one that is gone: then the last answer makes another agent go on with the work. */
export function answerGiven(draft: Draft, input: InputOf<"answer-given">): Refusal | null {
  const { requestId, answer, author } = input;
  const { interrupted } = draft.state;
  const request = interrupted?.requests.find((open) => open.requestId === requestId);
  if (!interrupted || !request) return runAnswered(draft, input);
  const refusal = wrongKind(request, answer);
  const barred = refusal ?? whyNotJoin(draft.state, interrupted.message.model, author.actor);
  if (barred) return barred;
  requestAnswered(draft, afterItsRun(interrupted), requestId, answer, author.actor);
  hear(draft, author.actor);
  const next = withAnswer(interrupted, request, answer);
  touch(draft);
  if (next.requests.length > 0) {
    waitForPerson(draft, next);
    return null;
  }
  enqueueFollowUp(draft, next, "continue", 0, author);
  patch(draft, { interrupted: null, status: "idle", waitingFor: null, failure: null });
  advance(draft);
  return null;
}

/** The run is over and its events are in the history: what comes now belongs to the message alone. */
function afterItsRun({ message: { messageId } }: Interrupted): { readonly messageId: string } {
  return { messageId };
}

function withAnswer(interrupted: Interrupted, request: OpenRequest, answer: Answer): Interrupted {
  const { tool, patterns } = request;
  const allows = answer.kind === "permission" && answer.reply !== "reject" && tool !== null;
  return {
    ...interrupted,
    requests: interrupted.requests.filter((open) => open !== request),
    notes: [...interrupted.notes, `You had asked: ${request.summary}\nThe answer is: ${inWords(answer)}`],
    granted: allows ? [...interrupted.granted, { tool, patterns }] : interrupted.granted,
  };
}

function inWords(answer: Answer): string {
  if (answer.kind === "question") return answer.answers.map((labels) => labels.join(", ")).join("; ");
  return answer.kind === "permission" && answer.reply !== "reject" ? "allowed" : "rejected";
}

const ABANDONED =
  "You were cut off while you were working on the last message; the files are as you left them. Look at what is there first, then go on with the task from that point, and do not repeat what is done.";
const PAUSED =
  "You were paused between two steps because a spending cap was reached. Nothing was lost: every result you had is still here. Go on with the task from where you were, and do not repeat what is done.";
const RESTORED =
  "The sandbox was lost while you were working on the last message. It has been restored from its last checkpoint, so the last steps may be missing. Look at what is there first, then go on with the task from that point, and do not repeat what is done.";

/** At the queue's head, with an id made of the old one: the core draws no random numbers. */
function enqueueFollowUp(draft: Draft, { message, notes, granted, byBudget }: Interrupted, kind: FollowUp["kind"], automatic: number, author: InputAuthor): void {
  const followUp: FollowUp = { kind, of: message.messageId, automatic, granted };
  const next: QueuedMessage = {
    ...message,
    messageId: successor(message.messageId),
    runId: successor(message.runId),
    text: kind === "retry" ? message.text : [byBudget ? PAUSED : isAlive(draft.state.lease) ? ABANDONED : RESTORED, ...notes].join("\n\n"),
    author: author.actor,
    apiKeyId: author.apiKeyId,
    userId: behind(author),
    createdAtMs: draft.nowMs,
    delivery: "queue",
    followUp,
  };
  patch(draft, { queue: [next, ...draft.state.queue] });
  emit(draft, {
    type: "message.queued",
    data: { text: next.text, model: next.model, position: 0, [kind === "retry" ? "retryOf" : "continues"]: message.messageId },
    messageId: next.messageId,
    runId: next.runId,
    actor: next.author,
  });
  upsertMessage(draft, next, "queued");
}

function authorOf({ author, apiKeyId, userId }: QueuedMessage): InputAuthor {
  return { actor: author, apiKeyId, ...(userId === null ? {} : { userId }) };
}

/** `msg_1` → `msg_1.2` → `msg_1.3`. */
function successor(id: string): string {
  const [base, number] = id.split(".");
  return `${base}.${number === undefined ? 2 : Number(number) + 1}`;
}
