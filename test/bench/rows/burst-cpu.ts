/** What 5,000 pieces of text within about a second cost workerd, by the number of viewers. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bench, Group } from "../bench.ts";
import { cpuSeconds } from "../cpu.ts";
import { rounded, type Row } from "../row.ts";

const PIECES = 5_000;
const PER_MS = 5;
const VIEWERS = [
  { viewers: 1, rival: 2.6 },
  { viewers: 10, rival: 9.1 },
  { viewers: 25, rival: 21 },
] as const;

export const burstCpu: Group = {
  ids: VIEWERS.map(({ viewers }) => `burst-cpu.${viewers}`),
  async run(bench: Bench): Promise<Row[]> {
    const rows: Row[] = [];
    for (const { viewers, rival } of VIEWERS) {
      const value = rounded(await measure(bench, viewers));
      rows.push({ id: `burst-cpu.${viewers}`, value, unit: "CPU s", bound: rival, note: `${PIECES} pieces in about 1 s; Open-Inspect ${rival}` });
    }
    return rows;
  },
};

async function measure(bench: Bench, viewers: number): Promise<number> {
  using scripted = await bench.scriptedSession();
  const { instance } = await bench.scriptedWorld();
  const { agent, log, session, stream } = scripted;
  const others = await Promise.all(
    Array.from({ length: viewers - 1 }, async () => {
      const [live, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const viewer = session.stream({
        onFrame: ({ events }) => {
          if (events.some(({ type }) => type === "run.ended")) ended.resolve();
        },
        onSynced: () => live.resolve(),
      });
      await live.promise;
      return { viewer, ended: ended.promise };
    }),
  );
  agent.onPrompt = async ({ messageId }) => {
    agent.begin(messageId);
    let whole = "";
    for (let written = 0; written < PIECES; written++) {
      const piece = `t${String(written).padStart(4, "0")} `;
      whole += piece;
      agent.write(messageId, piece);
      if (written % PER_MS === PER_MS - 1) await delay(1);
    }
    agent.end(messageId, whole);
  };
  const before = cpuSeconds(instance.stack);
  await log.completed((await stream.prompt("go")).id);
  await Promise.all(others.map(({ ended }) => ended));
  const used = cpuSeconds(instance.stack) - before;
  for (const { viewer } of others) viewer.close();
  return used;
}
