/** Permissions and questions. */
import type { UpMessage } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { Driver, brief } from "./testing.ts";

const PERMISSION: UpMessage = { type: "permission-asked", messageId: "msg_1", requestId: "req_1", tool: "bash", title: "rm -rf dist", patterns: ["rm *"] };
const QUESTION: UpMessage = { type: "question-asked", messageId: "msg_1", requestId: "req_2", questions: [{ question: "Which?", options: [{ label: "a" }] }] };
const ONCE = { kind: "permission", reply: "once" } as const;
const CHOICE = { kind: "question", answers: [["a"]] } as { kind: "question"; answers: string[][] };

function asked(...messages: readonly UpMessage[]): Driver {
  const session = new Driver();
  session.ready();
  session.run(1);
  for (const message of messages) session.up(message);
  return session;
}

verifies("SES28", "a permission makes the session wait, and the answer goes down and lets it run on", () => {
  const session = asked(PERMISSION);
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "permission" });
  expect(session.last.events.map(brief)).toEqual(["permission.asked req_1", "session.status waiting"]);
  const answered = session.take("answer-given", { requestId: "req_1", answer: ONCE });
  expect(answered.events).toMatchObject([
    { type: "request.answered", data: { requestId: "req_1", answer: ONCE }, actor: { id: "usr_alice" }, runId: "run_1" },
    { type: "session.status", data: { status: "running" } },
  ]);
  expect(answered.effects[0]).toMatchObject({ type: "send-frame", frame: { type: "down", body: { type: "answer", requestId: "req_1", answer: ONCE } } });
});

verifies("SES28", "with two requests the session waits for the oldest, and runs when both are answered", () => {
  const session = asked(PERMISSION, QUESTION, QUESTION);
  expect(session.state.run?.requests).toHaveLength(2);
  session.take("answer-given", { requestId: "req_1", answer: { kind: "reject" } });
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "question" });
  session.take("answer-given", { requestId: "req_2", answer: CHOICE });
  expect(session.state.status).toBe("running");
});

verifies("SES28", "a request is answerable a day later, over a link that was away when it was answered", () => {
  const session = asked(QUESTION);
  for (let minute = 0; minute < 2 * 24 * 60; minute += 1) {
    session.wait(30_000);
    session.take("heartbeat-received", { running: "question" });
  }
  session.unlink();
  session.take("answer-given", { requestId: "req_2", answer: CHOICE });
  expect(session.state.status).toBe("running");
  session.link(2);
  expect(session.last.effects.map(brief)).toContain("send answer");
});

verifies(["SES29", "SES31"], "an unknown request, a second answer and an answer of the wrong kind are told apart", () => {
  const session = asked(PERMISSION, QUESTION);
  const before = session.state;
  expect(session.take("answer-given", { requestId: "req_9", answer: ONCE }).refusal?.problem).toBe("not-found");
  expect(session.take("answer-given", { requestId: "req_2", answer: ONCE }).refusal?.problem).toBe("invalid-field");
  expect(session.state).toBe(before);
  session.take("answer-given", { requestId: "req_1", answer: ONCE });
  expect(session.take("answer-given", { requestId: "req_1", answer: ONCE }).refusal?.problem).toBe("conflict");
  session.end(1);
  expect(session.take("answer-given", { requestId: "req_1", answer: ONCE }).refusal?.problem).toBe("conflict");
});

verifies("SES30", "a request that the agent gave up is closed, and the session runs on", () => {
  const session = asked(PERMISSION);
  session.up({ type: "request-gone", requestId: "req_1" });
  expect(session.last.events).toMatchObject([{ type: "request.answered", data: { answer: { kind: "reject" } }, actor: { kind: "agent" } }, { type: "session.status" }]);
  expect(session.state.status).toBe("running");
  session.up({ type: "request-gone", requestId: "req_1" });
  expect(session.last.events).toEqual([]);
});

verifies("SES30", "requests that are open when their run ends are closed before it ends", () => {
  const session = asked(PERMISSION, QUESTION);
  expect(session.end(1, "stopped").events.map(brief)).toEqual([
    "request.answered req_1",
    "request.answered req_2",
    "message.status stopped",
    "run.ended stopped",
    "session.status idle",
  ]);
});
