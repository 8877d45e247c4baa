/** From a piece of text the agent writes to each viewer's handler, while it is written at a steady pace. */
import { setTimeout as delay } from "node:timers/promises";
import type { SessionStream } from "@berth/sdk";
import type { Bench, Group, ScriptedSession } from "../bench.ts";
import { latencyRows, type Row } from "../row.ts";

const SECONDS = 5;
/** Pieces still on the way when the part ends are superseded by its end, so the end waits for them. */
const DRAIN_MS = 300;

const CASES = [
  { viewers: 1, perSecond: 100, note: "" },
  { viewers: 10, perSecond: 100, note: "; Open-Inspect, which sends token by token, 3.6 / 7.4" },
  { viewers: 1, perSecond: 500, note: "" },
  { viewers: 10, perSecond: 500, note: "; Open-Inspect p99 1,502, and it reached 433/s" },
] as const;

export const eventViewer: Group = {
  ids: ["event-viewer"],
  async run(bench: Bench): Promise<Row[]> {
    const rows: Row[] = [];
    for (const { viewers, perSecond, note } of CASES) {
      const values = await measure(bench, viewers, perSecond);
      rows.push(...latencyRows(`event-viewer.${viewers}x${perSecond}`, values, {}, `${viewers} ${viewers === 1 ? "viewer" : "viewers"}, ${perSecond}/s, frames of a tick${note}`));
    }
    return rows;
  },
};

async function measure(bench: Bench, viewers: number, perSecond: number): Promise<number[]> {
  using scripted = await bench.scriptedSession();
  const { agent, log, stream } = scripted;
  const values: number[] = [];
  const streams = await watch(scripted, viewers, (ms) => values.push(ms));
  agent.onPrompt = async ({ messageId }) => {
    agent.begin(messageId);
    let whole = "";
    const total = perSecond * SECONDS;
    const startedAt = performance.now();
    for (let written = 0; written < total; ) {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) * perSecond) / 1000) + 1);
      for (; written < due; written++) {
        const piece = `${Math.round(performance.now() * 1000)} `;
        whole += piece;
        agent.write(messageId, piece);
      }
      await delay(Math.max(0, startedAt + (written * 1000) / perSecond - performance.now()));
    }
    await delay(DRAIN_MS);
    agent.end(messageId, whole);
  };
  await log.completed((await stream.prompt("go")).id);
  for (const viewer of streams) viewer.close();
  return values;
}

/** Viewers that are live. Each piece of text is the microsecond it was written at. */
async function watch({ session }: ScriptedSession, count: number, seen: (ms: number) => void): Promise<SessionStream[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const live = Promise.withResolvers<void>();
      let rest = "";
      const stream = session.stream({
        onFrame: ({ deltas }) => {
          const now = performance.now();
          const pieces = (rest + deltas.map(({ text }) => text).join("")).split(" ");
          rest = pieces.pop() ?? "";
          for (const piece of pieces) seen(now - Number(piece) / 1000);
        },
        onSynced: () => live.resolve(),
      });
      await live.promise;
      return stream;
    }),
  );
}
