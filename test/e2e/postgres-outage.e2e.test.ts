/**
 * PostgreSQL is away while runs end. A share of it in every test run; `SOAK=1` takes 1,000 runs in five minutes. Single
 * figures by `OUTAGE_SECONDS`, `OUTAGE_RUNS` and `OUTAGE_SESSIONS`.
 */
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalState } from "../../packages/launcher/src/local-state.ts";
import { startScriptedHost, type ScriptedHost } from "../bench/scripted-host.ts";
import type { SeenEvent } from "./kill/checker.ts";
import { asSeen, storedRuns } from "./kill/witnesses.ts";
import { differences, endedRuns, type StoredRow } from "./outage/compare.ts";
import { median, openStream, openWatched, runLoad, timePrompts, type Times, type Watched } from "./outage/load.ts";
import { StoppablePostgres } from "./outage/stoppable-postgres.ts";
import { makeDataDir, startTestStack, type TestStack } from "./support/stack.ts";

const SOAK = process.env["SOAK"] === "1";
const SECONDS = Number(process.env["OUTAGE_SECONDS"] ?? (SOAK ? 300 : 20));
const RUNS = Number(process.env["OUTAGE_RUNS"] ?? (SOAK ? 1_000 : 60));
const SESSIONS = Number(process.env["OUTAGE_SESSIONS"] ?? (SOAK ? 10 : 6));
/** The whole count is for a machine that does nothing else. A share of it says only that nothing waits for the database. */
const atMost = (ms: number): number => (SOAK ? ms * 1.1 : ms * 2 + 1_000);
const THERE_WITHIN_MS = 60_000;
const SAMPLE_MS = 100;

let postgres: StoppablePostgres;
let host: ScriptedHost;
let stack: TestStack;
let sessions: Watched[] = [];
let before: Times;
let during: Times;
let thereMs = 0;
/** Samples in which a session's newer run was there before an older one. */
const overtaken: string[] = [];
const rows = new Map<string, StoredRow[]>();

beforeAll(async () => {
  postgres = await StoppablePostgres.create();
  const dataDir = makeDataDir();
  host = await startScriptedHost(new LocalState(dataDir).secrets().sandboxHostSecret, join(dataDir, "journals"));
  stack = await startTestStack({ dataDir, databaseUrl: postgres.url }, { sandboxHostUrl: host.url });
  sessions = await Promise.all(Array.from({ length: SESSIONS + 1 }, () => openWatched(stack, host)));
  const [timed, ...loaded] = sessions as [Watched, ...Watched[]];
  const stream = await openStream(timed);
  const phase = async (share: number): Promise<Times> => {
    const over = new AbortController();
    const times = timePrompts(timed, stream, over.signal, SOAK ? 400 : 100);
    await runLoad(loaded, { runs: RUNS * share, durationMs: SECONDS * share * 1_000 });
    over.abort();
    return times;
  };

  // The same load before, so that only the database makes the difference.
  before = await phase(SOAK ? 0.2 : 0.5);
  await postgres.stop();
  during = await phase(1);
  stream.close();

  await postgres.start();
  const backAt = performance.now();
  await untilAllThere(backAt);
  thereMs = performance.now() - backAt;
  for (const session of sessions) rows.set(session.client.id, await storedRows(session.client.id));
  const figures = {
    kind: "outage",
    seconds: SECONDS,
    runs: sessions.reduce((sum, { log }) => sum + endedRuns(log.events).length, 0),
    sessions: sessions.length,
    thereMs: Math.round(thereMs),
    httpP50: [before.http, during.http].map(p50),
    socketP50: [before.socket, during.socket].map(p50),
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
  console.log(`SOAK ${JSON.stringify(figures)}`);
}, 600_000 + SECONDS * 2_000);

afterAll(async () => {
  for (const { log } of sessions) log.close();
  await stack?.end();
  await host?.close();
  await postgres?.end();
});

const p50 = (times: readonly number[]): number => Number(median(times).toFixed(2));

/** Looks again and again which runs are there; in each look, those of a session must be its first ones. */
async function untilAllThere(backAt: number): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url, application_name: "witness" });
  await client.connect();
  try {
    for (;;) {
      const { rows: found } = await client.query<{ id: string }>("select id from agent_runs where events_complete");
      const there = new Set(found.map(({ id }) => id));
      let waiting = 0;
      for (const { client: { id }, log } of sessions) {
        const isThere = endedRuns(log.events).map((runId) => there.has(runId));
        const gap = isThere.indexOf(false);
        if (gap !== -1 && isThere.includes(true, gap)) overtaken.push(`${id}: a run is there before number ${gap}`);
        waiting += isThere.filter((stored) => !stored).length;
      }
      if (waiting === 0) return;
      if (performance.now() - backAt > THERE_WITHIN_MS) throw new Error(`${waiting} runs are not there after ${THERE_WITHIN_MS / 1000} s`);
      await delay(SAMPLE_MS);
    }
  } finally {
    await client.end();
  }
}

