/** What a long log costs: replaying it, opening its session, and memory of workerd. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bench, Group } from "../bench.ts";
import { percentile, repeat, row, type Row } from "../row.ts";
import type { Scripted, ScriptedSession } from "../scripted.ts";

const SHORT = 100;
const LONG = 10_000;
const VERY_LONG = 100_000;
/** Events of one turn. */
const TURN = 1_000;
/** Parts between turns of the event loop. */
const BATCH = 25;
const OPENINGS = 15;
const REPLAYS = 5;
const TEXT = "A line that a model may have written, neither long nor short, so that an event has a usual size. ";

interface Measured {
  readonly replayMs: number;
  readonly openRatio: number;
  readonly growthPercent: number;
}

export const longLog: Group = {
  ids: ["replay.10k", "open.ratio", "memory.100k"],
  async run(bench: Bench, wants): Promise<Row[]> {
    const whole = wants("open.ratio") || wants("memory.100k");
    // On an instance of its own each time, since memory that one log was given is not given back.
    const runs = await repeat(async () => {
      const scripted = await bench.freshScripted(true);
      return bench.record("long-log", () => measure(scripted, whole));
    });
    return [
      row("replay.10k", runs.map(({ replayMs }) => replayMs), "ms", { bound: 300, note: `${LONG} events to a new viewer, from dialling to synced` }),
      ...(whole
        ? [
            row("open.ratio", runs.map(({ openRatio }) => openRatio), "×", { bound: 1.3, note: `session read and its newest ${SHORT} events streamed to synced: with ${VERY_LONG} events in its log ÷ with ${SHORT}` }),
            row("memory.100k", runs.map(({ growthPercent }) => growthPercent), "%", { bound: 10, note: `workerd's memory with ${VERY_LONG} events in one log over ${LONG}` }),
          ]
        : []),
    ].filter(({ id }) => wants(id));
  },
};

async function measure(scripted: Scripted, whole: boolean): Promise<Measured> {
  const short = await scripted.session();
  await grow(scripted, short, SHORT);
  const long = await scripted.session();
  await grow(scripted, long, LONG);
  const replayMs = percentile(await replays(scripted, long), 0.5);
  if (!whole) return { replayMs, openRatio: Number.NaN, growthPercent: Number.NaN };
  const before = await scripted.restingMegabytes();
  await grow(scripted, long, VERY_LONG);
  const after = await scripted.restingMegabytes();
  const [shortMs, longMs]: [number[], number[]] = [[], []];
  // In turns, so that a noisy moment meets both.
  for (let opened = 0; opened < OPENINGS; opened++) {
    shortMs.push(await opening(scripted, short));
    longMs.push(await opening(scripted, long));
  }
  return { replayMs, openRatio: percentile(longMs, 0.5) / percentile(shortMs, 0.5), growthPercent: (after / before - 1) * 100 };
}

/** Times from dialling to `synced` of viewers that begin with nothing, one after another. */
async function replays(scripted: Scripted, session: ScriptedSession): Promise<number[]> {
  const times: number[] = [];
  for (let replayed = 0; replayed < REPLAYS; replayed++) {
    await using group = await scripted.watch(session, 1);
    const events = (await group.reports())[0]?.events ?? 0;
    if (events < LONG) throw new Error(`a new viewer was sent ${events} events of ${LONG}`);
    times.push(...group.syncedMs);
  }
  return times;
}

/** What a client does that shows the newest of a session: reads it, then streams from a hundred events before its end. */
async function opening(scripted: Scripted, session: ScriptedSession): Promise<number> {
  const startedAt = performance.now();
  const { lastSeq } = await session.client.get();
  const readMs = performance.now() - startedAt;
  await using group = await scripted.watch(session, 1, Math.max(0, lastSeq - SHORT));
  return readMs + (group.syncedMs[0] ?? Number.NaN);
}

/** Adds turns until the log has so many events. */
async function grow(scripted: Scripted, { client, agent, turn }: ScriptedSession, events: number): Promise<void> {
  const { lastSeq } = await client.get();
  await using group = await scripted.viewers.open(scripted.stack, client.id, 1, lastSeq);
  for (let left = events - lastSeq; left > 0; left -= TURN) {
    const parts = Math.ceil(Math.min(TURN, left) / 2);
    await turn(group, async (messageId) => {
      for (let said = 0; said < parts; said += 1) {
        agent.say(messageId, TEXT);
        if (said % BATCH === BATCH - 1) await delay(1);
      }
    });
  }
}
