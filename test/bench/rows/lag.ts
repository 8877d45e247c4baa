/** From a piece of text that the agent writes to each viewer, while it is written at a steady pace. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bench, Group } from "../bench.ts";
import { nowMicros } from "../clock.ts";
import { paced } from "../pace.ts";
import { percentile, repeat, row, type Row } from "../row.ts";
import type { Scripted } from "../scripted.ts";
import type { Report } from "../viewer-messages.ts";

const VIEWERS = 10;
const PER_SECOND = 500;
const SECONDS = 10;
const PIECE = "abc ";
/** Pieces still on the way when the part ends are superseded by its end, so the end waits for them. */
const DRAIN_MS = 300;

export const lag: Group = {
  ids: ["lag500.p50", "lag500.p99"],
  async run(bench: Bench, wants): Promise<Row[]> {
    const scripted = await bench.scripted();
    const runs = await bench.record("lag500", () => repeat(() => measure(scripted)));
    const note = `sandbox → viewer, ${PER_SECOND} deltas/s, ${VIEWERS} viewers`;
    return [
      row("lag500.p50", runs.map((lags) => percentile(lags, 0.5)), "ms", { bound: 20, note }),
      row("lag500.p99", runs.map((lags) => percentile(lags, 0.99)), "ms", { bound: 40, note }),
    ].filter(({ id }) => wants(id));
  },
};

async function measure(scripted: Scripted): Promise<number[]> {
  const session = await scripted.session();
  await using group = await scripted.watch(session, VIEWERS);
  await group.reset();
  const { agent } = session;
  const writtenAt: number[] = [];
  await session.turn(group, async (messageId) => {
    const part = agent.startPart(messageId);
    await paced(PER_SECOND, SECONDS, () => {
      writtenAt.push(nowMicros());
      agent.write(part, PIECE);
    });
    await delay(DRAIN_MS);
    agent.endPart(messageId, part);
  });
  return (await group.reports()).flatMap((report) => lagsOf(writtenAt, report));
}

/** Milliseconds from each piece's writing to the frame that brought the last of it. */
function lagsOf(writtenAt: readonly number[], { arrivals, textUnits }: Report): number[] {
  if (textUnits !== writtenAt.length * PIECE.length) throw new Error(`a viewer saw ${textUnits} units of ${writtenAt.length * PIECE.length}`);
  let frame = 0;
  return writtenAt.map((micros, index) => {
    while ((arrivals[frame]?.[0] ?? Infinity) < (index + 1) * PIECE.length) frame += 1;
    return ((arrivals[frame]?.[1] ?? Number.NaN) - micros) / 1000;
  });
}
