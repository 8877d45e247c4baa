/** The session as a whole: titles, alarms, lists, removal, restart. */
import { CLOSE_CODES } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { earliestDeadline } from "./deadlines.ts";
import { step } from "./session.machine.ts";
import { sessionResource } from "./session.view.ts";
import { ALICE, Driver, T0, brief, opening, prompt } from "./testing.ts";

verifies("SES31", "an input that has no place is refused, and there is no session before it is opened", () => {
  expect(step(null, { type: "clock-ticked", nowMs: T0 })).toMatchObject({ state: null, refusal: { problem: "not-found" } });
  const session = new Driver();
  const again = step(session.state, opening());
  expect(again).toMatchObject({ refusal: { problem: "conflict" }, events: [], effects: [], outbox: [], messages: [] });
  expect(again.state).toBe(session.state);
});

verifies("SES32", "the alarm stands for the earliest deadline; early or twice it changes nothing and is set again", () => {
  const session = new Driver();
  const before = session.state;
  const early = session.wait(1000);
  expect(early).toMatchObject({ events: [], effects: [{ type: "set-alarm", atMs: T0 + 45_000 }] });
  expect(session.state).toBe(before);
  session.wait(44_000);
  const { state } = session;
  session.wait(0);
  expect(session.state).toBe(state);
  expect(earliestDeadline({})).toBeNull();
});

verifies("SES33", "one step tells the list and the feed at most once each, and a step that changes no summary tells nobody", () => {
  const session = new Driver({ prompt: prompt(1) });
  expect(session.last.outbox.map((entry) => entry.target)).toEqual(["catalog", "event-bus"]);
  expect(session.take("backends-configured", { backends: ["process"] }).outbox).toEqual([]);
  expect(session.accept().outbox).toEqual([]);
  expect(new Set(session.outbox.map((entry) => entry.id)).size).toBe(session.outbox.length);
});

verifies("SES33", "a prompt that joins the queue tells nobody; the end of the run before it does", () => {
  const session = new Driver();
  session.ready();
  session.run(1);
  expect(session.send(2).outbox).toEqual([]);
  const ended = session.end(1);
  expect(ended.outbox.map((entry) => entry.target)).toEqual(["run-history", "catalog", "event-bus"]);
  expect(session.state.status).toBe("running");
});

verifies("SES34", "the agent's title is taken until a person chose one", () => {
  const session = new Driver();
  session.ready();
  session.up({ type: "title", title: "Fix the build" });
  expect(session.state.title).toBe("Fix the build");
  expect(session.last.events).toMatchObject([{ type: "session.updated", data: { title: "Fix the build" }, actor: { kind: "agent" } }]);
  session.take("session-updated", { title: "Mine", model: "demo/other", metadata: { team: "a" } });
  session.up({ type: "title", title: "Theirs" });
  expect(session.state).toMatchObject({ title: "Mine", model: "demo/other", metadata: { team: "a" } });
  const named = new Driver({ title: "Named" });
  named.ready();
  named.up({ type: "title", title: "Theirs" });
  expect(named.state.title).toBe("Named");
});

verifies("SES35", "removing a session ends everything it has and destroys every sandbox it had", () => {
  const session = new Driver();
  session.wait(45_000);
  session.ready();
  session.run(1);
  session.send(2);
  const removed = session.take("session-removed", {});
  expect(removed.events.map(brief)).toEqual([
    "message.status stopped",
    "run.ended stopped",
    "message.status cancelled",
    "sandbox.status stopped",
    "session.status ended",
  ]);
  expect(removed.effects.map(brief)).toEqual(["close-link", "forget-caps", "destroy-sandbox 1", "destroy-sandbox 2", "set-alarm"]);
  expect(removed.outbox.map((entry) => [entry.target, (JSON.parse(entry.payload) as { removed?: boolean }).removed])).toEqual([
    ["run-history", undefined],
    ["catalog", true],
    ["event-bus", true],
  ]);
  expect(session.send(3).refusal?.problem).toBe("not-found");
  expect(session.take("session-removed", {}).refusal?.problem).toBe("not-found");
  expect(session.link(2).refusal?.closeCode).toBe(CLOSE_CODES.sessionEnded);
  expect(session.take("sandbox-accepted", { epoch: 2, backend: "process", isolation: "none" }).effects.map(brief)).toEqual(["destroy-sandbox 1", "destroy-sandbox 2", "set-alarm"].slice(0, 2));
  session.take("sandbox-released", { releasedEpoch: 1 });
  expect(session.take("session-restored", { linkId: null }).effects.map(brief)).toEqual(["forget-caps", "destroy-sandbox 2", "set-alarm"]);
  expect(session.wait(60_000).effects.map(brief)).toEqual(["destroy-sandbox 2", "set-alarm"]);
  expect(session.take("sandbox-released", { releasedEpoch: 2 }).effects.map(brief)).toEqual(["forget-session", "set-alarm"]);
});