async function storedRows(sessionId: string): Promise<StoredRow[]> {
  const attributes = await stack.query<{ id: string; author: unknown; api_key_id: string | null; model: string }>(
    "select id, author, api_key_id, model from agent_runs where session_id = $1",
    [sessionId],
  );
  return (await storedRuns(postgres.url, sessionId)).map((run) => {
    const { author, api_key_id: apiKeyId = null, model = "" } = attributes.find(({ id }) => id === run.id) ?? {};
    return { ...run, author, apiKeyId, model };
  });
}

test("[OUT1] a prompt takes as long to its agent as before, over HTTP and over a socket", () => {
  expect(during.http.length).toBeGreaterThan(10);
  expect(median(during.http)).toBeLessThanOrEqual(atMost(median(before.http)));
  expect(median(during.socket)).toBeLessThanOrEqual(atMost(median(before.socket)));
});

test("[OUT2] every run that ended is in Postgres within 60 s after it is back, in each session in the order of its log at every moment", () => {
  expect(thereMs).toBeLessThanOrEqual(THERE_WITHIN_MS);
  expect(overtaken).toEqual([]);
});

test("[OUT3] each is there once, with its attribution and with the events that a reader of the stream got", () => {
  expect(sessions.flatMap(({ client, log }) => differences(asSeen(log.events), rows.get(client.id) ?? []))).toEqual([]);
  const ended = sessions.flatMap(({ log }) => endedRuns(log.events));
  expect([new Set(ended).size, [...rows.values()].flat().length]).toEqual([ended.length, ended.length]);
  expect(ended.length).toBeGreaterThanOrEqual(RUNS);
  expect(sessions.flatMap(({ log }) => log.events.filter(({ type, data }) => type === "run.ended" && data["outcome"] !== "completed"))).toEqual([]);
});

test("[OUT4] the comparison finds what is missing, strange, moved, cut and changed", () => {
  const { client, log } = sessions[1] as Watched;
  const seen = asSeen(log.events);
  const stored = rows.get(client.id) ?? [];
  const [first, second] = stored as [StoredRow, StoredRow];
  const change = (row: Partial<StoredRow>): string[] => differences(seen, [{ ...first, ...row }, ...stored.slice(1)]);
  const altered = first.events.map(({ seq, event }, i) => ({ seq, event: i === 1 ? ({ ...event, data: { text: "changed" } } as SeenEvent) : event }));
  for (const found of [
    differences(seen, stored.slice(1)),
    differences(seen, [second, first, ...stored.slice(2)]),
    change({ id: "run_strange" }),
    change({ outcome: "failed" }),
    change({ model: "other/model" }),
    change({ author: { kind: "user", id: "usr_other" } }),
    change({ apiKeyId: null }),
    change({ events: first.events.slice(1) }),
    change({ events: altered }),
  ]) {
    expect(found).not.toEqual([]);
  }
});
