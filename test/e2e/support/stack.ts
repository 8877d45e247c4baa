/**
 * An instance of Berth of a test file's own: free ports, a temporary data folder, real PostgreSQL, workerd, sandbox host
 * and OpenCode. `end` stops it, fails when a process was left behind, and removes the folder.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Berth, BerthError, type CreateSession, type Run, type Session, type SessionClient, type SessionEvent } from "@berth/sdk";
import pg from "pg";
import { LocalState, type LocalSecrets } from "../../../packages/launcher/src/local-state.ts";
import type { Settings } from "../../../packages/launcher/src/settings.ts";
import { startStack, type Stack, type StackParts } from "../../../packages/launcher/src/stack.ts";
import { processesOf } from "./processes.ts";
import { eventually } from "./waiting.ts";

export const MODEL = "demo/demo";

export interface TestStack extends Stack {
  readonly dataDir: string;
  readonly berth: Berth;
  readonly secrets: LocalSecrets;
  /** One statement on a connection of its own. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** A session whose sandbox is ready and that has nothing to do. */
  idleSession(more?: Pick<CreateSession, "environment">): Promise<SessionClient>;
  end(): Promise<void>;
}

export async function startTestStack(settings: Partial<Settings> = {}, parts: StackParts = {}): Promise<TestStack> {
  const dataDir = settings.dataDir ?? makeDataDir();
  const stack = await startStack({
    args: [],
    port: 0,
    publicUrl: null,
    sandboxBackends: ["process"],
    sandboxEgress: "default",
    trustAgent: false,
    allowOrigins: [],
    demoModel: true,
    databaseUrl: null,
    reset: false,
    ...settings,
    dataDir,
  }, parts).catch((error: unknown) => {
    rmSync(dataDir, { recursive: true, force: true });
    throw error;
  });
  const berth = new Berth({ baseUrl: stack.url, apiKey: stack.apiKey });
  return {
    ...stack,
    dataDir,
    berth,
    secrets: new LocalState(dataDir).secrets(),
    query: (sql, values = []) => queryOnce(stack.databaseUrl, sql, values),
    idleSession: (more) => idleSession(berth, more),
    end: async () => {
      await stack.stop();
      await expectNoProcess(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export function makeDataDir(): string {
  return mkdtempSync(join(tmpdir(), "berth-e2e-"));
}

/** Everything an instance starts names its data folder in its command line or environment. */
export async function expectNoProcess(dataDir: string): Promise<void> {
  await eventually(`no process of ${dataDir}`, () => {
    const left = processesOf(dataDir);
    return left.length === 0 ? true : `left: ${left.map(({ pid, command }) => `${pid} ${command}`).join("; ")}`;
  }, 15_000);
}

export async function queryOnce<Row extends pg.QueryResultRow>(url: string, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, application_name: "e2e" });
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

async function idleSession(berth: Berth, more: Pick<CreateSession, "environment"> = {}): Promise<SessionClient> {
  const { id } = await berth.sessions.create({ model: MODEL, ...more });
  const session = berth.session(id);
  await untilStatus(session, ["idle"]);
  return session;
}

/** Waits for the log to say one of these. Fails at once when the session failed. */
export async function untilStatus(session: SessionClient, wanted: readonly Session["status"][], after = 0, timeoutMs = 90_000): Promise<number> {
  for await (const event of session.events({ after, signal: AbortSignal.timeout(timeoutMs) })) {
    if (event.type !== "session.status") continue;
    if (wanted.includes(event.data.status)) return event.seq;
    if (event.data.status === "failed") throw new Error(`the session failed: ${JSON.stringify(event.data.failure)}`);
  }
  throw new Error(`the session was not ${wanted.join(" or ")} within ${timeoutMs} ms`);
}

/** Sends and waits until it is over. @throws Error with what failed, when it did not complete */
export async function turn(session: SessionClient, text: string, timeoutMs = 90_000): Promise<void> {
  const { id } = await session.send(text);
  const { status, failure } = await session.wait({ messageId: id, signal: AbortSignal.timeout(timeoutMs) });
  if (status !== "completed") throw new Error(`the turn ${status}: ${JSON.stringify(failure)}`);
}

/** A file of the session's work folder, seen from outside its sandbox. */
export function workFile({ dataDir }: Pick<TestStack, "dataDir">, sessionId: string, name: string): string {
  return join(dataDir, "sandboxes", sessionId, "work", name);
}

/** A run as the history holds it, which is a moment behind the log. */
export async function runInHistory(berth: Berth, runId: string): Promise<{ readonly run: Run; readonly events: readonly SessionEvent[] }> {
  await eventually(`run ${runId} in the history`, async () => {
    const found = await berth.runs.get(runId).catch((error: unknown) => error);
    return BerthError.is(found) ? found.message : true;
  }, 30_000);
  return { run: await berth.runs.get(runId), events: await berth.runs.events(runId).all() };
}

/** The log as REST pages hold it now. */
export async function logOf(session: SessionClient, after = 0): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  for await (const event of session.events({ after, live: false })) events.push(event);
  return events;
}
