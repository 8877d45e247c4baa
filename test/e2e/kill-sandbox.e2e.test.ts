/**
 * What is in the sandbox is killed at random points while prompts run: the agent, the runtime, everything at once without
 * a word (`SIGSTOP`), and the disk that both write to. `SOAK=1` takes twenty points of each kind, `POINTS` as many as it
 * says; `SEED` repeats a run.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPrng } from "../../src/core/kernel/prng.ts";
import type { Subject } from "./kill/point.ts";
import { POINTS, runKind, SEED, type Kind } from "./kill/run-kind.ts";
import { SmallDisk } from "./kill/small-disk.ts";
import { agentPids, processesOfSandbox, runtimePids, signalAll } from "./kill/victims.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

const MINUTES = (points: number, each = 90_000): number => 90_000 + points * each;
const STOPPED_MS = 120_000;
const NOTICED_WITHIN_MS = 90_000;
/** Sessions that stand still at the same time: each waits for most of it. */
const SILENT_AT_ONCE = 4;
const FULL_MS_MIN = 2_000;
const FULL_MS_MAX = 15_000;
const DISK_MB = 256;

let stack: TestStack;
const chance = createPrng(SEED + 2);

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(() => stack?.end());

const agent: Kind = {
  kind: "agent",
  kill: async ({ sessionId }) => {
    const sinceMs = Date.now();
    expect(signalAll(agentPids(sessionId), "SIGKILL"), "there is an agent").toBe(true);
    return sinceMs;
  },
};

const runtime: Kind = {
  kind: "runtime",
  kill: async ({ sessionId }) => {
    const sinceMs = Date.now();
    expect(signalAll(runtimePids(sessionId), "SIGKILL"), "there is a runtime").toBe(true);
    return sinceMs;
  },
};

/** The time to recover begins when it was noticed, which has a bound of its own. */
const silence: Kind = {
  kind: "silence",
  kill: async ({ sessionId, log }) => {
    const stoppedAtMs = Date.now();
    const pids = processesOfSandbox(sessionId).map(({ pid }) => pid);
    expect(signalAll(pids, "SIGSTOP"), "there is a sandbox").toBe(true);
    const isNoticed = ({ type, atMs, data }: (typeof log.events)[number]): boolean => type === "sandbox.status" && atMs > stoppedAtMs && ["lost", "stopped", "failed"].includes(String(data["phase"]));
    const seen = log.until("the silence is noticed", (events) => events.some(isNoticed), STOPPED_MS);
    void continueLater(pids, stoppedAtMs);
    await seen;
    const noticedAtMs = log.events.find(isNoticed)?.atMs ?? 0;
    console.log(`silence noticed after ${noticedAtMs - stoppedAtMs} ms`);
    expect(noticedAtMs - stoppedAtMs, "noticed in time").toBeLessThanOrEqual(NOTICED_WITHIN_MS);
    return noticedAtMs;
  },
};

const continued: Promise<void>[] = [];

/** Who is still there after two minutes goes on as if nothing had been. */
function continueLater(pids: readonly number[], stoppedAtMs: number): void {
  continued.push(delay(Math.max(0, stoppedAtMs + STOPPED_MS - Date.now())).then(() => void signalAll(pids, "SIGCONT")));
}

let disk: SmallDisk | null = null;

/** The time to recover begins when there is room again. */
const fullDisk: Kind = {
  kind: "full disk",
  // The agent may find no room for what it has to remember, and says so.
  mayEnd: ["interrupted", "failed"],
  prepare: async ({ sessionId, log }: Subject) => {
    disk = SmallDisk.under(join(stack.dataDir, "sandboxes", sessionId, "home"), DISK_MB);
    // The next sandbox of the session is the one that has it.
    const before = log.events.length;
    signalAll(runtimePids(sessionId), "SIGKILL");
    await log.until("the sandbox is gone", (events) => events.slice(before).some(({ type, data }) => type === "sandbox.status" && data["phase"] === "lost"), 30_000);
  },
  kill: async () => {
    disk?.fill();
    await delay(FULL_MS_MIN + chance.int(FULL_MS_MAX - FULL_MS_MIN));
    disk?.makeRoom();
    return Date.now();
  },
};

/** Most of the silence is waiting, so the others are killed meanwhile, one after the other. */
describe.concurrent("in the sandbox", () => {
  const silences = POINTS(1);
  test(
    `[KIL5] ${silences} times everything in the sandbox stands still for two minutes: noticed within 90 s, nothing lost, nothing twice (SEED=${SEED})`,
    () => runKind(stack, { ...silence, afterPoint: () => Promise.all(continued).then(() => []) }, silences, SILENT_AT_ONCE),
    MINUTES(Math.ceil(silences / SILENT_AT_ONCE), 300_000),
  );

  describe.concurrent("one after the other", () => {
    for (const [id, kind] of [["KIL3", agent], ["KIL4", runtime]] as const) {
      const points = POINTS(2);
      test.sequential(`[${id}] ${points} kills of the ${kind.kind} at random points: nothing accepted is lost, nothing runs twice (SEED=${SEED})`, () => runKind(stack, kind, points), MINUTES(points));
    }

    const disks = POINTS(1);
    test.sequential(`[KIL7] ${disks} times the disk under runtime and agent is full: they go on once there is room, nothing lost, nothing twice (SEED=${SEED})`, async () => {
      try {
        await runKind(stack, fullDisk, disks);
      } finally {
        disk?.remove();
      }
    }, MINUTES(disks, 120_000));
  });
});
