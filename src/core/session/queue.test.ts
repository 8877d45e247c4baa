/** The queue of messages. */
import { LIMITS } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { Driver, brief, prompt } from "./testing.ts";

verifies("SES9", "messages run in the order they came, one after the other", () => {
  const session = new Driver();
  session.ready();
  for (const number of [1, 2, 3]) session.send(number);
  expect(session.state.queue.map((message) => message.messageId)).toEqual(["msg_2", "msg_3"]);
  expect(session.events.filter((event) => event.type === "message.queued").map((event) => event.data.position)).toEqual([0, 1, 2]);
  for (const number of [1, 2, 3]) {
    expect(session.state.current?.messageId).toBe(`msg_${number}`);
    session.up({ type: "accepted", messageId: `msg_${number}` });
    session.end(number, number === 2 ? "failed" : "completed");
  }
  expect([...session.messages.values()].map((message) => message.status)).toEqual(["completed", "failed", "completed"]);
  expect(session.state.status).toBe("idle");
});

verifies("SES9", "between two messages the session stays running and says so only once", () => {
  const session = new Driver();
  session.ready();
  session.run(1);
  session.send(2);
  expect(session.end(1).events.map(brief)).toEqual([
    "message.status completed",
    "run.ended completed",
    "message.status dispatched",
    "run.started",
  ]);
});

verifies("SES10", "a waiting message is cancelled, and never runs", () => {
  const session = new Driver();
  session.ready();
  session.run(1);
  session.send(2);
  const { reply, events } = session.take("message-cancelled", { messageId: "msg_2" });
  expect(reply).toMatchObject({ id: "msg_2", status: "cancelled" });
  expect(reply?.runId).toBeUndefined();
  expect(events).toMatchObject([{ type: "message.status", data: { status: "cancelled" }, actor: { id: "usr_alice" } }]);
  session.end(1);
  expect(session.state).toMatchObject({ status: "idle", queue: [] });
});

verifies(["SES10", "SES31"], "a message that is being worked on or unknown is not cancelled", () => {
  const session = new Driver();
  session.ready();
  session.run(1);
  const before = session.state;
  expect(session.take("message-cancelled", { messageId: "msg_1" }).refusal?.problem).toBe("conflict");
  expect(session.take("message-cancelled", { messageId: "msg_9" }).refusal?.problem).toBe("not-found");
  expect(session.state).toBe(before);
});

verifies(["SES11", "SES31"], "a queue with as many messages as it holds refuses the next", () => {
  const session = new Driver();
  for (let number = 1; number <= LIMITS.queuedMessagesMax; number += 1) expect(session.send(number).refusal).toBeNull();
  const before = session.state;
  const refused = session.send(LIMITS.queuedMessagesMax + 1);
  expect(refused).toMatchObject({ events: [], effects: [], outbox: [], messages: [], reply: null });
  expect(refused.refusal).toMatchObject({ problem: "queue-full", fix: expect.any(String) });
  expect(session.state).toBe(before);
});

verifies("SES11", "large messages fill the queue by their bytes", () => {
  const session = new Driver();
  const large = "\u0001".repeat(LIMITS.promptBytesMax);
  expect(session.send(1, large).refusal).toBeNull();
  expect(session.send(2, large).refusal?.problem).toBe("queue-full");
  expect(session.send(3, "small").refusal).toBeNull();
});

verifies("SES12", "a message that is waiting or being worked on is not taken twice", () => {
  const session = new Driver();
  session.ready();
  session.run(1);
  session.send(2);
  for (const number of [1, 2]) expect(session.send(number).refusal?.problem).toBe("conflict");
  expect(session.take("prompt-received", { prompt: { ...prompt(3), runId: "run_2" } }).refusal?.problem).toBe("conflict");
});
