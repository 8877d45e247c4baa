/**
 * The runtime is killed while a command of the agent runs, once for each thing that may follow. What was executed is
 * counted by a file that each command appends to, and that no sandbox can take away.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { OnInterruption } from "@berth/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Ledger } from "./kill/ledger.ts";
import { agentPids, runtimePids, signalAll } from "./kill/victims.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";
import { Watched } from "./support/watched.ts";

const RECOVERED_WITHIN_MS = 60_000;
const PAUSE_S = 2;

let stack: TestStack;
let watched: Watched;
let ledger: Ledger;
let folder: string;

beforeAll(async () => {
  stack = await startTestStack();
  watched = new Watched(await stack.idleSession());
  folder = mkdtempSync(join(stack.dataDir, "ledgers-"));
  ledger = new Ledger(join(stack.dataDir, "sandboxes", watched.session.id, "work"), folder, watched.session.id).open();
});

afterAll(async () => {
  watched?.close();
  rmSync(folder, { recursive: true, force: true });
  await stack?.end();
});

const times = (key: string): number => ledger.read().filter((line) => line === key).length;

/** A message whose command has had its effect and still runs when its runtime or agent is killed. */
async function cutOff(onInterruption: OnInterruption, key: string, victims: (sessionId: string) => number[] = runtimePids): Promise<string> {
  const { session } = watched;
  await session.update({ onInterruption });
  const { id } = await session.send(`!bash ${Ledger.command(key, PAUSE_S)}`);
  await eventually(`the effect of ${key}`, () => (times(key) === 1 ? true : `${times(key)} times`), RECOVERED_WITHIN_MS);
  expect(signalAll(victims(session.id), "SIGKILL"), "there is something to kill").toBe(true);
  return id;
}

/** The next message runs, without anybody doing anything about the one before. */
async function expectGoesOn(key: string): Promise<void> {
  const { id } = await watched.session.send(`!bash ${Ledger.command(key, 0)}`);
  expect(await watched.isOver(id, RECOVERED_WITHIN_MS)).toBe("completed");
  expect(times(key)).toBe(1);
}

test("[SES39] `fail`: the run fails, and the queue goes on", async () => {
  const id = await cutOff("fail", "failed");
  expect(await watched.isOver(id, RECOVERED_WITHIN_MS)).toBe("failed");
  await expectGoesOn("after-failed");
  expect(times("failed")).toBe(1);
});

test("[SES39] `continue`: a message of its own goes on, and nothing is executed again", async () => {
  const id = await cutOff("continue", "continued");
  const next = await watched.first("message.queued", ({ data }) => data.continues === id, RECOVERED_WITHIN_MS);
  expect(await watched.isOver(id)).toBe("interrupted");
  expect(await watched.isOver(next.messageId ?? "", RECOVERED_WITHIN_MS)).toBe("completed");
  expect(times("continued")).toBe(1);
});

test("[SES39] `retry`: the same text runs once more, as the session was told", async () => {
  const id = await cutOff("retry", "retried");
  const next = await watched.first("message.queued", ({ data }) => data.retryOf === id, RECOVERED_WITHIN_MS);
  expect(await watched.isOver(next.messageId ?? "", RECOVERED_WITHIN_MS)).toBe("completed");
  expect(times("retried")).toBe(2);
});

test("[SES39][SES40] `ask`: the session waits for a person, and nothing is executed again that is skipped", async () => {
  const id = await cutOff("ask", "skipped");
  await watched.until("the session waits for a person", ({ status, waitingFor }) => status === "waiting" && waitingFor === "interrupted");
  expect(watched.statuses(id).at(-1)).toBe("interrupted");
  await watched.session.resume({ interrupted: "skip" });
  await expectGoesOn("after-skipped");
  expect(times("skipped")).toBe(1);
});

test("[SES39][SES40] an agent that is killed alone leaves its sandbox, and a person has it done again", async () => {
  const id = await cutOff("ask", "again", agentPids);
  expect(await watched.isOver(id, RECOVERED_WITHIN_MS)).toBe("interrupted");
  const lost = watched.all("sandbox.status").filter(({ data }) => data.phase === "lost").length;
  await watched.until("the session waits for a person", ({ status, waitingFor }) => status === "waiting" && waitingFor === "interrupted");
  expect(times("again")).toBe(1);
  await watched.session.resume({ interrupted: "retry" });
  const next = await watched.first("message.queued", ({ data }) => data.retryOf === id);
  expect(await watched.isOver(next.messageId ?? "", RECOVERED_WITHIN_MS)).toBe("completed");
  expect(times("again")).toBe(2);
  expect(watched.all("sandbox.status").filter(({ data }) => data.phase === "lost")).toHaveLength(lost);
});

test("[SES40] everything that was executed is what was asked for", () => {
  expect(ledger.read().toSorted()).toEqual(["after-failed", "after-skipped", "again", "again", "continued", "failed", "retried", "retried", "skipped"]);
});
