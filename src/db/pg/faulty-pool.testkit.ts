/** For tests: a pool over a real server whose next statements fail as sockets and servers do. */
import type { Pool } from "pg";
import type { FaultId, FaultPoint } from "../../core/kernel/fault.ts";
import { ConnectionPool, type Lease } from "./connection-pool.ts";
import { createAppDatabase, type AppDatabase } from "./database.ts";
import { serveLease } from "./pool-rpc.ts";
import { createPooledClient, type LeaseStub, type PoolStub } from "./pooled-client.ts";
import { reply, type Reply, type Statement, type StatementResult } from "./wire.ts";

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

export class FaultyPool implements PoolStub {
  readonly #pool: ConnectionPool;
  /** Single statements sent so far. */
  statements = 0;
  #armed: Armed | null = null;
  #delayMs = 0;

  constructor(connectionString: string) {
    this.#pool = new ConnectionPool({ connectionString, connectionsMax: 4 });
  }

  /** Typed as what Drizzle takes. */
  asPool(): Pool {
    return createPooledClient(this, null);
  }

  app(): AppDatabase {
    return createAppDatabase(this);
  }

  fail(point: FaultPoint, raw: Error): void {
    this.#armed = { point, raw };
  }

  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  query(statement: Statement, orgId: string | null): Promise<Reply<StatementResult>> {
    return reply(this.#query(statement, orgId));
  }

  async lease(orgId: string | null): Promise<Reply<LeaseStub>> {
    const lease = await reply(this.#lease(orgId));
    return lease.ok ? { ok: true, value: serveLease(lease.value) } : lease;
  }

  async end(): Promise<void> {
    await this.#pool.close();
  }

  async #query(statement: Statement, orgId: string | null): Promise<StatementResult> {
    await this.#wait();
    const armed = this.#take();
    if (armed?.point === "before-send") throw armed.raw;
    this.statements += 1;
    const result = await this.#pool.query(statement, orgId);
    if (armed) throw armed.raw;
    return result;
  }

  async #lease(orgId: string | null): Promise<Lease> {
    await this.#wait();
    const armed = this.#take();
    if (armed?.point === "before-send") throw armed.raw;
    return new FaultyLease(await this.#pool.lease(orgId), armed);
  }

  #take(): Armed | null {
    const armed = this.#armed;
    this.#armed = null;
    return armed;
  }

  async #wait(): Promise<void> {
    const delayMs = this.#delayMs;
    this.#delayMs = 0;
    if (delayMs > 0) await this.#pool.query({ text: "select pg_sleep($1)", values: [delayMs / 1000], rowMode: "object" });
  }
}

/** One transaction's connection. `mid-stream` breaks it at the second statement after `begin`; the server rolls back. */
class FaultyLease implements Lease {
  readonly #lease: Lease;
  readonly #armed: Armed | null;
  #statements = 0;
  #broken: Error | null = null;

  constructor(lease: Lease, armed: Armed | null) {
    this.#lease = lease;
    this.#armed = armed;
  }

  async query(statement: Statement): Promise<StatementResult> {
    if (this.#broken) throw this.#broken;
    this.#statements += 1;
    if (this.#armed?.point === "mid-stream" && this.#statements === 3) throw this.#break(this.#armed.raw);
    const result = await this.#lease.query(statement);
    if (this.#armed?.point === "after-apply" && /^commit/i.test(statement.text)) throw this.#break(this.#armed.raw);
    return result;
  }

  release(): Promise<void> {
    return this.#lease.release();
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
