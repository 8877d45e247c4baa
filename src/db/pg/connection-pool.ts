/**
 * A bounded pool of PostgreSQL connections. Rules: never more connections than `connectionsMax`; whoever finds them taken
 * waits in a bounded queue and for a bounded time, and is then refused with `resource-exhausted`; a lease that ends with
 * a transaction open is rolled back; a connection that broke is replaced by a new one on the next call; what is asked for
 * an organization runs in a transaction that says so, in as many round trips as without.
 */
import pg from "pg";
import { PortError } from "../../core/kernel/port-error.ts";
import { BEGIN, beginsTransaction, COMMIT, setOrganization } from "./organization.ts";
import { resultTypes } from "./result-types.ts";
import type { Statement, StatementResult } from "./wire.ts";

export interface ConnectionPoolOptions {
  readonly connectionString: string;
  readonly connectionsMax?: number;
  /** How long a caller waits for a connection, in milliseconds. */
  readonly waitMs?: number;
  readonly waitersMax?: number;
  /** A lease older than this is taken back, in milliseconds. */
  readonly leaseMs?: number;
  /** A statement not answered in this time fails and its connection is dropped, in milliseconds. */
  readonly statementMs?: number;
}

/** One connection for one caller, until `release`. */
export interface Lease {
  query(statement: Statement): Promise<StatementResult>;
  /** Rolls back what is open and gives the connection back. Releasing twice changes nothing. */
  release(): Promise<void>;
}

export class ConnectionPool {
  readonly #pool: pg.Pool;
  readonly #connectionsMax: number;
  readonly #waitersMax: number;
  readonly #leaseMs: number;
  #closed: Promise<void> | null = null;

  constructor(options: ConnectionPoolOptions) {
    this.#connectionsMax = options.connectionsMax ?? 8;
    this.#waitersMax = options.waitersMax ?? 1_000;
    this.#leaseMs = options.leaseMs ?? 30_000;
    // Newer than the published types: statements that are sent together take one round trip.
    const config: pg.PoolConfig & { readonly pipeline: true } = {
      pipeline: true,
      connectionString: options.connectionString,
      max: this.#connectionsMax,
      connectionTimeoutMillis: options.waitMs ?? 10_000,
      query_timeout: options.statementMs ?? 15_000,
      idleTimeoutMillis: 60_000,
      allowExitOnIdle: true,
    };
    this.#pool = new pg.Pool(config);
    // An idle connection that the server closed is dropped by the pool; without a listener it would crash the process.
    this.#pool.on("error", () => undefined);
  }

  /** @param orgId whose rows it may see and write; null for tables that have no organization */
  async query(statement: Statement, orgId: string | null = null): Promise<StatementResult> {
    const lease = await this.#take(orgId);
    try {
      return await lease.once(statement);
    } finally {
      await lease.release();
    }
  }

  /** @param orgId whose rows every transaction of the lease may see and write; null for tables that have no organization */
  async lease(orgId: string | null = null): Promise<Lease> {
    return this.#take(orgId);
  }

  async #take(orgId: string | null): Promise<PoolLease> {
    const mustWait = this.#pool.idleCount === 0 && this.#pool.totalCount >= this.#connectionsMax;
    if (mustWait && this.#pool.waitingCount >= this.#waitersMax) throw exhausted("too many callers wait for a database connection");
    return new PoolLease(await this.#connect(), this.#leaseMs, orgId);
  }

  /** Waits for what runs and closes the connections. Closing twice changes nothing. */
  close(): Promise<void> {
    return (this.#closed ??= this.#pool.end());
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (raw) {
      const waited = raw instanceof Error && raw.message === "timeout exceeded when trying to connect";
      throw waited ? exhausted("no database connection became free in time") : raw;
    }
  }
}

class PoolLease implements Lease {
  readonly #client: pg.PoolClient;
  readonly #orgId: string | null;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #broken: Error | null = null;
  #released = false;

  constructor(client: pg.PoolClient, leaseMs: number, orgId: string | null) {
    this.#client = client;
    this.#orgId = orgId;
    client.on("error", this.#onError);
    this.#deadline = setTimeout(() => this.#end(new Error("the lease of a database connection ran out")), leaseMs);
  }

  async query(statement: Statement): Promise<StatementResult> {
    if (this.#orgId === null || !beginsTransaction(statement)) return this.#run(statement);
    return together(0, [this.#run(statement), this.#run(setOrganization(this.#orgId))]);
  }

  /** The only statement of the lease; for an organization it is a transaction of its own. */
  async once(statement: Statement): Promise<StatementResult> {
    if (this.#orgId === null) return this.#run(statement);
    return together(2, [BEGIN, setOrganization(this.#orgId), statement, COMMIT].map((each) => this.#run(each)));
  }

  async #run(statement: Statement): Promise<StatementResult> {
    if (this.#released) throw new Error("the lease of this database connection has ended");
    const config = { text: statement.text, types: resultTypes, values: [...statement.values] };
    try {
      const result: pg.QueryResult | pg.QueryArrayResult =
        statement.rowMode === "array"
          ? await this.#client.query({ ...config, rowMode: "array" })
          : await this.#client.query(config);
      const { command, rowCount, oid, rows } = result;
      return { command, rowCount, oid, rows, fields: result.fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })) };
    } catch (raw) {
      // Without an SQLSTATE it was the connection that failed: what the server did is not known, and it is not used again.
      if (!isServerError(raw)) this.#broken = raw instanceof Error ? raw : new Error(String(raw));
      throw raw;
    }
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    try {
      if (!this.#broken && transactionStatus(this.#client) !== "I") await this.#client.query("rollback");
    } catch (raw) {
      this.#broken = raw instanceof Error ? raw : new Error(String(raw));
    }
    this.#giveBack();
  }

  readonly #onError = (error: Error): void => {
    this.#broken = error;
  };

  #end(reason: Error): void {
    if (this.#released) return;
    this.#released = true;
    this.#broken = reason;
    this.#giveBack();
  }

  #giveBack(): void {
    clearTimeout(this.#deadline);
    this.#client.off("error", this.#onError);
    this.#client.release(this.#broken ?? undefined);
  }
}

/** The answer of one of several statements that were sent together; after the first that failed the others mean nothing. */
async function together(wanted: number, answers: readonly Promise<StatementResult>[]): Promise<StatementResult> {
  const settled = await Promise.allSettled(answers);
  const failed = settled.find((each) => each.status === "rejected");
  if (failed) throw failed.reason;
  return (settled[wanted] as PromiseFulfilledResult<StatementResult>).value;
}

/** `I` idle, `T` in a transaction, `E` in a failed one. Newer than the published types. */
function transactionStatus(client: pg.PoolClient): "I" | "T" | "E" | null {
  return (client as pg.PoolClient & { getTransactionStatus(): "I" | "T" | "E" | null }).getTransactionStatus();
}

function isServerError(raw: unknown): boolean {
  const code = (raw as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith("57P") && !code.startsWith("08");
}

function exhausted(message: string): PortError {
  return new PortError({
    port: "database",
    operation: "connect",
    code: "resource-exhausted",
    outcome: "not-applied",
    retry: { afterMs: 1_000 },
    message,
  });
}
