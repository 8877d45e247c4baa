/**
 * The Worker is killed at random points of runs. It comes back by itself, the log has no hole, and no command runs twice.
 * `SOAK=1` kills twenty times, `KILLS` as often as it says; `SEED` repeats a run.
 */
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { SessionEvent, WaitResult } from "@berth/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPrng } from "../../src/core/kernel/prng.ts";
import { descendantsOf } from "../../packages/launcher/src/process-table.ts";
import { logOf, runInHistory, startTestStack, workFile, type TestStack } from "./support/stack.ts";
import { recordFollowing, recordStreaming } from "./support/viewers.ts";
import { eventually, untilHealthy } from "./support/waiting.ts";

const KILLS = Number(process.env["KILLS"] ?? (process.env["SOAK"] === "1" ? 20 : 6));
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
/** A turn takes about this long, so that kills fall before, into and after its command. */
const KILL_WITHIN_MS = 3_500;
const READY_WITHIN_MS = 10_000;

type Victim = "workerd" | "its parent" | "both";
const VICTIMS: readonly Victim[] = ["workerd", "its parent", "both"];

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(() => stack?.end());

function workerPid(): number {
  const { worker } = stack.pids();
  if (!worker) throw new Error("the Worker has no process");
  return worker;
}

/** Kills without warning and answers the milliseconds until a new Worker answers. */
async function killWorker(victim: Victim): Promise<number> {
  const parent = workerPid();
  const children = descendantsOf(parent);
  expect(children.length, "workerd is below its parent").toBeGreaterThan(0);
  const killedAt = performance.now();
  const victims = { workerd: children, "its parent": [parent], both: [parent, ...children] }[victim];
  for (const pid of victims) process.kill(pid, "SIGKILL");
  await eventually("a new Worker process", () => (stack.pids().worker !== parent ? true : "the old one"), READY_WITHIN_MS * 3);
  await untilHealthy(stack.url, READY_WITHIN_MS * 3);
  return performance.now() - killedAt;
}

interface Outcome {
  readonly kill: number;
  readonly victim: Victim;
  readonly atMs: number;
  readonly readyMs: number;
  /** Of the machine over the last minute: a figure beside a missed limit. */
  readonly load: number;
  readonly status: WaitResult["status"];
  readonly lines: number;
}

test(`[E2E-3] ${KILLS} kills of the Worker: ready again in time, no hole in the log, no command twice (SEED=${SEED})`, async () => {
  const prng = createPrng(SEED);
  const session = await stack.idleSession();
  const lines = (): string[] => readFileSync(workFile(stack, session.id, "lines.txt"), "utf8").split("\n").filter((line) => line !== "");
  await session.wait({ messageId: (await session.send("!bash echo first >> lines.txt")).id, signal: AbortSignal.timeout(60_000) });
  expect(lines()).toEqual(["first"]);

  const following = recordFollowing(session);
  const streaming = recordStreaming(session);
  const outcomes: Outcome[] = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    const victim = VICTIMS[prng.int(VICTIMS.length)] as Victim;
    const atMs = prng.int(KILL_WITHIN_MS);
    const sent = session.send(`!stream 20 40\n!bash echo kill-${kill} >> lines.txt; sleep 0.${prng.int(8) + 1}; echo ran\n!stream 20 40`);
    // The random point itself; a kill may also meet the prompt on its way.
    await delay(atMs);
    const readyMs = await killWorker(victim);
    const { id } = await sent;
    const { status } = await session.wait({ messageId: id, signal: AbortSignal.timeout(150_000) });
    const outcome = { kill, victim, atMs, readyMs: Math.round(readyMs), load: Math.round(loadavg()[0] ?? 0), status, lines: lines().filter((line) => line === `kill-${kill}`).length };
    outcomes.push(outcome);
    console.log(JSON.stringify(outcome));
    // An interrupted session waits for a person to say that it may go on.
    if ((await session.get()).status !== "idle") await session.resume();
  }

  expect(outcomes.filter(({ readyMs }) => readyMs > READY_WITHIN_MS), "not ready in time").toEqual([]);
  expect(outcomes.filter(({ lines }) => lines > 1), "ran twice").toEqual([]);
  expect(outcomes.filter(({ status, lines }) => status === "completed" && lines !== 1), "completed and did not run once").toEqual([]);

  const stored = await logOf(session);
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, i) => i + 1));
  const last = stored.length;
  expect(await following.until(last), "what SSE delivered").toEqual(stored);
  expect(await streaming.until(last), "what the socket delivered").toEqual(stored);
  await expectHistory(stored);
}, 60_000 + KILLS * 40_000);

/** Every run that ended is in Postgres with the events of the log. */
async function expectHistory(stored: readonly SessionEvent[]): Promise<void> {
  for (const ended of stored.filter((event) => event.type === "run.ended")) {
    const runId = ended.runId as string;
    const { run, events } = await runInHistory(stack.berth, runId);
    expect(run).toMatchObject({ id: runId, outcome: ended.data.outcome });
    expect(events).toEqual(stored.filter((event) => event.runId === runId));
  }
}
