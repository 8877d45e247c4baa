/** From a piece of text that the agent writes to each viewer, while it is written at a steady pace. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bench, Group } from "../bench.ts";
import { stamp } from "../clock.ts";
import { paced } from "../pace.ts";
import { percentile, repeat, row, type Row } from "../row.ts";
import type { Scripted } from "../scripted.ts";

const VIEWERS = 10;
const PER_SECOND = 500;
const SECONDS = 10;
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
  await session.turn(group, async (messageId) => {
    const part = agent.startPart(messageId);
    await paced(PER_SECOND, SECONDS, () => agent.write(part, stamp()));
    await delay(DRAIN_MS);
    agent.endPart(messageId, part);
  });
  const lags = (await group.reports()).flatMap(({ lagsMs }) => lagsMs);
  const expected = PER_SECOND * SECONDS * VIEWERS;
  if (lags.length !== expected) throw new Error(`the viewers saw ${lags.length} of ${expected} pieces`);
  return lags;
}
