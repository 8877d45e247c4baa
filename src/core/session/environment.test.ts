/** A session's environment: told to each of its sandboxes, until one finds that it is gone. */
import { describe, expect, test } from "vitest";
import { Driver } from "./testing.ts";
import { readState } from "./session.upgrade.ts";
import { sessionResource, sessionSummary } from "./session.view.ts";

const TESTS = { id: "env_1", name: "Tests" };

const told = (driver: Driver) => driver.effects.flatMap((effect) => (effect.type === "send-frame" && effect.frame.type === "down" && effect.frame.body.type === "configure" ? [effect.frame.body.environment ?? null] : []));

describe("the session's environment", () => {
  test("[ENV2] is told to each of its sandboxes, and shown in the session and its first event", () => {
    const driver = new Driver({ environment: TESTS });
    driver.ready();
    driver.take("hibernate-requested", {});
    driver.up({ type: "checkpoint-saved", checkpoint: { id: "cp_1", files: 1, bytes: 1 } });
    driver.take("resume-requested", { interrupted: "skip" });
    driver.ready();
    expect(told(driver)).toEqual([{ id: "env_1" }, { id: "env_1" }]);
    expect(driver.events[0]).toMatchObject({ type: "session.created", data: { environment: TESTS } });
    expect([sessionResource(driver.state, 1).environment, "environment" in sessionSummary(driver.state, 1)]).toEqual([TESTS, false]);
    expect(driver.events.filter(({ type }) => type === "environment.status")).toEqual([]);
  });

  test("[ENV2] of a session in none, or one that an older version stored, nothing is told", () => {
    const driver = new Driver();
    driver.ready();
    expect([told(driver), sessionResource(driver.state, 1).environment]).toEqual([[null], undefined]);
    const { environment: _, ...older } = driver.state;
    expect(sessionResource(readState(JSON.stringify(older)), 1).environment).toBeUndefined();
  });

  test("[ENV4] that is gone when a sandbox begins is said once, and the next sandbox is told of none", () => {
    const driver = new Driver({ environment: TESTS });
    driver.accept();
    driver.link();
    driver.up({ type: "environment-missing" });
    driver.up({ type: "environment-missing" });
    driver.up({ type: "ready", agent: "opencode", agentVersion: "1" });
    expect(driver.state.status).toBe("idle");
    const said = driver.events.filter((event) => event.type === "environment.status");
    expect(said).toMatchObject([{ data: { environment: TESTS, phase: "removed", failure: { code: "environment-removed", message: expect.stringContaining("Tests") as string } } }]);
    expect(sessionResource(driver.state, 1).environment).toBeUndefined();
    driver.take("sandbox-described", { phase: "gone", failure: null });
    driver.unlink();
    driver.send(1);
    driver.take("sandbox-described", { phase: "gone", failure: null });
    expect(driver.state.epoch).toBe(2);
    driver.ready();
    expect(told(driver)).toEqual([{ id: "env_1" }, null]);
  });
});

describe("its setup script", () => {
  const ran = (driver: Driver): readonly unknown[] =>
    driver.events.flatMap<unknown>((event) => {
      if (event.type === "environment.output") return [event.data.text];
      return event.type === "environment.status" ? [[event.data.phase, event.data.failure?.code ?? null]] : [];
    });

  test("[ENV6][ENV7] is told from its start to its end, in a session that is ready and takes prompts", () => {
    const driver = new Driver({ environment: TESTS });
    driver.ready();
    driver.up({ type: "setup-started" });
    driver.run(1);
    driver.up({ type: "setup-output", text: "one\n" });
    driver.up({ type: "setup-output", text: "two\n" });
    expect(driver.state.status).toBe("running");
    driver.up({ type: "setup-ended" });
    driver.up({ type: "setup-output", text: "late" });
    driver.end(1);
    expect(ran(driver)).toEqual([["setting-up", null], "one\n", "two\n", ["ready", null]]);
    expect(driver.state.status).toBe("idle");
  });

  test("[ENV8] that fails is a warning, and the session goes on", () => {
    const driver = new Driver({ environment: TESTS });
    driver.ready();
    driver.up({ type: "setup-started" });
    driver.up({ type: "setup-ended", failure: { code: "setup-failed", message: "The setup script ended with code 3." } });
    expect(ran(driver)).toEqual([["setting-up", null], ["failed", "setup-failed"]]);
    expect([driver.state.status, driver.state.environment]).toEqual(["idle", TESTS]);
  });

  test("[ENV8] is cut with its sandbox, once, and may begin again in the next one", () => {
    const driver = new Driver({ environment: TESTS });
    driver.ready();
    driver.up({ type: "setup-started" });
    driver.unlink();
    driver.take("sandbox-described", { phase: "gone", failure: null });
    driver.send(1);
    driver.ready();
    driver.up({ type: "setup-started" });
    driver.up({ type: "setup-ended" });
    expect(ran(driver)).toEqual([["setting-up", null], ["failed", "setup-cut"], ["setting-up", null], ["ready", null]]);
  });

  test("[ENV6] of a session in none is nothing that anybody hears of", () => {
    const driver = new Driver();
    driver.ready();
    for (const message of [{ type: "setup-started" }, { type: "setup-output", text: "x" }, { type: "setup-ended" }] as const) driver.up(message);
    expect(ran(driver)).toEqual([]);
  });
});
