/** Many at once, and the hot path: neither a failed request nor a statement that a warm prompt should not cost. */
import { Berth, type SessionClient } from "@berth/sdk";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestStack, turn, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";
import { untilCarried } from "./support/stored.ts";

const REQUESTS = 500;
const CONNECTIONS_MAX = 30;
const PROMPTS = 100;
const HOLD_MS = 300_000;

let stack: TestStack;
let session: SessionClient;

beforeAll(async () => {
  stack = await startTestStack();
  session = await stack.idleSession();
  // The first turn also gives the session its title, which the list is told of.
  await turn(session, "!bash echo settled");
});

afterAll(() => stack?.end());

/** Samples the server's connections until it is stopped; answers the most there were at once, its own not counted. */
async function watchConnections(): Promise<() => Promise<number>> {
  const client = new pg.Client({ connectionString: stack.databaseUrl, application_name: "e2e" });
  await client.connect();
  let most = 0;
  let stopped = false;
  const sample = async (): Promise<void> => {
    while (!stopped) {
      const { rows } = await client.query<{ count: number }>(
        "select count(*)::int as count from pg_stat_activity where backend_type = 'client backend' and application_name <> 'e2e'",
      );
      most = Math.max(most, rows[0]?.count ?? 0);
    }
  };
  const sampling = sample();
  return async () => {
    stopped = true;
    await sampling;
    await client.end();
    return most;
  };
}

function request(i: number): Promise<Response> {
  const id = session.id;
  const reads = ["/v1/me", "/v1/sessions", `/v1/sessions/${id}`, `/v1/sessions/${id}/events?limit=20`, `/v1/sessions/${id}/messages`, "/v1/runs", "/v1/models", "/v1/keys", "/v1/api-keys", "/health"];
  const headers = { authorization: `Bearer ${stack.apiKey}`, "content-type": "application/json" };
  const signal = AbortSignal.timeout(120_000);
  if (i % 25 === 7) {
    const body = JSON.stringify({ name: `load ${i}`, expiresInDays: 1 });
    return fetch(`${stack.url}/v1/api-keys`, { method: "POST", headers, body, signal });
  }
  if (i === 250) {
    const body = JSON.stringify({ model: "demo/demo" });
    return fetch(`${stack.url}/v1/sessions`, { method: "POST", headers, body, signal });
  }
  return fetch(stack.url + (reads[i % reads.length] as string), { headers, signal });
}

test(`[E2E-2.1] ${REQUESTS} requests at once: none fails, and Postgres keeps at most ${CONNECTIONS_MAX} connections`, async () => {
  const stop = await watchConnections();
  const startedAt = performance.now();
  const statuses = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, i) => {
      const response = await request(i);
      await response.arrayBuffer();
      return response.status;
    }),
  );
  const elapsedMs = Math.round(performance.now() - startedAt);
  const most = await stop();
  const counts = Object.groupBy(statuses, String);
  console.log(`${REQUESTS} requests in ${elapsedMs} ms, at most ${most} connections:`, Object.fromEntries(Object.entries(counts).map(([status, all]) => [status, all?.length])));
  expect(statuses.filter((status) => status >= 400)).toEqual([]);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(CONNECTIONS_MAX);
});

interface Statement {
  readonly query: string;
  readonly calls: number;
}

/** What Postgres ran since the last call, without what asks for it. */
async function takeStatements(): Promise<Statement[]> {
  const rows = await stack.query<{ query: string; calls: number }>(
    "select query, calls::int as calls from pg_stat_statements where query not like '%pg_stat_statements%' and dbid = (select oid from pg_database where datname = current_database())",
  );
  await stack.query("select pg_stat_statements_reset()");
  return rows;
}

async function untilMeasured(started: SessionClient): Promise<void> {
  await eventually(`the sandbox of ${started.id} was measured`, async () => {
    const { epoch, measuring } = await started.policy();
    return epoch !== null && !measuring ? true : "not yet";
  }, 60_000);
}

test(`[E2E-2.2] ${PROMPTS} warm prompts over HTTP and ${PROMPTS} over WebSocket cost no Postgres statement`, async () => {
  await stack.query("create extension if not exists pg_stat_statements");
  // A long turn holds the queue, so that nothing is measured but the prompts: no run begins or ends.
  const held = await session.send(`!sleep ${HOLD_MS}`);
  for await (const event of session.events({ signal: AbortSignal.timeout(60_000) })) {
    if (event.type === "run.started" && event.messageId === held.id) break;
  }
  // A key that nobody used: its credential is resolved by the first prompt, and believed for thirty seconds from then on.
  const { key } = await stack.berth.apiKeys.create({ name: "hot path" });
  const warm = new Berth({ baseUrl: stack.url, apiKey: key }).session(session.id);
  await warm.cancel((await warm.send("!say warm")).id);

  const stream = warm.stream({ onFrame: () => undefined });
  await warm.cancel((await stream.prompt("!say warm")).id);
  // What is measured of a sandbox at its start is compared beside its turns.
  for (const { id } of await stack.berth.sessions.list().all()) await untilMeasured(stack.berth.session(id));
  await untilCarried(stack);
  await takeStatements();

  const warmedAt = performance.now();
  const ids: string[] = [];
  for (let i = 0; i < PROMPTS / 2; i++) ids.push((await warm.send(`!say over http ${i}`)).id);
  ids.push(...(await Promise.all(Array.from({ length: PROMPTS / 2 }, (_, i) => warm.send(`!say over http at once ${i}`)))).map(({ id }) => id));
  await untilCarried(stack);
  const overHttp = await takeStatements();
  for (let i = 0; i < PROMPTS / 2; i++) ids.push((await stream.prompt(`!say over a socket ${i}`)).id);
  ids.push(...(await Promise.all(Array.from({ length: PROMPTS / 2 }, (_, i) => stream.prompt(`!say over a socket at once ${i}`)))).map(({ id }) => id));
  await untilCarried(stack);
  const overSocket = await takeStatements();
  const elapsedMs = Math.round(performance.now() - warmedAt);
  stream.close();
  console.log(`${ids.length} prompts in ${elapsedMs} ms`);

  expect(new Set(ids).size).toBe(2 * PROMPTS);
  expect((await session.get()).queueLength).toBe(2 * PROMPTS);
  expect({ overHttp, overSocket }).toEqual({ overHttp: [], overSocket: [] });
  // The measure is not blind: an answer that must come from Postgres is seen.
  await stack.berth.runs.list().page();
  expect(await takeStatements()).not.toEqual([]);
  await session.remove();
});
