/** Many sessions at once: what one costs while nothing happens in it, and whether a hundred busy ones are still quick. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bench, Group } from "../bench.ts";
import { stamp } from "../clock.ts";
import { paced } from "../pace.ts";
import { percentile, repeat, row, type Row } from "../row.ts";
import type { Scripted, ScriptedSession } from "../scripted.ts";
import type { ViewerGroup } from "../viewers.ts";

const IDLE = 1_000;
const WARM_UP = 300;
const AT_ONCE = 8;
/** The platform lets an object that is quiet for ten seconds go. */
const HIBERNATED_AFTER_MS = 15_000;

const BUSY = 100;
const SECONDS = 10;
/** From one prompt to the next, so that no two work in step. */
const NEXT_START_MS = 21;
/** What is counted begins a while after the last prompt. */
const COUNTED_AFTER_MS = BUSY * NEXT_START_MS + 1_000;
/** Each is two events: a part's start and its end. */
const PARTS_PER_SECOND = 10;
const PART_MS = 50;

export const busy: Group = {
  ids: ["busy100.lag.p99"],
  async run(bench: Bench): Promise<Row[]> {
    const scripted = await bench.scripted();
    const runs = await bench.record("busy100", () => busyRuns(scripted));
    const note = `sandbox → viewer, ${BUSY} running sessions at ${2 * PARTS_PER_SECOND} events/s each`;
    return [row("busy100.lag.p99", runs.map((lags) => percentile(lags, 0.99)), "ms", { bound: 250, note })];
  },
};

export const idle: Group = {
  ids: ["idle.mb"],
  async run(bench: Bench): Promise<Row[]> {
    const runs = await repeat(async () => idleMegabytes(await bench.freshScripted(true)));
    return [row("idle.mb", runs, "MB", { bound: 0.05, note: `memory of workerd per idle session of ${IDLE}` })];
  },
};

async function idleMegabytes(scripted: Scripted): Promise<number> {
  // Memory for those that are awake at once stays with workerd and is used again by the next.
  await openMany(scripted, WARM_UP);
  const before = await asleepMegabytes(scripted);
  await openMany(scripted, IDLE);
  return ((await asleepMegabytes(scripted)) - before) / IDLE;
}

async function asleepMegabytes(scripted: Scripted): Promise<number> {
  await scripted.quiet();
  await delay(HIBERNATED_AFTER_MS);
  return scripted.restingMegabytes();
}

async function openMany(scripted: Scripted, count: number): Promise<ScriptedSession[]> {
  const sessions: ScriptedSession[] = [];
  let asked = 0;
  const open = async (): Promise<void> => {
    while (asked < count) {
      asked += 1;
      sessions.push(await scripted.session());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, open));
  return sessions;
}

async function busyRuns(scripted: Scripted): Promise<number[][]> {
  const sessions = await openMany(scripted, BUSY);
  const watched = await Promise.all(sessions.map(async (session) => ({ session, group: await scripted.watch(session, 1) })));
  const runs = await repeat(async () => {
    const until = performance.now() + COUNTED_AFTER_MS + SECONDS * 1000;
    const begun = watched.map(({ session, group }, index) => delay(index * NEXT_START_MS).then(() => work(session, group, until)));
    const counted = delay(COUNTED_AFTER_MS).then(() => Promise.all(watched.map(({ group }) => group.reset())));
    await Promise.all([...begun, counted]);
    const reports = (await Promise.all(watched.map(({ group }) => group.reports()))).flat();
    return reports.flatMap(({ lagsMs }) => lagsMs);
  });
  await Promise.all(watched.map(({ group }) => group[Symbol.asyncDispose]()));
  return runs;
}

async function work({ agent, turn }: ScriptedSession, group: ViewerGroup, until: number): Promise<void> {
  await turn(group, async (messageId) => {
    await paced(PARTS_PER_SECOND, (until - performance.now()) / 1000, () => {
      const part = agent.startPart(messageId, stamp());
      setTimeout(() => agent.endPart(messageId, part, stamp()), PART_MS);
    });
    await delay(2 * PART_MS);
  });
}
