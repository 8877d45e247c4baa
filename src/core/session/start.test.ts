/** Starting: every start ends, ready or failed. */
import { CLOSE_CODES } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { DEMO, Driver, T0, brief, prompt } from "./testing.ts";

const BROKEN = { code: "sandbox-resource-exhausted", message: "No room.", fix: "Make room." };

function failCreate(session: Driver, outcome: "not-applied" | "applied" | "unknown"): void {
  session.take("sandbox-token-minted", { tokenHash: "hash" });
  session.take("sandbox-create-failed", { backend: session.state.lease?.backend ?? "", failure: BROKEN, outcome });
}

verifies("SES1", "a new session starts its sandbox at once and takes its first message when the agent is ready", () => {
  const session = new Driver({ prompt: prompt(1) });
  expect(session.state).toMatchObject({ status: "starting", lease: { epoch: 1, backend: "docker", phase: "requested" } });
  expect(session.effects[0]).toEqual({
    type: "create-sandbox",
    id: "ses_1-1",
    epoch: 1,
    backend: "docker",
    workspace: { kind: "empty" },
    demoOnly: true,
    afterMs: 0,
  });
  session.ready();
  expect(session.state).toMatchObject({ status: "running", current: { messageId: "msg_1" }, start: null });
});

verifies(["SES2", "SES4"], "two backends share 90 s, each under its own epoch, and the start fails when both are silent", () => {
  const session = new Driver();
  expect(session.state.deadlines).toEqual({ start: T0 + 90_000, attempt: T0 + 45_000 });
  session.wait(44_999);
  expect(session.epoch).toBe(1);
  const second = session.wait(1);
  expect(second.effects.map(brief)).toEqual(["stop-sandbox 1", "create-sandbox 2", "set-alarm"]);
  expect(session.state.lease).toMatchObject({ backend: "process", epoch: 2 });
  session.accept();
  session.wait(45_000);
  expect(session.state).toMatchObject({ status: "failed", failure: { code: "all-backends-failed" }, deadlines: {} });
  expect(session.state.failure?.message).toContain("docker did not take");
  expect(session.state.failure?.message).toContain("process sandbox started but never connected");
});

verifies("SES2", "four backends get a quarter each, and one that fails early leaves its time to the others", () => {
  const session = new Driver({ backends: ["a", "b", "c", "d"] });
  expect(session.state.deadlines.attempt).toBe(T0 + 22_500);
  failCreate(session, "not-applied");
  expect(session.state.deadlines.attempt).toBe(T0 + 30_000);
});

verifies("SES2", "a backend that took it late has its time from then on, within what is left of the start", () => {
  const session = new Driver({ backends: ["docker"] });
  session.wait(40_000);
  session.accept();
  expect(session.state.deadlines.attempt).toBe(T0 + 85_000);
  session.link();
  session.wait(44_999);
  expect([session.state.status, session.epoch]).toEqual(["starting", 1]);
});

verifies("SES2", "its time is counted from its backend's word also where the runtime dials before that arrives", () => {
  const session = new Driver({ backends: ["docker"] });
  session.take("sandbox-token-minted", { tokenHash: "hash-1" });
  session.wait(40_000);
  session.link();
  session.take("sandbox-accepted", { backend: "docker", isolation: "container" });
  expect(session.state.lease?.phase).toBe("linked");
  expect(session.state.deadlines.attempt).toBe(T0 + 85_000);
  expect(session.state.deadlines.probe).toBeUndefined();
});

verifies("SES2", "an alarm that comes long after the deadline ends the start at once", () => {
  const session = new Driver();
  session.accept();
  session.link();
  session.wait(10 * 60_000);
  expect(session.state).toMatchObject({ status: "failed", failure: { code: "agent-never-ready" }, epoch: 1 });
});

verifies("SES4", "a refused create leaves nothing to stop, one that may exist is stopped", () => {
  const session = new Driver();
  failCreate(session, "not-applied");
  expect(session.last.effects.map(brief)).toEqual(["create-sandbox 2"]);
  failCreate(session, "applied");
  expect(session.last.effects.map(brief)).toEqual(["stop-sandbox 2", "set-alarm"]);
  expect(session.state.status).toBe("failed");
});

