/** A run, its watches, its record, and stopping it. */
import type { Run, Usage } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { Driver, brief } from "./testing.ts";

const USAGE: Usage = { inputTokens: 10, outputTokens: 4, reasoningTokens: 3, cacheReadTokens: 2, cacheWriteTokens: 1 };

function running(): Driver {
  const session = new Driver();
  session.ready();
  session.run(1);
  return session;
}

function records(session: Driver): Run[] {
  return session.outbox.filter((entry) => entry.target === "run-history").map((entry) => (JSON.parse(entry.payload) as { run: Run }).run);
}

function beat(session: Driver, times: number, what: string | null): void {
  for (let time = 0; time < times; time += 1) {
    session.wait(30_000);
    session.take("heartbeat-received", { running: what });
  }
}

verifies("SES21", "a tool that runs for an hour without a word is not idle", () => {
  const session = running();
  beat(session, 120, "bash");
  expect(session.state).toMatchObject({ status: "running", run: { stopping: null } });
});

verifies("SES21", "a run in which nothing moves is interrupted and fails, and the queue goes on", () => {
  const session = running();
  session.send(2);
  beat(session, 19, null);
  expect(session.state.run?.stopping).toBeNull();
  expect(session.wait(30_000).effects.map(brief)).toContain("send interrupt");
  session.end(1, "stopped");
  expect(records(session)).toMatchObject([{ outcome: "failed", failure: { code: "run-stalled" } }]);
  expect(session.state.current?.messageId).toBe("msg_2");
});

verifies("SES21", "a machine that slept for hours finds a run that may go on", () => {
  const session = running();
  session.wait(8 * 3_600_000);
  expect(session.state).toMatchObject({ status: "running", run: { stopping: null } });
  session.link(2);
  session.end(1);
  expect(records(session)).toMatchObject([{ outcome: "completed" }]);
});

verifies("SES21", "waiting for a person is not idle", () => {
  const session = running();
  session.up({ type: "permission-asked", messageId: "msg_1", requestId: "req_1", tool: "bash", title: "ls", patterns: ["ls"] });
  beat(session, 48 * 60, null);
  expect(session.state).toMatchObject({ status: "waiting", run: { stopping: null } });
});

verifies("SES23", "usage is what the broker counted over all calls, whatever the agent says", () => {
  const session = running();
  session.take("usage-reported", { runId: "run_1", usage: USAGE, costMicros: 5 });
  session.take("usage-reported", { runId: "run_1", usage: USAGE, costMicros: 7 });
  session.take("usage-reported", { runId: null, usage: USAGE, costMicros: 100 });
  session.take("usage-reported", { runId: "run_0", usage: USAGE, costMicros: 100 });
  session.up({ type: "turn-ended", messageId: "msg_1", outcome: "completed", usage: { ...USAGE, inputTokens: 999 } });
  const [record] = records(session);
  expect(record).toMatchObject({
    usage: { inputTokens: 20, outputTokens: 8, reasoningTokens: 6, cacheReadTokens: 4, cacheWriteTokens: 2 },
    costMicros: 12,
    apiKeyId: "key_alice",
  });
  expect(session.last.events).toContainEqual(expect.objectContaining({ type: "run.ended", data: { outcome: "completed", usage: record?.usage, costMicros: 12 } }));
});

verifies("SES23", "the agent's count stands in for a silent broker, and the cost is then unknown", () => {
  const session = running();
  session.up({ type: "turn-ended", messageId: "msg_1", outcome: "completed", usage: USAGE });
  expect(records(session)).toMatchObject([{ usage: USAGE, costMicros: null }]);
});

verifies("SES23", "one call of unknown price makes the cost unknown", () => {
  const session = running();
  session.take("usage-reported", { runId: "run_1", usage: USAGE, costMicros: null });
  session.take("usage-reported", { runId: "run_1", usage: USAGE, costMicros: 7 });
  session.end(1);
  expect(records(session)).toMatchObject([{ costMicros: null }]);
});

