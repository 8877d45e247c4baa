/** Permissions and questions: asked by the agent, answered by a person, once. They wait as long as the run lives. */
import type { Actor, Answer, UpMessage } from "@berth/protocol";
import type { OpenRequest } from "../run/run.ts";
import { AGENT, SYSTEM, clearDeadlines, emit, patch, refuse, touch, type Draft } from "./draft.ts";
import { sendDown } from "./down.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import { whyNotJoin } from "./own-model.ts";
import { whyNotHeard } from "./own-secrets.ts";
import { ANSWERED_MAX } from "./session.timings.ts";
import { hear } from "./sole-author.ts";
import { watchRun } from "./watch.ts";

type Asked = Extract<UpMessage, { type: "permission-asked" | "question-asked" }>;

/** A request that is open or answered already is not asked again. */
export function requestAsked(draft: Draft, message: Asked): void {
  const { run, answered } = draft.state;
  const { requestId } = message;
  if (run === null || answered.includes(requestId) || run.requests.some((request) => request.requestId === requestId)) return;
  patch(draft, { run: { ...run, requests: [...run.requests, openRequest(message)] } });
  const ids = { messageId: run.messageId, runId: run.runId, actor: AGENT };
  if (message.type === "permission-asked") {
    const { tool, title, patterns, detail } = message;
    emit(draft, { type: "permission.asked", data: { requestId, tool, title, patterns, ...(detail ? { detail } : {}) }, ...ids });
  } else {
    emit(draft, { type: "question.asked", data: { requestId, questions: message.questions }, ...ids });
  }
  answerGranted(draft);
  waitOrGoOn(draft);
}

const SUMMARY_UNITS_MAX = 2_000;

function openRequest(message: Asked): OpenRequest {
  const { requestId } = message;
  if (message.type === "permission-asked") {
    const { tool, title, patterns } = message;
    return { requestId, kind: "permission", summary: `to use ${tool}: ${title}`.slice(0, SUMMARY_UNITS_MAX), tool, patterns };
  }
  const summary = message.questions.map(({ question }) => question).join(" ");
  return { requestId, kind: "question", summary: summary.slice(0, SUMMARY_UNITS_MAX), tool: null, patterns: [] };
}

/** What a person allowed to the agent that was lost, the one that goes on with its work need not wait for again; once. */
function answerGranted(draft: Draft): void {
  const { run, current } = draft.state;
  const request = run?.requests.at(-1);
  const followUp = current?.followUp;
  if (!run || !request || !current || !followUp) return;
  const grant = followUp.granted.find(({ tool, patterns }) => tool === request.tool && patterns.join("\n") === request.patterns.join("\n"));
  if (!grant) return;
  const granted = followUp.granted.filter((one) => one !== grant);
  patch(draft, { current: { ...current, followUp: { ...followUp, granted } } });
  const answer: Answer = { kind: "permission", reply: "once" };
  closeRequest(draft, request, answer, SYSTEM);
  sendDown(draft, { type: "answer", requestId: request.requestId, answer });
}

export function runAnswered(draft: Draft, { requestId, answer, author }: InputOf<"answer-given">): Refusal | null {
  const { run, answered } = draft.state;
  const request = run?.requests.find((open) => open.requestId === requestId);
  if (!run || !request) {
    if (answered.includes(requestId)) return refuse("conflict", `Request ${requestId} was answered already.`);
    return refuse("not-found", `No open request has the id ${requestId}.`);
  }
  const refusal = wrongKind(request, answer);
  const barred = refusal ?? whyNotJoin(draft.state, run.model, author.actor) ?? whyNotHeard(draft.state, author.actor);
  if (barred) return barred;
  closeRequest(draft, request, answer, author.actor);
  hear(draft, author.actor);
  sendDown(draft, { type: "answer", requestId, answer });
  touch(draft);
  waitOrGoOn(draft);
  return null;
}

/** An answer of the wrong kind; rejecting is always right. */
export function wrongKind({ requestId, kind }: OpenRequest, answer: Answer): Refusal | null {
  if (answer.kind === kind || answer.kind === "reject") return null;
  return refuse("invalid-field", `Request ${requestId} is a ${kind}; answer it with kind "${kind}" or "reject".`, { pointer: "/answer/kind" });
}

/** The agent does not wait for it any more. */
export function requestGone(draft: Draft, requestId: string): void {
  const request = draft.state.run?.requests.find((open) => open.requestId === requestId);
  if (!request) return;
  closeRequest(draft, request, { kind: "reject" }, AGENT);
  waitOrGoOn(draft);
}

/** The run ends: what is still open is closed in the log, so that nobody is asked in vain. */
export function closeRequests(draft: Draft): void {
  for (const request of draft.state.run?.requests ?? []) closeRequest(draft, request, { kind: "reject" }, SYSTEM);
}

function closeRequest(draft: Draft, { requestId }: OpenRequest, answer: Answer, actor: Actor): void {
  const { run } = draft.state;
  if (run === null) return;
  patch(draft, { run: { ...run, requests: run.requests.filter((request) => request.requestId !== requestId) } });
  requestAnswered(draft, run, requestId, answer, actor);
}

export function requestAnswered(
  draft: Draft,
  { messageId, runId }: { readonly messageId: string; readonly runId?: string },
  requestId: string,
  answer: Answer,
  actor: Actor,
): void {
  patch(draft, { answered: [...draft.state.answered, requestId].slice(-ANSWERED_MAX) });
  emit(draft, { type: "request.answered", data: { requestId, answer }, messageId, ...(runId === undefined ? {} : { runId }), actor });
}

/** The session waits for the oldest open request, else for room under a cap, or goes on. */
export function waitOrGoOn(draft: Draft): void {
  const { run, pause } = draft.state;
  const waitingFor = run?.requests[0]?.kind ?? (pause === null ? null : "budget");
  patch(draft, { status: waitingFor === null ? "running" : "waiting", waitingFor });
  if (waitingFor !== null) clearDeadlines(draft, "idle");
  else watchRun(draft);
}