verifies("SES5", "a start that failed keeps the queue and says why; a new prompt starts again and the queue goes on", () => {
  const session = new Driver({ backends: ["docker"], prompt: prompt(1) });
  failCreate(session, "not-applied");
  expect(session.last.events.at(-1)).toEqual({ type: "session.status", data: { status: "failed", failure: BROKEN } });
  expect(session.state.queue).toHaveLength(1);
  session.send(2);
  expect(session.state).toMatchObject({ status: "starting", failure: null, epoch: 2 });
  session.ready();
  expect(session.state.current?.messageId).toBe("msg_1");
});

verifies("SES5", "resuming a failed session starts again; without a backend it fails with the step that helps", () => {
  const session = new Driver({ backends: [] });
  expect(session.state.failure).toMatchObject({ code: "no-sandbox-backend" });
  expect(session.state.failure?.fix).toBeDefined();
  session.take("resume-requested", { interrupted: "skip" });
  expect(session.state.status).toBe("failed");
  session.take("backends-configured", { backends: ["process"] });
  session.take("resume-requested", { interrupted: "skip" });
  expect(session.state).toMatchObject({ status: "starting", lease: { backend: "process" } });
});

verifies("SES6", "a create without an answer is asked after and may still link", () => {
  const session = new Driver();
  failCreate(session, "unknown");
  expect(session.last.effects.map(brief)).toEqual(["describe-sandbox 1", "set-alarm"]);
  expect(session.wait(2_000).effects.map(brief)).toEqual(["describe-sandbox 1", "set-alarm"]);
  session.take("sandbox-described", { phase: "alive", failure: null });
  expect(session.epoch).toBe(1);
  session.link();
  session.up({ type: "ready", agent: "opencode", agentVersion: "1" });
  expect(session.state.status).toBe("idle");
});

verifies("SES6", "a create without an answer whose sandbox does not exist makes room for the next backend", () => {
  const session = new Driver();
  failCreate(session, "unknown");
  session.take("sandbox-described", { phase: "gone", failure: null });
  expect(session.state.lease).toMatchObject({ epoch: 2, backend: "process" });
});

verifies("SES7", "whatever comes from another epoch is refused, and a late sandbox is stopped", () => {
  const session = new Driver();
  session.accept();
  session.wait(45_000);
  const before = session.state;
  const fenced = { problem: "conflict", closeCode: CLOSE_CODES.fenced };
  expect(session.take("link-opened", { epoch: 1, linkId: "con_x", versions: [1], received: 0 }).refusal).toMatchObject(fenced);
  expect(session.take("up-received", { epoch: 1, n: 1, message: { type: "title", title: "x" } }).refusal).toMatchObject(fenced);
  expect(session.take("down-acked", { epoch: 1, n: 0 }).refusal).toMatchObject(fenced);
  expect(session.take("sandbox-token-minted", { epoch: 3, tokenHash: "x" }).refusal).toMatchObject(fenced);
  const late = session.take("sandbox-accepted", { epoch: 1, backend: "docker", isolation: "container" });
  expect(late).toMatchObject({ refusal: null, events: [] });
  expect(late.effects.map(brief)).toEqual(["stop-sandbox 1"]);
  expect(session.state).toEqual({ ...before, revision: before.revision + 1 });
});

verifies("SES3", "a changed list of providers goes down before the prompt it came with, once", () => {
  const session = new Driver({ demoOnly: false });
  session.ready();
  const more = [DEMO, { ...DEMO, id: "anthropic" }].map((provider) => ({ ...provider, models: [...provider.models] }));
  expect(session.take("prompt-received", { prompt: prompt(1), providers: more }).effects.map(brief)).toEqual(["send configure", "send prompt", "set-alarm"]);
  session.end(1);
  expect(session.take("prompt-received", { prompt: prompt(2), providers: more }).effects.map(brief)).toEqual(["send prompt", "set-alarm"]);
});

