/** Reads what the checker compares, by `fetch` and `pg` alone: neither the SDK nor any code of the server is asked. */
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { SeenEvent, StoredRun } from "./checker.ts";

export interface TimedEvent extends SeenEvent {
  /** When the server committed it, and when it arrived here; milliseconds since the epoch. */
  readonly atMs: number;
  readonly arrivedAtMs: number;
}

const RECONNECT_MS = 150;
/** The server sends at least a comment every 15 s. */
const SILENCE_MAX_MS = 20_000;

/** Reads the server-sent events of a session for as long as it is told to, through every cut, by `Last-Event-ID`. */
export class LogReader {
  readonly events: TimedEvent[] = [];
  readonly #leaving = new AbortController();
  #connection = new AbortController();
  #waiting: { readonly done: () => boolean; readonly resolve: () => void }[] = [];

  constructor(url: string, apiKey: string) {
    void this.#read(url, apiKey);
  }

  /** @throws Error naming `what` when it does not come to pass in time */
  async until(what: string, done: (events: readonly TimedEvent[]) => boolean, timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), timeoutMs);
    this.#waiting.push({ done: () => done(this.events), resolve: () => resolve(true) });
    this.#check();
    const came = await promise.finally(() => clearTimeout(timer));
    if (!came) throw new Error(`${what}: not within ${timeoutMs} ms. The log ends with ${JSON.stringify(this.events.slice(-6).map(({ seq, type, data }) => ({ seq, type, data })))}`);
  }

  /** As a network does it, without a word; it connects again. */
  cut(): void {
    this.#connection.abort();
  }

  close(): void {
    this.#leaving.abort();
  }

  async #read(url: string, apiKey: string): Promise<void> {
    const { signal } = this.#leaving;
    while (!signal.aborted) {
      await this.#readOnce(url, apiKey).catch(() => {});
      await delay(RECONNECT_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #readOnce(url: string, apiKey: string): Promise<void> {
    const silent = new AbortController();
    this.#connection = silent;
    let timer = setTimeout(() => silent.abort(), SILENCE_MAX_MS);
    try {
      const last = this.events.at(-1)?.seq;
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${apiKey}`, accept: "text/event-stream", ...(last === undefined ? {} : { "last-event-id": String(last) }) },
        signal: AbortSignal.any([this.#leaving.signal, silent.signal]),
      });
      if (response.status !== 200 || !response.body) throw new Error(`status ${response.status}`);
      const decoder = new TextDecoder();
      let text = "";
      for await (const chunk of response.body) {
        clearTimeout(timer);
        timer = setTimeout(() => silent.abort(), SILENCE_MAX_MS);
        const pieces = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
        text = pieces.pop() ?? "";
        for (const piece of pieces) this.#take(piece);
        this.#check();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #take(piece: string): void {
    const id = /^id: (\d+)$/m.exec(piece)?.[1];
    const data = /^data: (.*)$/m.exec(piece)?.[1];
    if (id === undefined || data === undefined || /^event: reset$/m.test(piece)) return;
    const event = JSON.parse(data) as SeenEvent & { at: string };
    this.events.push({ ...event, atMs: Date.parse(event.at), arrivedAtMs: Date.now() });
  }

  #check(): void {
    this.#waiting = this.#waiting.filter(({ done, resolve }) => {
      if (!done()) return true;
      resolve();
      return false;
    });
  }
}

/** Without what this reader added to them. */
export function asSeen(events: readonly TimedEvent[]): SeenEvent[] {
  return events.map(({ atMs: _at, arrivedAtMs: _arrived, ...event }) => event);
}

/** Every run of the session with its events. @throws the database's error while it is away */
export async function storedRuns(databaseUrl: string, sessionId: string): Promise<StoredRun[]> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: "witness", connectionTimeoutMillis: 3_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    const runs = await client.query<{ id: string; message_id: string; outcome: string }>("select id, message_id, outcome from agent_runs where session_id = $1 order by started_at, id", [sessionId]);
    const events = await client.query<{ run_id: string; seq: number; event: SeenEvent }>(
      "select e.run_id, e.seq, e.event from agent_run_events e join agent_runs r on r.org_id = e.org_id and r.id = e.run_id where r.session_id = $1 order by e.seq",
      [sessionId],
    );
    return runs.rows.map(({ id, message_id: messageId, outcome }) => ({
      id,
      messageId,
      outcome,
      events: events.rows.filter(({ run_id: runId }) => runId === id).map(({ seq, event }) => ({ seq, event })),
    }));
  } finally {
    await client.end();
  }
}
