import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { countedFor } from "./counted-for.ts";
import { readState } from "./session.upgrade.ts";
import { ALICE, Driver, prompt } from "./testing.ts";

const KEY = { actor: { kind: "api-key", id: "key_1" }, apiKeyId: "key_1" } as const;
const BO = { ...KEY, userId: "usr_bo" };

function running(opened: typeof ALICE | typeof KEY, author: object): Driver {
  const session = new Driver({ author: opened });
  session.ready();
  session.take("prompt-received", { prompt: prompt(1), author } as never);
  session.up({ type: "accepted", messageId: "msg_1" });
  return session;
}

verifies("SES61", "a run by a key counts for who is behind the key, also once it is over, until the next", () => {
  const session = running(ALICE, BO);
  expect(countedFor(session.state)).toBe("usr_bo");
  session.end(1);
  expect(countedFor(session.state)).toBe("usr_bo");
  session.run(2);
  expect(countedFor(session.state)).toBe("usr_alice");
});

verifies("SES61", "before the first run it counts for who made the session, and so after one with nobody behind it", () => {
  expect(countedFor(new Driver({ author: ALICE }).state)).toBe("usr_alice");
  const session = running(ALICE, { ...KEY, userId: "" });
  session.end(1);
  expect(countedFor(session.state)).toBe("usr_alice");
});

verifies("SES61", "with nobody behind it a run counts for who made the session, and with nobody there for no user", () => {
  expect(countedFor(running(ALICE, KEY).state)).toBe("usr_alice");
  expect(countedFor(running(ALICE, { ...KEY, userId: "" }).state)).toBe("usr_alice");
  expect(countedFor(running(KEY, KEY).state)).toBeNull();
});

verifies("SES61", "a run counts for who steered it last, from when the agent took it", () => {
  const session = running(ALICE, ALICE);
  const steer = (number: number, author: object) => session.take("prompt-received", { prompt: { ...prompt(number), delivery: "steer" }, author } as never);
  steer(2, BO);
  expect(countedFor(session.state)).toBe("usr_alice");
  session.up({ type: "steered", messageId: "msg_1", steerId: "msg_2" });
  expect(countedFor(session.state)).toBe("usr_bo");
  steer(3, KEY);
  session.up({ type: "steered", messageId: "msg_1", steerId: "msg_3" });
  expect(countedFor(session.state)).toBe("usr_bo");
  session.end(1);
  expect(countedFor(session.state)).toBe("usr_bo");
});

verifies("SES61", "what goes on after a cap counts for the same person", () => {
  const session = running(ALICE, BO);
  session.take("budget-reached", { runId: "run_1", reached: { budget: "org.cost", scope: "org", unit: "cost", limit: 1, spent: 1, reserved: 0, needed: 1 } });
  session.up({ type: "turn-ended", messageId: "msg_1", outcome: "interrupted", failure: { code: "budget-reached", message: "no room" } });
  session.take("budget-lifted", {});
  expect(session.state.run).toMatchObject({ messageId: "msg_1.2", userId: "usr_bo" });
});

verifies("SES50", "a state from before it was known who is behind a key is read as one of today", () => {
  const { createdByUserId: _, lastUserId: __, heard: ___, run, current, ...rest } = running(ALICE, ALICE).state;
  const { userId: _r, ...oldRun } = run!;
  const { userId: _c, ...oldCurrent } = current!;
  const state = readState(JSON.stringify({ ...rest, run: oldRun, current: oldCurrent, version: 3 }));
  const today = running(ALICE, ALICE).state;
  expect(state).toEqual({ ...today, heard: "several" });
});
