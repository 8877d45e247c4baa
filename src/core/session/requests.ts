/** Permissions and questions: asked by the agent, answered by a person, once. They wait as long as the run lives. */
import type { Answer, UpMessage } from "@berth/protocol";
import type { OpenRequest } from "../run/run.ts";
import { AGENT, SYSTEM, clearDeadlines, emit, patch, refuse, touch, type Draft } from "./draft.ts";
import { sendDown } from "./down.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import { ANSWERED_MAX } from "./session.timings.ts";
import { watchRun } from "./watch.ts";

type Asked = Extract<UpMessage, { type: "permission-asked" | "question-asked" }>;

/** A request that is open or answered already is not asked again. */
export function requestAsked(draft: Draft, message: Asked): void {
  const { run, answered } = draft.state;
  const { requestId } = message;
  if (run === null || answered.includes(requestId) || run.requests.some((request) => request.requestId === requestId)) return;
  const kind = message.type === "permission-asked" ? "permission" : "question";
  patch(draft, { run: { ...run, requests: [...run.requests, { requestId, kind }] } });
  const ids = { messageId: run.messageId, runId: run.runId, actor: AGENT };
  if (message.type === "permission-asked") {
    const { tool, title, patterns, detail } = message;
    emit(draft, { type: "permission.asked", data: { requestId, tool, title, patterns, ...(detail ? { detail } : {}) }, ...ids });
  } else {
    emit(draft, { type: "question.asked", data: { requestId, questions: message.questions }, ...ids });
  }
  waitOrGoOn(draft);
}

export function answerGiven(draft: Draft, { requestId, answer, author }: InputOf<"answer-given">): Refusal | null {
  const { run, answered } = draft.state;
  const request = run?.requests.find((open) => open.requestId === requestId);
  if (!run || !request) {
    if (answered.includes(requestId)) return refuse("conflict", `Request ${requestId} was answered already.`);
    return refuse("not-found", `No open request has the id ${requestId}.`);
  }
  if (answer.kind !== request.kind && answer.kind !== "reject") {
    return refuse("invalid-field", `Request ${requestId} is a ${request.kind}; answer it with kind "${request.kind}" or "reject".`);
  }
  closeRequest(draft, request, answer, author.actor);
  sendDown(draft, { type: "answer", requestId, answer });
  touch(draft);
  waitOrGoOn(draft);
  return null;
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

function closeRequest(draft: Draft, { requestId }: OpenRequest, answer: Answer, actor: typeof SYSTEM): void {
  const { run, answered } = draft.state;
  if (run === null) return;
  const requests = run.requests.filter((request) => request.requestId !== requestId);
  patch(draft, { run: { ...run, requests }, answered: [...answered, requestId].slice(-ANSWERED_MAX) });
  emit(draft, { type: "request.answered", data: { requestId, answer }, messageId: run.messageId, runId: run.runId, actor });
}

/** The session waits for the oldest open request, or goes on. */
function waitOrGoOn(draft: Draft): void {
  const oldest = draft.state.run?.requests[0];
  patch(draft, oldest ? { status: "waiting", waitingFor: oldest.kind } : { status: "running", waitingFor: null });
  if (oldest) clearDeadlines(draft, "idle");
  else watchRun(draft);
}
