/** One session from its opening to its first finished run, step by step and whole. */
import { EVENT_DATA, type Run } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { Driver, brief } from "./testing.ts";

verifies(["SES1", "SES3"], "a session goes from its opening to a finished run, with every event, effect and outbox entry in order", () => {
  const session = new Driver();
  expect(session.state.status).toBe("starting");
  expect(session.last.events.map(brief)).toEqual(["session.created", "sandbox.status requested", "session.status starting"]);
  expect(session.last.effects.map(brief)).toEqual(["create-sandbox 1", "set-alarm"]);
  expect(session.last.outbox.map((entry) => entry.target)).toEqual(["catalog", "event-bus"]);

  session.accept();
  expect(session.last.events.map(brief)).toEqual(["sandbox.status accepted"]);
  session.link();
  expect(session.last.effects.map(brief)).toEqual(["send welcome", "send configure", "set-alarm"]);
  session.up({ type: "ready", agent: "opencode", agentVersion: "1" });
  expect(session.state.status).toBe("idle");
  expect(session.last.events.map(brief)).toEqual(["sandbox.status ready", "session.status idle"]);

  const sent = session.send(1);
  expect(sent.reply).toMatchObject({ id: "msg_1", status: "dispatched" });
  expect(sent.events.map(brief)).toEqual(["message.queued", "message.status dispatched", "run.started", "session.status running"]);
  expect(sent.effects.map(brief)).toEqual(["send prompt", "set-alarm"]);
  expect(sent.messages).toMatchObject([{ id: "msg_1", status: "dispatched", runId: "run_1" }]);

  session.up({ type: "accepted", messageId: "msg_1" });
  expect(session.last.events.map(brief)).toEqual(["message.status running"]);
  session.up({ type: "turn-started", messageId: "msg_1" });
  session.up({ type: "part-started", messageId: "msg_1", part: { id: "prt_1", kind: "text" } });
  expect(session.last.events).toEqual([{ type: "part.started", data: { part: { id: "prt_1", kind: "text" } }, messageId: "msg_1", runId: "run_1" }]);
  session.up({ type: "part-ended", messageId: "msg_1", part: { id: "prt_1", kind: "text", text: "Done." } });
  const usage = { inputTokens: 10, outputTokens: 5, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  session.take("usage-reported", { runId: "run_1", usage, costMicros: 42 });
  session.nowMs += 1000;
  const ended = session.end(1);

  expect(session.state.status).toBe("idle");
  expect(ended.events.map(brief)).toEqual(["message.status completed", "run.ended completed", "session.status idle"]);
  expect(ended.outbox.map((entry) => entry.target)).toEqual(["run-history", "catalog", "event-bus"]);
  const { run } = JSON.parse(ended.outbox[0]?.payload ?? "{}") as { run: Run };
  expect(run).toEqual({
    id: "run_1",
    sessionId: "ses_1",
    messageId: "msg_1",
    model: "demo/demo",
    author: { kind: "user", id: "usr_alice", name: "Alice" },
    apiKeyId: "key_alice",
    outcome: "completed",
    usage,
    costMicros: 42,
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:00:01.000Z",
  });
  expect(Object.keys(session.state.deadlines)).toEqual(["hibernate"]);
  for (const event of session.events) EVENT_DATA[event.type].parse(event.data);
});
