/**
 * What holds a session from outside is killed at random points while its prompts run: the Worker, the sandbox host and
 * PostgreSQL. `SOAK=1` takes twenty points of each kind, `POINTS` as many as it says; `SEED` repeats a run.
 */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { descendantsOf } from "../../packages/launcher/src/process-table.ts";
import { createPrng } from "../../src/core/kernel/prng.ts";
import type { Breach } from "./kill/checker.ts";
import { hear, isOver, RECOVERED_WITHIN_MS, sendCounted } from "./kill/point.ts";
import { newSubject, POINTS, runKind, SEED, type Kind } from "./kill/run-kind.ts";
import { signalAll } from "./kill/victims.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";
import { eventually, untilHealthy } from "./support/waiting.ts";

const BACK_WITHIN_MS = 30_000;
/** A start takes about this long. */
const STARTING_MS = 2_500;
const MINUTES = (points: number): number => 60_000 + points * 90_000;

let stack: TestStack;
const chance = createPrng(SEED + 1);

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(() => stack?.end());

function pidOf(name: string): number {
  const pid = stack.pids()[name];
  if (!pid) throw new Error(`${name} has no process`);
  return pid;
}

async function untilReplaced(name: string, old: number): Promise<void> {
  await eventually(`a new ${name}`, () => (![old, null].includes(stack.pids()[name] ?? null) ? true : "the old one"), BACK_WITHIN_MS);
}

const worker: Kind = {
  kind: "worker",
  kill: async () => {
    const parent = pidOf("worker");
    const children = descendantsOf(parent);
    expect(children.length, "workerd is below its parent").toBeGreaterThan(0);
    const victims = [children, [parent], [parent, ...children]][chance.int(3)] ?? [];
    const sinceMs = Date.now();
    signalAll(victims, "SIGKILL");
    await untilReplaced("worker", parent);
    await untilHealthy(stack.url, BACK_WITHIN_MS);
    return sinceMs;
  },
};

const database: Kind = {
  kind: "postgres",
  kill: async () => {
    const parent = pidOf("database");
    const sinceMs = Date.now();
    if (chance.int(2) === 0) await stack.restart("database");
    // Some of its many processes may be gone by themselves before their turn comes.
    else signalAll([parent, ...descendantsOf(parent)], "SIGKILL");
    await untilReplaced("database", parent);
    return sinceMs;
  },
};

/** What the host does for a session that runs is little, so one is always about to start. */
let starting: Promise<readonly Breach[]> = Promise.resolve([]);
let startings = 0;

const host: Kind = {
  kind: "sandbox host",
  kill: async () => {
    const parent = pidOf("sandbox-host");
    starting = startOne(`starting-${SEED}-${startings++}-${parent}`);
    await delay(chance.int(STARTING_MS));
    const sinceMs = Date.now();
    process.kill(parent, "SIGKILL");
    await untilReplaced("sandbox-host", parent);
    return sinceMs;
  },
  afterPoint: () => starting,
};

/** A new session with one prompt, which has to be over in time whatever the host does. */
async function startOne(key: string): Promise<readonly Breach[]> {
  const subject = await newSubject(stack, key);
  try {
    const { messageId } = await sendCounted(subject, `${key}-first`, 0.1);
    await subject.log.until("the first prompt of a session that starts while the host is killed", (events) => isOver(events, messageId), STARTING_MS + RECOVERED_WITHIN_MS);
    return await hear(subject, ["interrupted"]);
  } finally {
    await subject.end();
  }
}

for (const [id, kind, share] of [["KIL1", worker, 3], ["KIL2", host, 2], ["KIL6", database, 2]] as const) {
  const points = POINTS(share);
  test(`[${id}] ${points} kills of ${kind.kind} at random points: nothing accepted is lost, nothing runs twice (SEED=${SEED})`, () => runKind(stack, kind, points), MINUTES(points));
}
