/** The agent that a session is opened with: told to each of its sandboxes, and shown with what it cannot do. */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import { Driver } from "./testing.ts";
import { sessionResource, sessionSummary } from "./session.view.ts";

const told = (driver: Driver) => driver.effects.flatMap((effect) => (effect.type === "send-frame" && effect.frame.type === "down" && effect.frame.body.type === "configure" ? [effect.frame.body.agent ?? null] : []));

verifies("AGT36", "the chosen agent is told to each sandbox and shown, with what it says that it cannot do", () => {
  const driver = new Driver({ agent: "acp" });
  driver.accept();
  driver.link();
  driver.up({ type: "ready", agent: "OpenCode", agentVersion: "1", kind: "acp", cannot: { steer: "It has no way to." } });
  driver.take("hibernate-requested", {});
  driver.up({ type: "checkpoint-saved", checkpoint: { id: "cp_1", files: 1, bytes: 1 } });
  driver.take("resume-requested", { interrupted: "skip" });
  driver.accept();
  driver.link();
  expect(told(driver)).toEqual(["acp", "acp"]);
  expect(driver.events[0]).toMatchObject({ type: "session.created", data: { agent: "acp" } });
  expect(sessionResource(driver.state, 1)).toMatchObject({ agent: "acp", agentCannot: { steer: "It has no way to." } });
  expect("agent" in sessionSummary(driver.state, 1)).toBe(false);
});

verifies("AGT36", "of the usual agent nothing is told and nothing is shown", () => {
  const driver = new Driver();
  driver.ready();
  const { agent, agentCannot } = sessionResource(driver.state, 1);
  expect([told(driver), agent, agentCannot]).toEqual([[null], undefined, undefined]);
});

verifies("AGT36", "a sandbox that runs another agent than the session has is let go, and when none is left the session says why", () => {
  const driver = new Driver({ agent: "acp", backends: ["docker"] });
  driver.accept();
  driver.link();
  driver.up({ type: "ready", agent: "opencode", agentVersion: "1" });
  expect(driver.state).toMatchObject({ status: "failed", failure: { code: "agent-not-there", fix: expect.stringContaining("npm run image") as string } });
  expect(driver.effects.some(({ type }) => type === "stop-sandbox")).toBe(true);
});
