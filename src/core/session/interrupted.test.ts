/** Runs that were cut off: policies, a person's choice, questions that outlive their agent. */
import type { OnInterruption, UpMessage } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { Driver, brief } from "./testing.ts";

function cutOff(onInterruption: OnInterruption, ...asked: readonly UpMessage[]): Driver {
  const session = new Driver({ onInterruption });
  session.ready();
  session.run(1);
  session.send(2);
  for (const message of asked) session.up(message);
  lose(session);
  return session;
}

function lose(session: Driver): void {
  session.unlink();
  session.take("sandbox-described", { phase: "gone", failure: null });
}

const PERMISSION = { type: "permission-asked", messageId: "msg_1", requestId: "req_1", tool: "bash", title: "rm -r out", patterns: ["rm *"] } satisfies UpMessage;
const QUESTION = { type: "question-asked", messageId: "msg_1", requestId: "req_2", questions: [{ question: "Which one?", options: [] }] } as UpMessage;
const CHOICE = { kind: "question", answers: [["left"]] } as never;

verifies("SES39", "a session that continues gives the agent a new message before the others, with another sandbox", () => {
  const session = cutOff("continue");
  expect(session.state).toMatchObject({ status: "starting", queue: [{ messageId: "msg_1.2", runId: "run_1.2" }, { messageId: "msg_2" }] });
  expect(session.last.events).toContainEqual(
    expect.objectContaining({ type: "message.queued", messageId: "msg_1.2", data: expect.objectContaining({ continues: "msg_1", position: 0 }) }),
  );
  expect(session.messages.get("msg_1")?.status).toBe("interrupted");
  expect(session.messages.get("msg_1.2")).toMatchObject({ continues: "msg_1", text: expect.stringContaining("do not repeat what is done") });
  session.ready();
  expect(session.state.current).toMatchObject({ messageId: "msg_1.2", apiKeyId: "key_alice" });
});

verifies("SES39", "a session that retries sends the same text again as a message of its own", () => {
  const session = cutOff("retry");
  expect(session.messages.get("msg_1.2")).toMatchObject({ retryOf: "msg_1", text: "prompt 1", status: "queued" });
});

verifies("SES39", "a session that fails interrupted runs goes on with the queue", () => {
  const session = cutOff("fail");
  expect(session.messages.get("msg_1")?.status).toBe("failed");
  session.ready();
  expect(session.state.current?.messageId).toBe("msg_2");
});

verifies("SES39", "the fourth time in a row a person is asked", () => {
  const session = cutOff("continue");
  for (const number of [2, 3, 4]) {
    session.ready();
    session.up({ type: "accepted", messageId: `msg_1.${number}` });
    lose(session);
  }
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "interrupted", interrupted: { message: { messageId: "msg_1.4" } } });
  session.take("resume-requested", { interrupted: "continue" });
  expect(session.state.queue[0]).toMatchObject({ messageId: "msg_1.5", followUp: { automatic: 0 } });
});

verifies("SES40", "a person continues, does again or skips what was interrupted", () => {
  for (const [choice, head] of [["continue", "msg_1.2"], ["retry", "msg_1.2"], ["skip", "msg_2"]] as const) {
    const session = cutOff("ask");
    expect(session.state).toMatchObject({ status: "waiting", waitingFor: "interrupted" });
    session.take("resume-requested", { interrupted: choice });
    session.ready();
    expect(session.state.current?.messageId).toBe(head);
  }
});

verifies("SES40", "a new prompt skips what was interrupted", () => {
  const session = cutOff("ask");
  session.send(3);
  session.ready();
  expect(session.state.current?.messageId).toBe("msg_2");
  expect(session.state.queue.map(({ messageId }) => messageId)).toEqual(["msg_3"]);
});

verifies("SES41", "questions of a lost agent stay open, and the last answer makes another go on with the answers", () => {
  const session = cutOff("continue", PERMISSION, QUESTION);
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "permission", run: null });
  expect(session.events.map(brief)).not.toContain("request.answered req_1");
  session.wait(24 * 3_600_000);
  session.send(3);
  expect(session.state.status).toBe("waiting");
  session.take("answer-given", { requestId: "req_1", answer: { kind: "permission", reply: "once" } });
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "question" });
  expect(session.take("answer-given", { requestId: "req_1", answer: { kind: "reject" } }).refusal?.problem).toBe("conflict");
  session.take("answer-given", { requestId: "req_2", answer: CHOICE });
  expect(session.state.status).toBe("starting");
  session.ready();
  const text = session.messages.get("msg_1.2")?.text;
  expect(text).toContain("Which one?\nThe answer is: left");
  expect(text).toContain("to use bash: rm -r out\nThe answer is: allowed");
});

verifies("SES41", "an answer after the run's end is not an event of the run, whose record is in the history by then", () => {
  const session = cutOff("ask", PERMISSION);
  session.take("answer-given", { requestId: "req_1", answer: { kind: "permission", reply: "once" } });
  const answered = session.last.events.find(({ type }) => type === "request.answered");
  expect(answered).toMatchObject({ messageId: "msg_1", data: { requestId: "req_1" } });
  expect(answered?.runId).toBeUndefined();
});

verifies("SES41", "what was allowed is answered at once when it is asked again, and only once", () => {
  const session = cutOff("ask", PERMISSION);
  session.take("answer-given", { requestId: "req_1", answer: { kind: "permission", reply: "once" } });
  session.ready();
  session.up({ ...PERMISSION, messageId: "msg_1.2", requestId: "req_5" });
  expect(session.last.effects.map(brief)).toContain("send answer");
  expect(session.last.events.map(brief)).toContain("request.answered req_5");
  expect(session.state.status).toBe("running");
  session.up({ ...PERMISSION, messageId: "msg_1.2", requestId: "req_6" });
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "permission" });
});

verifies("SES41", "stopping or skipping lets the open questions go", () => {
  for (const [type, rest] of [["stop-requested", {}], ["resume-requested", { interrupted: "skip" }]] as const) {
    const session = cutOff("ask", QUESTION);
    session.take(type, rest as never);
    expect(session.last.events.map(brief)).toContain("request.answered req_2");
    session.ready();
    expect(session.state.current?.messageId).toBe("msg_2");
  }
});
