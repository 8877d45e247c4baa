/**
 * From a client's send to the runtime in the sandbox, through the Worker, the session's log on its disk and the link; and on
 * to the agent, by way of the runtime's own disk.
 */
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

const WAYS = [
  { way: "ws", bound: 5, sent: "sent over WebSocket", overSocket: true },
  { way: "http", bound: 8, sent: "sent by POST", overSocket: false },
] as const;

/** Milliseconds from the sending of one prompt. */
interface Times {
  readonly received: number;
  readonly begun: number;
}

export const prompt: Group = {
  ids: ["prompt.ws.p50", "prompt.http.p50", "prompt.ws.agent.p50", "prompt.http.agent.p50"],
  async run(bench: Bench, wants): Promise<Row[]> {
    const scripted = await bench.scripted();
    const rows: Row[] = [];
    for (const { way, bound, sent, overSocket } of WAYS) {
      const ids = [`prompt.${way}.p50`, `prompt.${way}.agent.p50`] as const;
      if (!ids.some(wants)) continue;
      const runs = await bench.record(ids[0], () => repeat(() => measure(scripted, overSocket)));
      const halves = (pick: (times: Times) => number): number[] => runs.map((times) => percentile(times.map(pick), 0.5));
      rows.push(row(ids[0], halves(({ received }) => received), "ms", { bound, note: `${sent} → received by the runtime; committed to disk on the way` }));
      rows.push(row(ids[1], halves(({ begun }) => begun), "ms", { note: `${sent} → at the agent; on the runtime's disk too` }));
    }
    return rows;
  },
};

async function measure(scripted: Scripted, overSocket: boolean): Promise<Times[]> {
  const session = await scripted.session();
  await using group = await scripted.watch(session, 1);
  if (!overSocket) return await times(session, group, () => session.client.send("go"));
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

async function times({ agent }: ScriptedSession, group: ViewerGroup, send: () => Promise<{ readonly id: string }>): Promise<Times[]> {
  const measured: Times[] = [];
  for (let sent = 0; sent < WARM_UP + PROMPTS; sent++) {
    const received = Promise.withResolvers<number>();
    const begun = Promise.withResolvers<number>();
    agent.onPromptReceived = () => received.resolve(performance.now());
    agent.onPrompt = ({ messageId }) => {
      begun.resolve(performance.now());
      agent.startTurn(messageId);
      agent.say(messageId, "Done.");
      agent.endTurn(messageId);
    };
    const startedAt = performance.now();
    const answered = send();
    const one = { received: (await received.promise) - startedAt, begun: (await begun.promise) - startedAt };
    if (sent >= WARM_UP) measured.push(one);
    await group.ended((await answered).id);
    await delay(PAUSE_MS);
  }
  return measured;
}
