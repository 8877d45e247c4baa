/** Saving, giving a sandbox back, and making sure that it is gone. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { sessionResource } from "./session.view.ts";
import { readState } from "./session.upgrade.ts";
import { Driver, T0, brief } from "./testing.ts";

const SAVED = { id: "chk_1", files: 3, bytes: 700 };

function ready(): Driver {
  const session = new Driver();
  session.ready();
  return session;
}

verifies("SES44", "an idle session saves its work, gives its sandbox back, and a message wakes it", () => {
  const session = ready();
  session.wait(14 * 60_000);
  expect(session.state.status).toBe("idle");
  expect(session.wait(60_000).effects.map(brief)).toContain("send checkpoint");
  session.up({ type: "checkpoint-saved", checkpoint: SAVED });
  expect(session.last.events.map(brief)).toEqual(["workspace.checkpoint saved", "sandbox.status stopped", "session.status hibernated"]);
  expect(session.state.lease?.phase).toBe("stopped");
  session.send(1);
  expect(session.state.status).toBe("starting");
  session.ready();
  expect(session.state.current?.messageId).toBe("msg_1");
});

verifies("SES44", "a person may ask for it at once, and a message that comes while it saves is worked on", () => {
  const session = ready();
  session.take("hibernate-requested", {});
  session.run(1);
  session.up({ type: "checkpoint-saved", checkpoint: SAVED });
  expect(session.state.status).toBe("running");
  expect(session.take("hibernate-requested", {}).refusal?.problem).toBe("conflict");
  session.end(1);
  session.take("hibernate-requested", {});
  session.up({ type: "checkpoint-saved", checkpoint: SAVED });
  expect(session.take("hibernate-requested", {}).refusal).toBeNull();
  session.take("resume-requested", { interrupted: "skip" });
  expect(session.state.status).toBe("starting");
});

verifies("SES44", "what cannot be saved is not given back: it is tried again, and a sandbox that does not answer is hung up on", () => {
  const session = ready();
  session.wait(15 * 60_000);
  session.up({ type: "checkpoint-failed", failure: { code: "disk-full", message: "The disk is full." } });
  expect(session.state).toMatchObject({ status: "idle", lease: { phase: "ready" } });
  expect(session.wait(15 * 60_000).effects.map(brief)).toContain("send checkpoint");
  expect(session.wait(60_000).effects.map(brief)).toContain("close-link");
  expect(session.take("hibernate-requested", {}).refusal?.fix).toBeDefined();
});

verifies("SES44", "an idle session without a sandbox hibernates as it is", () => {
  const session = ready();
  session.unlink();
  session.take("sandbox-described", { phase: "gone", failure: null });
  session.take("hibernate-requested", {});
  expect(session.state.status).toBe("hibernated");
});

verifies("SES45", "the first configuration of the next sandbox names the newest checkpoint, later ones do not", () => {
  const session = ready();
  session.run(1);
  session.up({ type: "checkpoint-saved", checkpoint: SAVED });
  session.up({ type: "checkpoint-saved", checkpoint: { ...SAVED, id: "chk_2" } });
  expect(sessionResource(session.state, 1).savedAt).toBe(new Date(T0).toISOString());
  session.unlink();
  session.take("sandbox-described", { phase: "gone", failure: null });
  session.take("resume-requested", { interrupted: "skip" });
  session.accept();
  session.link();
  const told = session.effects.flatMap((one) => (one.type === "send-frame" && one.frame.type === "down" && one.frame.body.type === "configure" ? [one.frame.body] : []));
  expect(told.map(({ restore }) => restore)).toEqual([undefined, { checkpoint: "chk_2" }]);
  session.up({ type: "workspace-restored", checkpoint: { ...SAVED, id: "chk_2" } });
  expect(session.last.events).toMatchObject([{ type: "workspace.checkpoint", data: { phase: "restored", epoch: 2 } }]);
});

verifies("SES46", "a sandbox that was let go is stopped until its backend confirms it", () => {
  const session = new Driver({ backends: ["docker"] });
  session.accept();
  session.wait(45_000);
  expect(session.state).toMatchObject({ status: "failed", retired: [{ epoch: 1, stopped: false }] });
  expect(session.wait(60_000).effects.map(brief)).toEqual(["stop-sandbox 1", "set-alarm"]);
  expect(session.wait(60_000).effects.map(brief)).toEqual(["set-alarm"]);
  expect(session.wait(60_000).effects.map(brief)).toEqual(["stop-sandbox 1", "set-alarm"]);
  session.take("sandbox-released", { releasedEpoch: 1 });
  expect(session.state.deadlines).toEqual({});
});

verifies("SES47", "a fallback's request names the backend it stands in for and why", () => {
  const session = new Driver();
  const failure = { code: "unreachable", message: "docker is down." };
  session.take("sandbox-create-failed", { backend: "docker", failure, outcome: "not-applied" });
  expect(session.last.events).toContainEqual({
    type: "sandbox.status",
    data: { epoch: 2, phase: "requested", backend: "process", insteadOf: { backend: "docker", failure } },
  });
});

verifies("SES48", "a sandbox that does not dial is asked about, and one that is gone makes room at once", () => {
  const session = new Driver();
  session.accept();
  expect(session.wait(10_000).effects.map(brief)).toContain("describe-sandbox 1");
  session.take("sandbox-described", { phase: "alive", failure: null });
  expect(session.wait(10_000).effects.map(brief)).toContain("describe-sandbox 1");
  session.take("sandbox-described", { phase: "gone", failure: { code: "exited", message: "It ended." } });
  expect(session.state.lease).toMatchObject({ backend: "process", epoch: 2 });
});

verifies("SES48", "a sandbox that linked and dies before it is ready is asked about until its backend knows", () => {
  const session = new Driver({ backends: ["docker"] });
  session.accept();
  session.link();
  session.unlink();
  session.take("sandbox-described", { phase: "unreachable", failure: null });
  expect(session.wait(2_000).effects.map(brief)).toContain("describe-sandbox 1");
  session.take("sandbox-described", { phase: "unreachable", failure: null });
  expect(session.wait(10_000).effects.map(brief)).toContain("describe-sandbox 1");
  session.take("sandbox-described", { phase: "gone", failure: { code: "exited", message: "It ended." } });
  expect(session.state).toMatchObject({ status: "starting", epoch: 2, lease: { phase: "requested" } });
});

verifies("SES49", "a stop is in the log at once with who asked, and the turn's end confirms it", () => {
  const session = ready();
  session.run(1);
  expect(session.take("stop-requested", {}).events).toMatchObject([{ type: "run.stopping", data: { reason: "person" }, actor: { id: "usr_alice" } }]);
  expect(session.take("stop-requested", {}).events).toEqual([]);
  expect(session.end(1, "stopped").events.map(brief)).toContain("run.ended stopped");
});

verifies("SES50", "a state of the first version goes on as one of today", () => {
  const session = ready();
  session.run(1);
  session.send(2);
  const { onInterruption: _p, checkpoint: _c, steering: _s, interrupted: _i, releaseMisses: _r, ...old } = session.state;
  const bare = ({ delivery: _d, order: _o, followUp: _f, ...message }: NonNullable<typeof old.current>): object => message;
  const stored = JSON.stringify({ ...old, version: 1, current: old.current && bare(old.current), queue: old.queue.map(bare) });
  session.state = readState(stored);
  session.end(1);
  expect(session.state).toMatchObject({ version: 5, current: { messageId: "msg_2", delivery: "queue" } });
});

verifies("SES50", "a start that the first version began ends as one of today", () => {
  const session = new Driver({ backends: ["docker"] });
  const { again: _a, rounds: _r, silences: _s, ...start } = session.state.start ?? {};
  session.state = readState(JSON.stringify({ ...session.state, version: 1, start }));
  session.wait(45_000);
  expect(session.state.status).toBe("starting");
  session.wait(45_000);
  expect(session.state).toMatchObject({ status: "failed", failure: { code: "sandbox-not-accepted" } });
});

verifies("SES44", "a checkpoint that was begun before it was asked for is kept and is not what lets the sandbox go", () => {
  const session = ready();
  session.take("hibernate-requested", {});
  session.up({ type: "checkpoint-saved", checkpoint: SAVED, asked: false });
  session.up({ type: "checkpoint-failed", failure: { code: "checkpoint-passed-over", message: "It was passed over." }, asked: false });
  expect(session.state).toMatchObject({ status: "idle", checkpoint: { id: "chk_1" } });
  session.up({ type: "checkpoint-saved", checkpoint: { ...SAVED, id: "chk_2" }, asked: true });
  expect(session.state).toMatchObject({ status: "hibernated", checkpoint: { id: "chk_2" } });
});

verifies("SES44", "a session that asks what becomes of a cut-off turn gives its sandbox back and goes on asking", () => {
  const session = ready();
  session.run(1);
  session.end(1, "interrupted");
  session.wait(15 * 60_000);
  session.up({ type: "checkpoint-saved", checkpoint: SAVED });
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "interrupted", lease: { phase: "stopped" } });
  session.take("resume-requested", { interrupted: "continue" });
  session.ready();
  expect(session.state.current?.messageId).toBe("msg_1.2");
});

verifies("SES45", "a start that has saved work to fetch may take all its time for it, and what could not be fetched is tried again", () => {
  const session = ready();
  session.up({ type: "checkpoint-saved", checkpoint: SAVED });
  session.unlink();
  session.take("sandbox-described", { phase: "gone", failure: null });
  session.take("resume-requested", { interrupted: "skip" });
  session.accept();
  session.link();
  expect(session.state.deadlines.attempt).toBe(session.state.deadlines.start);
  session.up({ type: "workspace-failed", failure: { code: "checkpoint-store-unreachable", message: "The saved work could not be fetched." } });
  expect(session.state).toMatchObject({ status: "starting", lease: { phase: "requested" } });
});

verifies("SES59", "each sandbox of a session on a repository is told of it, and may take all the time of the start to clone it", () => {
  const session = new Driver({ workspace: { kind: "repo", url: "https://git.example/team/app.git", ref: "v1" } });
  session.accept();
  session.link();
  expect(session.state.deadlines.attempt).toBe(session.state.deadlines.start);
  session.ready();
  session.unlink();
  session.take("sandbox-described", { phase: "gone", failure: null });
  session.take("resume-requested", { interrupted: "skip" });
  session.accept();
  session.link();
  expect([session.epoch, session.state.deadlines.attempt]).toEqual([2, session.state.deadlines.start]);
  const told = session.effects.flatMap((one) => (one.type === "send-frame" && one.frame.type === "down" && one.frame.body.type === "configure" ? [one.frame.body.repo] : []));
  expect(told.length).toBeGreaterThan(1);
  for (const repo of told) expect(repo).toEqual({ url: "https://git.example/team/app.git", ref: "v1", branch: "berth/ses_1/work" });
});

verifies("SES46", "of sandboxes that are surely stopped only the newest are remembered", () => {
  const session = ready();
  for (let round = 0; round < 30; round += 1) {
    session.unlink();
    session.take("sandbox-described", { phase: "gone", failure: null });
    session.take("sandbox-released", { releasedEpoch: session.epoch });
    session.take("resume-requested", { interrupted: "skip" });
    session.ready();
  }
  expect(session.state.retired.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 20 }, (_, i) => 11 + i));
});