verifies("SES35", "the alarm of a removed session that holds nothing more asks for it to be forgotten, as waking up does", () => {
  const session = new Driver();
  session.take("session-removed", {});
  session.take("sandbox-released", { releasedEpoch: 1 });
  expect(session.wait(1_000).effects.map(brief)).toEqual(["forget-session", "set-alarm"]);
});

verifies("SES35", "a removed session whose backend never answers is forgotten after a day all the same", () => {
  const session = new Driver();
  session.accept();
  session.take("session-removed", {});
  for (let hours = 0; hours < 30 && session.state.deadlines.release !== undefined; hours += 1) session.wait(3_600_000);
  expect(session.effects.map(brief)).toContain("forget-session");
  expect(session.state.deadlines).toEqual({});
});

verifies("SES36", "a create that was not sent is sent after a restart, one that may have been sent gets a new epoch", () => {
  const session = new Driver();
  expect(session.take("session-restored", { linkId: null }).effects.map(brief)).toEqual(["create-sandbox 1", "set-alarm"]);
  session.take("sandbox-token-minted", { tokenHash: "hash" });
  expect(session.take("session-restored", { linkId: null }).effects.map(brief)).toEqual(["stop-sandbox 1", "create-sandbox 2", "set-alarm"]);
  expect(session.state.lease).toMatchObject({ backend: "docker", tokenHash: null });
  expect(session.state.start?.deadlineAtMs).toBe(T0 + 90_000);
});

verifies("SES36", "a sandbox whose link was away already is asked for again after a restart, and its end is then no news of a minute", () => {
  const session = new Driver();
  session.ready();
  session.unlink();
  expect(session.take("session-restored", { linkId: null, openPartTexts: {} }).effects.map(brief)).toContain("describe-sandbox 1");
  session.take("sandbox-described", { phase: "gone", failure: null, openPartTexts: {} });
  expect(session.state.lease?.phase).toBe("lost");
  session.send(1);
  expect(session.state.status).toBe("starting");
});

verifies("SES36", "a link that did not survive has its deadline, one that did goes on, a strange one is closed", () => {
  const session = new Driver();
  session.ready();
  session.run(1);
  const before = session.state;
  expect(session.take("session-restored", { linkId: "con_1" }).effects.map(brief)).toEqual(["set-alarm"]);
  expect(session.state).toBe(before);
  session.take("session-restored", { linkId: "con_9" });
  expect(session.last.effects.map(brief)).toEqual(["close-link", "describe-sandbox 1", "set-alarm"]);
  expect(session.state.deadlines.link).toBe(T0 + 45_000);
  expect(session.state.lease?.linkId).toBeNull();
});

verifies("SES37", "a state survives JSON, and a breach of an invariant is thrown and commits nothing", () => {
  const session = new Driver({ prompt: prompt(1) });
  session.ready();
  expect(JSON.parse(JSON.stringify(session.state))).toEqual(session.state);
  const broken = { ...session.state, run: null };
  expect(() => step(broken, { type: "session-updated", nowMs: T0, author: ALICE, title: "x" })).toThrow("a running session runs");
});

verifies("SES38", "applied work is in the log with its branch and its author", () => {
  const session = new Driver();
  const applied = { branch: "berth/work", commit: "c0ffee", filesChanged: 2 };
  expect(session.take("work-applied", applied).events).toEqual([{ type: "workspace.applied", data: applied, actor: ALICE.actor }]);
});

verifies("SES1", "the resource shows status, failure, queue and sandbox as they are", () => {
  const session = new Driver({ prompt: prompt(1), externalUserId: "u1" });
  expect(sessionResource(session.state, 7)).toMatchObject({
    id: "ses_1",
    status: "starting",
    lastSeq: 7,
    queueLength: 1,
    externalUserId: "u1",
    createdAt: "2026-01-01T00:00:00.000Z",
    sandbox: { epoch: 1, phase: "requested", backend: "docker" },
  });
});
