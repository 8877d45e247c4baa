/** Measuring how the sandbox is kept, and what follows from a difference. */
import type { PolicyFact } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { brief, Driver } from "./testing.ts";
import { sandboxPolicy } from "./session.view.ts";

const MATCH: PolicyFact = { name: "mounts", declared: "none", measured: "none", by: "the kernel", at: "2026-01-01T00:00:00.000Z", verdict: "match", differences: [] };
const mismatch = (...differences: string[]): PolicyFact => ({ ...MATCH, verdict: "mismatch", differences });

function ready(): Driver {
  const driver = new Driver();
  driver.ready();
  return driver;
}

function measured(): Driver {
  const driver = ready();
  driver.up({ type: "policy-measured", measurement: { capabilities: [] } });
  return driver;
}

const told = (driver: Driver) => driver.events.filter(({ type }) => type === "policy.mismatch").map(({ data }) => data);

describe("[POL11] a measurement", () => {
  test("from inside makes every enforcing part be asked, once the session has it", () => {
    const driver = measured();
    expect(driver.last.effects).toContainEqual({ type: "check-policy", id: "ses_1-1", epoch: 1, backend: "docker", measurement: { capabilities: [] } });
    expect(sandboxPolicy(driver.state)).toEqual({ epoch: null, verdict: "unmeasured", measuring: true, facts: [] });
    driver.take("policy-checked", { facts: [MATCH], stops: true });
    expect(sandboxPolicy(driver.state)).toEqual({ epoch: 1, verdict: "match", measuring: false, facts: [MATCH] });
    expect([driver.state.status, told(driver)]).toEqual(["idle", []]);
  });

  test("is made again when it is asked for, one at a time", () => {
    const driver = measured();
    driver.take("policy-checked", { facts: [MATCH], stops: false });
    expect(driver.take("policy-requested", {}).effects.map(brief)).toEqual(["send measure-policy", "set-alarm"]);
    expect(sandboxPolicy(driver.state)).toMatchObject({ measuring: true, facts: [MATCH] });
    expect(driver.take("policy-requested", {})).toMatchObject({ refusal: null, effects: [] });
  });

  test("is refused where there is nobody to make it", () => {
    const early = ready();
    expect(early.take("policy-requested", {}).refusal).toMatchObject({ problem: "conflict", detail: expect.stringContaining("not there yet") });
    const driver = measured();
    driver.unlink();
    expect(driver.take("policy-requested", {}).refusal).toMatchObject({ problem: "conflict", detail: expect.stringContaining("no sandbox") });
  });

  test("that was lost with the object's memory is asked for again", () => {
    const driver = measured();
    const step = driver.take("session-restored", { linkId: driver.state.lease?.linkId ?? null });
    expect(step.effects.map(brief)).toContain("send measure-policy");
  });

  test("[POL11] whose answer was not stored is made again a minute later, once there is a link", () => {
    const driver = measured();
    driver.wait(59_999);
    expect(driver.last.effects.map(brief)).not.toContain("send measure-policy");
    driver.wait(1);
    expect(driver.last.effects.map(brief)).toContain("send measure-policy");
    driver.take("policy-checked", { facts: [MATCH], stops: false });
    expect(driver.state.deadlines.policy).toBeUndefined();
  });

  test("with a difference is an event, once for each set of differences", () => {
    const driver = measured();
    driver.take("policy-checked", { facts: [MATCH, mismatch("/x is mounted.")], stops: false });
    expect(told(driver)).toEqual([{ epoch: 1, facts: [mismatch("/x is mounted.")], stopped: false }]);
    driver.take("policy-checked", { facts: [MATCH, mismatch("/x is mounted.")], stops: false });
    expect(told(driver)).toHaveLength(1);
    driver.take("policy-checked", { facts: [MATCH, mismatch("/x is mounted.", "/y is mounted.")], stops: false });
    expect(told(driver)).toHaveLength(2);
    expect(driver.state.status).toBe("idle");
  });

  test("of an earlier sandbox says nothing of this one, and is refused", () => {
    const driver = measured();
    expect(driver.take("policy-checked", { epoch: 7, facts: [mismatch("x")], stops: true }).refusal).toMatchObject({ problem: "conflict" });
    expect(sandboxPolicy({ ...driver.state, epoch: 2 })).toEqual({ epoch: null, verdict: "unmeasured", measuring: false, facts: [] });
  });
});

describe("where a difference stops the session", () => {
  test("[POL12] its run fails, its sandbox is let go, and it says what to do", () => {
    const driver = measured();
    driver.run(1);
    driver.take("policy-checked", { facts: [mismatch("/x is mounted.")], stops: true });
    expect(driver.state).toMatchObject({ status: "failed", failure: { code: "policy-mismatch", message: "The sandbox is not kept as declared, so it was stopped: /x is mounted.", fix: expect.stringMatching(/resume/) } });
    expect(told(driver)).toMatchObject([{ stopped: true }]);
    expect(driver.last.events.map(brief)).toEqual(["policy.mismatch", "message.status failed", "run.ended failed", "sandbox.status failed", "session.status failed"]);
    expect(driver.last.effects.map(brief)).toEqual(expect.arrayContaining(["close-link", "stop-sandbox 1"]));
  });

  test("[POL12] it stops while it starts and while it waits, and a resume measures the next sandbox", () => {
    const starting = new Driver();
    starting.accept();
    starting.link();
    starting.up({ type: "policy-measured", measurement: {} });
    starting.take("policy-checked", { facts: [mismatch("x")], stops: true });
    expect(starting.state).toMatchObject({ status: "failed", start: null });
    const waiting = measured();
    waiting.run(1);
    waiting.up({ type: "permission-asked", messageId: "msg_1", requestId: "req_1", tool: "bash", title: "ls", patterns: ["ls"] });
    waiting.take("policy-checked", { facts: [mismatch("x")], stops: true });
    expect(waiting.state.status).toBe("failed");
    waiting.take("resume-requested", { interrupted: "skip" });
    expect([waiting.state.status, waiting.epoch, sandboxPolicy(waiting.state).verdict]).toEqual(["starting", 2, "unmeasured"]);
  });
});
