/** For tests: a pool over a real server whose next statements fail as sockets and servers do. */
import pg from "pg";
import type { FaultId, FaultPoint } from "../../core/kernel/fault.ts";

type Query = pg.QueryConfig & { readonly text: string };

interface Armed {
  readonly point: FaultPoint;
  readonly raw: Error;
}

/** What `pg` throws. */
export const RAW = {
  refused: () => Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:5432"), { code: "ECONNREFUSED" }),
  reset: () => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }),
  cut: () => new Error("Connection terminated unexpectedly"),
  noAnswer: () => new Error("Query read timeout"),
  deadlock: () => Object.assign(new Error("deadlock detected"), { code: "40P01" }),
  diskFull: () => Object.assign(new Error("could not extend file: No space left on device"), { code: "53100" }),
  badPassword: () => Object.assign(new Error('password authentication failed for user "berth"'), { code: "28P01" }),
} as const;

export class FaultyPool {
  readonly #pool: pg.Pool;
  /** Single statements sent so far. */
  statements = 0;
  #armed: Armed | null = null;
  #delayMs = 0;

  constructor(connectionString: string) {
    this.#pool = new pg.Pool({ connectionString, max: 4, allowExitOnIdle: true });
    this.#pool.on("error", () => undefined);
  }

  /** Typed as what Drizzle takes. */
  asPool(): pg.Pool {
    return this as unknown as pg.Pool;
  }

  fail(point: FaultPoint, raw: Error): void {
    this.#armed = { point, raw };
  }

  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  async query(config: Query, values?: unknown[]): Promise<pg.QueryResult> {
    await this.#wait();
    const armed = this.#take();
    if (armed?.point === "before-send") throw armed.raw;
    this.statements += 1;
    const result = await this.#pool.query(config, values);
    if (armed) throw armed.raw;
    return result;
  }

  async connect(): Promise<unknown> {
    await this.#wait();
    const armed = this.#take();
    if (armed?.point === "before-send") throw armed.raw;
    return new FaultyClient(await this.#pool.connect(), armed);
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }

  #take(): Armed | null {
    const armed = this.#armed;
    this.#armed = null;
    return armed;
  }

  async #wait(): Promise<void> {
    const delayMs = this.#delayMs;
    this.#delayMs = 0;
    if (delayMs > 0) await this.#pool.query("select pg_sleep($1)", [delayMs / 1000]);
  }
}

/** One transaction's connection. `mid-stream` breaks it at the second statement after `begin`. */
class FaultyClient {
  readonly #client: pg.PoolClient;
  readonly #armed: Armed | null;
  #statements = 0;
  #broken: Error | null = null;

  constructor(client: pg.PoolClient, armed: Armed | null) {
    this.#client = client;
    this.#armed = armed;
  }

  async query(config: Query, values?: unknown[]): Promise<pg.QueryResult> {
    if (this.#broken) throw this.#broken;
    this.#statements += 1;
    if (this.#armed?.point === "mid-stream" && this.#statements === 3) throw this.#break(this.#armed.raw);
    const result = await this.#client.query(config, values);
    if (this.#armed?.point === "after-apply" && /^commit/i.test(config.text)) throw this.#break(this.#armed.raw);
    return result;
  }

  release(): void {
    this.#client.release(this.#broken ?? undefined);
  }

  #break(raw: Error): Error {
    this.#broken = raw;
    return raw;
  }
}

/** The injections of a contract's harness: fault id → where and what. */
export function injections<Subject>(
  pool: () => FaultyPool,
  faults: Readonly<Record<FaultId, readonly [FaultPoint, () => Error]>>,
): Record<string, (subject: Subject) => void> {
  return Object.fromEntries(Object.entries(faults).map(([id, [point, raw]]) => [id, () => pool().fail(point, raw())]));
}