verifies("SES24", "each run goes to the history once, whatever its end and however often that is told", () => {
  const session = running();
  session.end(1);
  session.end(1);
  for (const [number, outcome] of [[2, "failed"], [3, "stopped"], [4, "interrupted"]] as const) {
    session.run(number);
    session.end(number, outcome);
  }
  expect(records(session).map((run) => [run.id, run.outcome])).toEqual([
    ["run_1", "completed"],
    ["run_2", "failed"],
    ["run_3", "stopped"],
    ["run_4", "interrupted"],
  ]);
});

verifies("SES25", "parts that are open when the sandbox is lost end with the text that was seen", () => {
  const session = running();
  session.up({ type: "part-started", messageId: "msg_1", part: { id: "prt_1", kind: "text" } });
  const tool = { name: "bash", callId: "call_1", status: "running", input: { command: "make" } } as const;
  session.up({ type: "part-started", messageId: "msg_1", part: { id: "prt_2", kind: "tool", tool } });
  session.up({ type: "part-started", messageId: "msg_1", part: { id: "prt_3", kind: "reasoning" } });
  session.up({ type: "part-ended", messageId: "msg_1", part: { id: "prt_3", kind: "reasoning", text: "hm" } });
  session.unlink();
  const lost = session.wait(60_000, { prt_1: "I have st", prt_2: "cc main.c" });
  expect(lost.events.slice(1, 3).map((event) => event.data)).toEqual([
    { part: { id: "prt_1", kind: "text", text: "I have st" } },
    {
      part: {
        id: "prt_2",
        kind: "tool",
        tool: { name: "bash", callId: "call_1", status: "failed", output: "cc main.c", error: "The run ended before this tool did." },
      },
    },
  ]);
  expect(lost.events.map(brief)).toEqual([
    "sandbox.status lost",
    "part.ended prt_1",
    "part.ended prt_2",
    "message.status interrupted",
    "run.ended interrupted",
    "session.status waiting",
  ]);
});

verifies("SES26", "stopping interrupts the turn, the run ends stopped, and the queue goes on", () => {
  const session = running();
  session.send(2);
  expect(session.take("stop-requested", {}).effects.map(brief)).toEqual(["send interrupt", "set-alarm"]);
  const again = session.state;
  expect(session.take("stop-requested", {}).effects.filter((effect) => effect.type === "send-frame")).toEqual([]);
  expect(session.state.run).toBe(again.run);
  session.end(1, "failed");
  expect(records(session)).toMatchObject([{ id: "run_1", outcome: "stopped" }]);
  expect(records(session)[0]?.failure).toBeUndefined();
  expect(session.state.current?.messageId).toBe("msg_2");
});

verifies("SES26", "a turn that completed before the interrupt reached it is completed", () => {
  const session = running();
  session.take("stop-requested", {});
  session.end(1, "completed");
  expect(records(session)).toMatchObject([{ outcome: "completed" }]);
});

verifies("SES26", "stopping what does not run changes nothing", () => {
  const session = new Driver();
  const before = session.state;
  expect(session.take("stop-requested", {})).toMatchObject({ refusal: null, events: [], effects: [] });
  expect(session.state).toBe(before);
});

verifies("SES27", "an interrupt that is not confirmed makes the sandbox be replaced, also while the link is away", () => {
  for (const linked of [true, false]) {
    const session = running();
    if (!linked) session.unlink();
    session.take("stop-requested", {});
    session.wait(14_999);
    expect(session.state.status).toBe("running");
    const replaced = session.wait(1);
    expect(replaced.events.map(brief)).toEqual([
      "message.status stopped",
      "run.ended stopped",
      "sandbox.status stopped",
      "sandbox.status requested",
      "session.status starting",
    ]);
    expect(replaced.effects.map(brief).filter((line) => line !== "close-link")).toEqual(["stop-sandbox 1", "create-sandbox 2", "set-alarm"]);
    session.ready();
    expect(session.state.status).toBe("idle");
  }
});

verifies("SES27", "a sandbox that is lost while a stop is under way ends the run stopped and asks nobody", () => {
  const session = running();
  session.unlink();
  session.take("stop-requested", {});
  session.take("sandbox-described", { phase: "gone", failure: null });
  expect(records(session)).toMatchObject([{ outcome: "stopped" }]);
  expect(session.state.status).toBe("idle");
});
