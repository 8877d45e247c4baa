import type { BudgetReached } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { readState } from "./session.upgrade.ts";
import { Driver, T0 } from "./testing.ts";

const MONEY: BudgetReached = { budget: "org.cost", scope: "org", unit: "cost", limit: 100, spent: 90, reserved: 0, needed: 20 };
const TIME: BudgetReached = { budget: "user.compute", scope: "user", unit: "compute", limit: 100, spent: 100, reserved: 0, needed: 120 };
const OUT_OF_ROOM = { code: "budget-reached", message: "There is no room." };

function running(change: ConstructorParameters<typeof Driver>[0] = {}): Driver {
  const session = new Driver(change);
  session.ready();
  session.run(1);
  return session;
}

const reach = (session: Driver, reached = MONEY) => session.take("budget-reached", { runId: session.state.run?.runId ?? null, reached });
const outOfRoom = (session: Driver) => session.up({ type: "turn-ended", messageId: session.state.current?.messageId ?? "", outcome: "interrupted", failure: OUT_OF_ROOM });
const types = (session: Driver) => session.last.events.map(({ type }) => type);
const effects = (session: Driver) => session.last.effects.flatMap((effect) => (["reserve-compute", "settle-compute", "check-budget", "create-sandbox", "stop-sandbox"].includes(effect.type) ? [effect] : []));
const downs = (session: Driver) => session.last.effects.flatMap((effect) => (effect.type === "send-frame" && effect.frame.type === "down" ? [effect.frame.body] : []));

verifies("SES52", "a call without room makes the session wait and say for what; the turn lives, and room lets it go on", () => {
  const session = running();
  reach(session);
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "budget", run: { runId: "run_1" } });
  expect(session.last.events).toMatchObject([{ type: "budget.reached", data: MONEY, runId: "run_1" }, { type: "session.status", data: { status: "waiting", waitingFor: "budget" } }]);
  reach(session, { ...MONEY, spent: 95 });
  expect(types(session)).toEqual([]);
  // Waiting for room is not being idle.
  session.up({ type: "part-started", messageId: "msg_1", part: { id: "prt_1", kind: "text" } });
  expect(session.state.deadlines.idle).toBeUndefined();
  session.take("budget-lifted", {});
  expect(session.state).toMatchObject({ status: "running", waitingFor: null, pause: null });
  expect(types(session)).toEqual(["budget.lifted", "session.status"]);
  expect(session.state.deadlines.idle).toBeDefined();
  expect(session.take("budget-lifted", {}).refusal?.problem).toBe("conflict");
});

verifies("SES52", "a question goes before the cap, and the cap is told of after it", () => {
  const session = running();
  reach(session);
  session.up({ type: "question-asked", messageId: "msg_1", requestId: "req_1", questions: [{ question: "Which?", options: [] }] });
  expect(session.state.waitingFor).toBe("question");
  session.take("answer-given", { requestId: "req_1", answer: { kind: "question", answers: [["A"]] } });
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "budget" });
});

verifies("SES52", "what is said of another run, or of one that is being stopped, changes nothing", () => {
  const session = running();
  expect(session.take("budget-reached", { runId: "run_9", reached: MONEY }).refusal?.problem).toBe("conflict");
  session.take("stop-requested", {});
  expect(reach(session).refusal?.problem).toBe("conflict");
  expect(session.state.pause).toBeNull();
});

for (const onInterruption of ["ask", "continue", "retry", "fail"] as const) {
  verifies("SES53", `by ${onInterruption}: a turn that ended for want of room waits, and goes on by a message of its own once there is room`, () => {
    const session = running({ onInterruption });
    session.send(2);
    reach(session);
    outOfRoom(session);
    expect(session.state).toMatchObject({ status: "waiting", waitingFor: "budget", run: null, interrupted: { byBudget: true } });
    expect(session.messages.get("msg_1")?.status).toBe("interrupted");
    expect(downs(session)).toEqual([]);
    session.take("budget-lifted", {});
    expect(session.state).toMatchObject({ status: "running", interrupted: null, current: { messageId: "msg_1.2" } });
    expect(session.messages.get("msg_1.2")).toMatchObject({ continues: "msg_1", status: "dispatched" });
    expect(downs(session)).toMatchObject([{ type: "prompt", text: expect.stringContaining("do not repeat") }]);
    session.end(1);
    expect(session.state.queue.map(({ messageId }) => messageId)).toEqual(["msg_2"]);
  });
}

