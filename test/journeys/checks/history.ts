/** The durable history holds what the stream said. */
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Berth, SessionEvent } from "@berth/sdk";
import { expect, type Check } from "../check.ts";
import { randomSum } from "../nonce.ts";
import { SessionLog } from "../session-log.ts";

const POLL_MS = 100;

export const historyEqualsStream: Check = {
  name: "history",
  title: "History in Postgres equals the stream",
  timeoutMs: 60_000,
  async run({ world, signal }) {
    const session = await world.shared(signal);
    using log = SessionLog.follow(session, signal);
    const { id } = await session.send(`!think about it\n!say before\n!bash ${randomSum().command}`, { signal });
    await log.completed(id);
    const runIds = [...new Set(log.events.flatMap(({ runId }) => (runId === undefined ? [] : [runId])))];
    let compared = 0;
    for (const runId of runIds) {
      const streamed = log.events.filter((event) => event.runId === runId);
      const stored = await storedEvents(world.berth, runId, streamed.length, signal);
      const at = streamed.findIndex((event, index) => !isDeepStrictEqual(event, stored[index]));
      expect(at < 0, `event ${streamed[at]?.seq} of ${runId} was streamed as ${JSON.stringify(streamed[at])} and stored as ${JSON.stringify(stored[at])}`);
      expect(stored.length === streamed.length, `${runId} has ${streamed.length} events streamed and ${stored.length} stored`);
      compared += stored.length;
    }
    for await (const run of world.berth.runs.list({ sessionId: session.id, limit: 500, signal })) {
      expect(runIds.includes(run.id), `the history holds a run ${run.id} that was never streamed`);
    }
    return `${runIds.length} ${runIds.length === 1 ? "run" : "runs"}, ${compared} events, equal one by one`;
  },
};

/** The history is written a moment after the stream; it is waited for, and what it then says is final. */
async function storedEvents(berth: Berth, runId: string, length: number, signal: AbortSignal): Promise<SessionEvent[]> {
  for (;;) {
    const events: SessionEvent[] = [];
    try {
      for await (const event of berth.runs.events(runId, { limit: 500, signal })) events.push(event);
    } catch (error) {
      if ((error as { code?: string }).code !== "not-found") throw error;
    }
    if (events.length >= length || signal.aborted) return events;
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
