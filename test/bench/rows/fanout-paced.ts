/** Text at a steady pace: what it costs workerd, and how many bytes reach a viewer for each byte of text. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bench, Group } from "../bench.ts";
import { paced } from "../pace.ts";
import { repeat, row, viewersOf, type Row } from "../row.ts";
import type { Scripted } from "../scripted.ts";

const PIECE = "abc ";
const SECONDS = 10;
const PAUSE_MS = 100;
const CPU = [
  { viewers: 1, bound: 1.3 },
  { viewers: 10, bound: 1.6 },
  { viewers: 25, bound: 2.2 },
] as const;
const BYTES = [
  { perSecond: 500, bound: 3 },
  { perSecond: 100, bound: 4 },
] as const;

interface Streamed {
  readonly cpuSeconds: number;
  /** Bytes that came to a viewer for each byte of text that the agent wrote. */
  readonly bytesPerByte: number;
}

export const fanoutPaced: Group = {
  ids: [...CPU.map(({ viewers }) => `fanout.paced.cpu.${viewers}`), ...BYTES.map(({ perSecond }) => `fanout.bytes.${perSecond}`)],
  async run(bench: Bench, wants): Promise<Row[]> {
    const scripted = await bench.scripted();
    const known = new Map<string, Promise<Streamed[]>>();
    const streamed = (viewers: number, perSecond: number): Promise<Streamed[]> => {
      const key = `${viewers} ${perSecond}`;
      const runs = known.get(key) ?? bench.record(`fanout.paced.${viewers}x${perSecond}`, () => repeat(() => measure(scripted, viewers, perSecond)));
      known.set(key, runs);
      return runs;
    };
    const rows: Row[] = [];
    for (const { viewers, bound } of CPU) {
      const id = `fanout.paced.cpu.${viewers}`;
      if (!wants(id)) continue;
      const runs = (await streamed(viewers, 500)).map(({ cpuSeconds }) => cpuSeconds);
      rows.push(row(id, runs, "CPU s", { bound, note: `500 deltas/s for ${SECONDS} s, ${viewersOf(viewers)}` }));
    }
    for (const { perSecond, bound } of BYTES) {
      const id = `fanout.bytes.${perSecond}`;
      if (!wants(id)) continue;
      const runs = (await streamed(1, perSecond)).map(({ bytesPerByte }) => bytesPerByte);
      rows.push(row(id, runs, "×", { bound, note: `bytes to a viewer ÷ bytes of text, ${perSecond} deltas/s` }));
    }
    return rows;
  },
};

async function measure(scripted: Scripted, viewers: number, perSecond: number): Promise<Streamed> {
  const session = await scripted.session();
  await using group = await scripted.watch(session, viewers);
  await group.reset();
  const before = await scripted.quiet();
  const { agent } = session;
  await session.turn(group, async (messageId) => {
    const part = agent.startPart(messageId);
    await paced(perSecond, SECONDS, () => agent.write(part, PIECE));
    agent.endPart(messageId, part);
    // What comes after is told by other frames.
    await delay(PAUSE_MS);
  });
  const cpuSeconds = (await scripted.quiet()) - before;
  const bytes = (await group.reports())[0]?.textBytes ?? Number.NaN;
  return { cpuSeconds, bytesPerByte: bytes / (perSecond * SECONDS * PIECE.length) };
}