verifies("SES53", "a run that ends otherwise waits for no room", () => {
  const session = running();
  reach(session);
  session.end(1, "completed");
  expect(session.state).toMatchObject({ status: "idle", pause: null });
});

verifies("SES54", "a prompt that comes meanwhile waits behind what was paused", () => {
  const session = running();
  reach(session);
  outOfRoom(session);
  session.send(2);
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "budget" });
  session.take("budget-lifted", {});
  expect(session.state).toMatchObject({ current: { messageId: "msg_1.2" }, queue: [{ messageId: "msg_2" }] });
});

verifies("SES54", "a person who stops it leaves it, one who resumes tries again", () => {
  const stopped = running();
  reach(stopped);
  outOfRoom(stopped);
  stopped.take("stop-requested", {});
  expect(stopped.state).toMatchObject({ status: "idle", pause: null, interrupted: null, queue: [] });

  const resumed = running();
  reach(resumed);
  outOfRoom(resumed);
  resumed.take("resume-requested", { interrupted: "continue" });
  expect(resumed.state).toMatchObject({ status: "running", pause: null, current: { messageId: "msg_1.2" } });
  reach(resumed);
  outOfRoom(resumed);
  expect(resumed.state).toMatchObject({ waitingFor: "budget", interrupted: { message: { messageId: "msg_1.2" } } });
});

verifies("SES57", "without a run it asks every minute, and when someone changed a cap; with one, its calls do", () => {
  const session = running();
  reach(session);
  expect(session.state.deadlines.budget).toBeUndefined();
  outOfRoom(session);
  session.wait(59_000);
  expect(effects(session)).toEqual([]);
  for (let minute = 0; minute < 3; minute += 1) {
    session.wait(61_000);
    expect(effects(session)).toEqual([{ type: "check-budget" }]);
  }
  session.take("budget-changed", {});
  expect(effects(session)).toEqual([{ type: "check-budget" }]);
});

verifies("SES57", "a session with nothing to do has nothing to ask", () => {
  const session = new Driver();
  session.ready();
  session.take("budget-changed", {});
  expect(effects(session)).toEqual([]);
});

verifies("SES55", "without room for a sandbox's time none is made, and the queue waits until there is", () => {
  const session = new Driver();
  session.send(1);
  session.take("compute-refused", { reached: TIME });
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "budget", start: null, queue: [{ messageId: "msg_1" }], retired: [] });
  expect(types(session)).toEqual(["sandbox.status", "budget.reached", "session.status"]);
  session.take("budget-lifted", {});
  expect(session.state.status).toBe("starting");
  expect(effects(session)).toMatchObject([{ type: "create-sandbox", epoch: 2 }]);
});

verifies("SES55", "a sandbox at rest without room for its time is saved and given back", () => {
  const session = new Driver();
  session.take("compute-granted", { slice: 1, untilMs: T0 + 120_000 });
  session.ready();
  session.take("compute-refused", { reached: TIME });
  expect(session.state.status).toBe("idle");
  session.wait(0);
  expect(downs(session)).toEqual([{ type: "checkpoint" }]);
  session.nowMs += 5_000;
  session.up({ type: "checkpoint-saved", checkpoint: { id: "chk_1", files: 1, bytes: 1 }, asked: true });
  expect(session.state.status).toBe("hibernated");
  expect(effects(session)).toEqual([{ type: "settle-compute", id: "cmp_ses_1-1.1", seconds: 5 }, expect.objectContaining({ type: "stop-sandbox" })]);
});