verifies("SES8", "a sandbox for the demo model is replaced before another model gets near it", () => {
  const session = new Driver();
  session.ready();
  const more = [DEMO, { ...DEMO, id: "anthropic" }].map((provider) => ({ ...provider, models: [...provider.models] }));
  const taken = session.take("prompt-received", { prompt: prompt(1), providers: more });
  expect(taken.effects.map(brief)).toEqual(["close-link", "stop-sandbox 1", "create-sandbox 2", "set-alarm"]);
  expect(taken.effects).toContainEqual(expect.objectContaining({ type: "create-sandbox", demoOnly: false }));
  session.ready();
  expect(session.state.current?.messageId).toBe("msg_1");
});

verifies("SES22", "an agent that fails during the start makes the next backend be tried", () => {
  const session = new Driver();
  session.accept();
  session.link();
  session.up({ type: "agent-failed", failure: BROKEN });
  expect(session.state.lease).toMatchObject({ epoch: 2, backend: "process" });
  expect(session.last.events.map(brief)).toEqual(["sandbox.status failed", "sandbox.status requested"]);
});

verifies("SES22", "a workspace that cannot be prepared fails the session with its reason", () => {
  const session = new Driver({ prompt: prompt(1) });
  session.accept();
  session.link();
  session.up({ type: "workspace-failed", failure: BROKEN });
  expect(session.state).toMatchObject({ status: "failed", failure: BROKEN, lease: { phase: "failed" } });
  expect(session.last.events.map(brief)).toEqual(["workspace.status failed", "sandbox.status failed", "session.status failed"]);
});

verifies("SES22", "an agent that fails during a run ends the run and the session with its reason", () => {
  const session = new Driver();
  session.ready();
  session.run(1);
  session.up({ type: "agent-failed", failure: BROKEN });
  expect(session.last.events.map(brief)).toEqual([
    "message.status failed",
    "run.ended failed",
    "sandbox.status failed",
    "session.status failed",
  ]);
  expect(session.state.failure).toEqual(BROKEN);
});

verifies("SES51", "a backend that may be back in a moment is tried again after a pause, until the start is over", () => {
  const session = new Driver({ backends: ["docker", "process"] });
  const away = { code: "sandbox-unavailable", message: "The sandbox host does not answer." };
  const refused = (mayPass: boolean): void => {
    session.take("sandbox-create-failed", { backend: session.state.lease?.backend ?? "", failure: away, outcome: "not-applied", mayPass });
  };
  refused(true);
  refused(false);
  expect(session.state).toMatchObject({ status: "starting", epoch: 3, lease: { backend: "docker" } });
  const pauses = (): number[] => session.effects.flatMap((effect) => (effect.type === "create-sandbox" ? [effect.afterMs] : []));
  for (let tries = 0; tries < 100 && session.state.status === "starting"; tries += 1) {
    session.nowMs += pauses().at(-1) ?? 0;
    refused(true);
  }
  expect(pauses().slice(0, 7)).toEqual([0, 0, 1_000, 2_000, 4_000, 5_000, 5_000]);
  expect(session.state).toMatchObject({ status: "failed", failure: { message: "The sandbox host does not answer." } });
  expect(session.nowMs - T0).toBeLessThan(90_000);
});

verifies("SES51", "an attempt whose request was never answered is made again while the start lasts", () => {
  const session = new Driver({ backends: ["docker"] });
  failCreate(session, "unknown");
  session.wait(45_000);
  expect(session.state).toMatchObject({ status: "starting", epoch: 2, lease: { backend: "docker", phase: "requested" } });
  session.ready();
  expect(session.state.status).toBe("idle");
});

verifies("SES51", "a backend that cannot even be asked makes room for the next in seconds", () => {
  const session = new Driver({ backends: ["docker", "process"] });
  failCreate(session, "unknown");
  for (let asked = 0; asked < 3; asked += 1) {
    expect(session.state.lease).toMatchObject({ backend: "docker" });
    session.take("sandbox-described", { phase: "unreachable", failure: null });
    session.wait(2_000);
  }
  expect(session.state).toMatchObject({ lease: { backend: "process", epoch: 2 }, retired: [{ epoch: 1, stopped: false }] });
  session.take("sandbox-described", { phase: "unreachable", failure: null });
  session.ready();
  expect(session.state.status).toBe("idle");
});
