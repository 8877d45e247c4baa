/** From a client's send to the agent in the sandbox: through the Worker, the session's log, the link and the runtime's disk. */
import { setTimeout as delay } from "node:timers/promises";
import type { SessionStream } from "@berth/sdk";
import type { Bench, Group } from "../bench.ts";
import { percentile, repeat, row, type Row } from "../row.ts";
import type { Scripted, ScriptedSession } from "../scripted.ts";
import type { ViewerGroup } from "../viewers.ts";

const WARM_UP = 20;
const PROMPTS = 60;
/** Until the session is idle again and the turn before is in the history. */
const PAUSE_MS = 60;

export const prompt: Group = {
  ids: ["prompt.ws.p50", "prompt.http.p50"],
  async run(bench: Bench, wants): Promise<Row[]> {
    const scripted = await bench.scripted();
    const rows: Row[] = [];
    for (const { id, bound, note, overSocket } of [
      { id: "prompt.ws.p50", bound: 5, note: "sent over WebSocket → on the runtime's disk and at the agent", overSocket: true },
      { id: "prompt.http.p50", bound: 8, note: "the same by POST", overSocket: false },
    ]) {
      if (!wants(id)) continue;
      const runs = await bench.record(id, () => repeat(() => measure(scripted, overSocket)));
      rows.push(row(id, runs.map((times) => percentile(times, 0.5)), "ms", { bound, note }));
    }
    return rows;
  },
};

async function measure(scripted: Scripted, overSocket: boolean): Promise<number[]> {
  const session = await scripted.session();
  await using group = await scripted.watch(session, 1);
  if (!overSocket) return times(session, group, () => session.client.send("go"));
  const stream = await liveStream(session);
  try {
    return await times(session, group, () => stream.prompt("go"));
  } finally {
    stream.close();
  }
}

async function liveStream({ client }: ScriptedSession): Promise<SessionStream> {
  const live = Promise.withResolvers<void>();
  const stream = client.stream({ onFrame: () => undefined, onSynced: () => live.resolve() });
  await live.promise;
  return stream;
}

async function times({ agent }: ScriptedSession, group: ViewerGroup, send: () => Promise<{ readonly id: string }>): Promise<number[]> {
  const measured: number[] = [];
  for (let sent = 0; sent < WARM_UP + PROMPTS; sent++) {
    const arrived = Promise.withResolvers<number>();
    agent.onPrompt = ({ messageId }) => {
      arrived.resolve(performance.now());
      agent.startTurn(messageId);
      agent.say(messageId, "Done.");
      agent.endTurn(messageId);
    };
    const startedAt = performance.now();
    const answered = send();
    const ms = (await arrived.promise) - startedAt;
    if (sent >= WARM_UP) measured.push(ms);
    await group.ended((await answered).id);
    await delay(PAUSE_MS);
  }
  return measured;
}