verifies("SES55", "in a turn the session waits; time that is granted after all lets it go on, and its end gives the sandbox back", () => {
  const session = new Driver();
  session.take("compute-granted", { slice: 1, untilMs: T0 + 120_000 });
  session.ready();
  session.run(1);
  session.take("compute-refused", { reached: TIME });
  reach(session, TIME);
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "budget", run: { runId: "run_1" }, pause: { by: "sandbox" } });
  session.take("compute-granted", { slice: 2, untilMs: T0 + 240_000 });
  expect(session.state.status).toBe("running");
  session.take("compute-refused", { reached: TIME });
  outOfRoom(session);
  session.wait(0);
  expect(downs(session)).toEqual([{ type: "checkpoint" }]);
  session.up({ type: "checkpoint-saved", checkpoint: { id: "chk_1", files: 1, bytes: 1 }, asked: true });
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "budget", lease: { phase: "stopped" } });
  session.take("budget-lifted", {});
  expect(session.state).toMatchObject({ status: "starting", queue: [{ messageId: "msg_1.2" }] });
});

verifies("SES55", "a turn that ends by itself without room for its sandbox's time does not begin the next", () => {
  const session = new Driver();
  session.take("compute-granted", { slice: 1, untilMs: T0 + 120_000 });
  session.ready();
  session.run(1);
  session.send(2);
  session.take("compute-refused", { reached: TIME });
  session.end(1, "completed");
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "budget", run: null, queue: [{ messageId: "msg_2" }] });
  session.take("compute-granted", { slice: 2, untilMs: T0 + 240_000 });
  expect(effects(session)).toContainEqual({ type: "check-budget" });
  expect(session.state).toMatchObject({ status: "waiting" });
  session.take("budget-lifted", {});
  expect(session.state).toMatchObject({ status: "running", current: { messageId: "msg_2" } });
});

verifies("SES56", "the next slice is asked for before the last is over, again until it is granted, and each once", () => {
  const session = new Driver();
  session.take("compute-granted", { slice: 1, untilMs: T0 + 120_000 });
  session.ready();
  session.wait(99_000);
  expect(effects(session)).toEqual([]);
  session.wait(1_000);
  const wanted = { type: "reserve-compute", epoch: 1, slice: 2, untilMs: T0 + 240_000 };
  expect(effects(session)).toEqual([wanted]);
  session.wait(15_000);
  expect(effects(session)).toEqual([wanted]);
  session.take("compute-granted", { slice: 2, untilMs: T0 + 240_000 });
  expect(session.take("compute-granted", { slice: 2, untilMs: T0 + 240_000 }).refusal?.problem).toBe("conflict");
  session.wait(15_000);
  expect(effects(session)).toEqual([]);
});

verifies("SES56", "what was used is settled when the sandbox is let go: of the slice begun, and nothing of one that is only paid for", () => {
  const ahead = new Driver();
  ahead.take("compute-granted", { slice: 1, untilMs: T0 + 120_000 });
  ahead.ready();
  ahead.wait(100_500);
  ahead.take("compute-granted", { slice: 2, untilMs: T0 + 240_000 });
  ahead.take("session-removed", {});
  expect(effects(ahead)).toEqual([
    { type: "settle-compute", id: "cmp_ses_1-1.2", seconds: 0 },
    { type: "settle-compute", id: "cmp_ses_1-1.1", seconds: 101 },
  ]);

  const late = running();
  late.take("compute-granted", { slice: 1, untilMs: late.nowMs + 120_000 });
  late.nowMs += 150_000;
  late.take("sandbox-described", { phase: "gone", failure: null });
  late.unlink();
  late.take("sandbox-described", { phase: "gone", failure: null });
  expect(effects(late)[0]).toEqual({ type: "settle-compute", id: "cmp_ses_1-1.1", seconds: 150 });
});

verifies("SES50", "a state from before there were caps is read as one of today", () => {
  const session = running();
  const { pause: _, lease, ...rest } = session.state;
  const { compute: __, ...oldLease } = lease!;
  expect(readState(JSON.stringify({ ...rest, lease: oldLease, version: 2 }))).toEqual({ ...session.state, heard: "several" });
});
