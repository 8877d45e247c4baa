/** Messages for the running turn, and the order of those that wait. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { Driver, brief, prompt } from "./testing.ts";

function running(): Driver {
  const session = new Driver();
  session.ready();
  session.run(1);
  session.send(2);
  return session;
}

function steer(session: Driver, number: number): void {
  session.take("prompt-received", { prompt: { ...prompt(number), delivery: "steer" } });
}

const reasons = (session: Driver): unknown[] => session.events.flatMap((event) => (event.type === "message.steer-deferred" ? [event.data.reason] : []));

verifies("SES42", "a message that steers goes to the running turn and ends with it", () => {
  const session = running();
  steer(session, 3);
  expect(session.last.reply).toMatchObject({ status: "dispatched", delivery: "steer" });
  expect(session.last.effects).toContainEqual(
    expect.objectContaining({ frame: expect.objectContaining({ body: { type: "steer", messageId: "msg_1", steerId: "msg_3", text: "prompt 3" } }) }),
  );
  session.up({ type: "steered", messageId: "msg_1", steerId: "msg_3" });
  expect(session.messages.get("msg_3")).toMatchObject({ status: "running", runId: "run_1" });
  session.wait(2_000);
  expect(reasons(session)).toEqual([]);
  session.end(1);
  expect(session.messages.get("msg_3")?.status).toBe("completed");
  expect(session.state).toMatchObject({ current: { messageId: "msg_2" }, steering: [] });
});

verifies("SES42", "a refused message joins the queue before those that came after it", () => {
  const session = running();
  steer(session, 3);
  session.send(4);
  session.up({ type: "steer-refused", messageId: "msg_1", steerId: "msg_3" });
  expect(reasons(session)).toEqual(["refused"]);
  expect(session.state.queue.map(({ messageId }) => messageId)).toEqual(["msg_2", "msg_3", "msg_4"]);
  session.up({ type: "steer-refused", messageId: "msg_1", steerId: "msg_3" });
  expect(session.state.queue).toHaveLength(3);
});

verifies("SES42", "a refusal that comes after the turn's end still puts the message into the queue, and it runs", () => {
  const session = new Driver();
  session.ready();
  session.run(1);
  steer(session, 3);
  session.end(1);
  expect(session.state).toMatchObject({ status: "idle", steering: [{ message: { messageId: "msg_3" } }] });
  session.up({ type: "steer-refused", messageId: "msg_1", steerId: "msg_3" });
  expect(session.state.current?.messageId).toBe("msg_3");
});

verifies("SES42", "unconfirmed for a second it is said so once, and the message may still be taken", () => {
  const session = running();
  steer(session, 3);
  session.wait(1_000);
  session.wait(1_000);
  expect(reasons(session)).toEqual(["unconfirmed"]);
  session.up({ type: "steered", messageId: "msg_1", steerId: "msg_3" });
  expect(session.messages.get("msg_3")?.status).toBe("running");
});

verifies("SES42", "where no turn can take it, it is said so at once and it waits like any other", () => {
  const starting = new Driver();
  steer(starting, 1);
  expect(reasons(starting)).toEqual(["not-running"]);
  const unlinked = running();
  unlinked.unlink();
  steer(unlinked, 3);
  expect(reasons(unlinked)).toEqual(["not-linked"]);
  expect(unlinked.state.queue.map(({ messageId }) => messageId)).toEqual(["msg_2", "msg_3"]);
  const idle = new Driver();
  idle.ready();
  steer(idle, 1);
  expect(reasons(idle)).toEqual([]);
  expect(idle.state.current?.messageId).toBe("msg_1");
});

verifies("SES42", "lost with its sandbox it ends interrupted, whether the agent had it or not, and is not sent again", () => {
  const session = running();
  steer(session, 3);
  steer(session, 4);
  session.up({ type: "steered", messageId: "msg_1", steerId: "msg_3" });
  session.unlink();
  session.take("sandbox-described", { phase: "gone", failure: null });
  expect(["msg_1", "msg_3", "msg_4"].map((id) => session.messages.get(id)?.status)).toEqual(["interrupted", "interrupted", "interrupted"]);
  expect(session.state.steering).toEqual([]);
});

verifies(["SES42", "SES13"], "a message that steers is sent again to the same epoch when its link comes back", () => {
  const session = running();
  steer(session, 3);
  session.unlink();
  session.link(2);
  expect(session.last.effects.map(brief)).toContain("send steer");
  expect(session.take("message-cancelled", { messageId: "msg_3" }).refusal?.problem).toBe("conflict");
});

verifies("SES43", "a waiting message is put before another or last, and runs in its new place", () => {
  const session = running();
  session.send(3);
  session.send(4);
  expect(session.take("message-moved", { messageId: "msg_4", before: "msg_2" }).events).toMatchObject([{ type: "message.moved", data: { position: 1 } }]);
  session.take("message-moved", { messageId: "msg_2", before: null });
  expect(session.state.queue.map(({ messageId }) => messageId)).toEqual(["msg_4", "msg_3", "msg_2"]);
  expect(session.take("message-moved", { messageId: "msg_2", before: null }).events).toEqual([]);
  session.end(1);
  expect(session.state.current?.messageId).toBe("msg_4");
});

verifies("SES43", "what does not wait is not moved, and nothing goes before it", () => {
  const session = running();
  expect(session.take("message-moved", { messageId: "msg_1", before: null }).refusal?.problem).toBe("conflict");
  expect(session.take("message-moved", { messageId: "msg_9", before: null }).refusal?.problem).toBe("not-found");
  expect(session.take("message-moved", { messageId: "msg_2", before: "msg_9" }).refusal?.problem).toBe("invalid-field");
});
