/**
 * A client over a remote pool of connections that `drizzle-orm/node-postgres` takes for a `pg.Pool`: single statements go
 * straight through, and a transaction gets a connection of its own by `connect()`, which Drizzle calls when the
 * constructor's name holds "Pool".
 */
import type { Pool } from "pg";
import { unwrap, type Reply, type Statement, type StatementResult } from "./wire.ts";

/** A lease held in the pool's isolate. */
export interface LeaseStub {
  query(statement: Statement): PromiseLike<Reply<StatementResult>>;
  release(): PromiseLike<void>;
  [Symbol.dispose]?(): void;
}

/** The pool as its clients see it; `PgPoolDO` over RPC, or a `ConnectionPool` in the same process. */
export interface PoolStub {
  /** `orgId`: whose rows; null for tables that have no organization. */
  query(statement: Statement, orgId: string | null): PromiseLike<Reply<StatementResult>>;
  lease(orgId: string | null): PromiseLike<Reply<LeaseStub>>;
}

/** What Drizzle passes: text or a config, and the values beside it or in it. `types` is dropped: see `result-types.ts`. */
type QueryInput = string | { readonly text: string; readonly rowMode?: "array"; readonly values?: readonly unknown[] };

function toStatement(query: QueryInput, values: readonly unknown[] | undefined): Statement {
  if (typeof query === "string") return { text: query, values: values ?? [], rowMode: "object" };
  return { text: query.text, values: values ?? query.values ?? [], rowMode: query.rowMode ?? "object" };
}

class RemotePool {
  readonly #pool: PoolStub;
  readonly #orgId: string | null;

  constructor(pool: PoolStub, orgId: string | null) {
    this.#pool = pool;
    this.#orgId = orgId;
  }

  async query(query: QueryInput, values?: readonly unknown[]): Promise<StatementResult> {
    return unwrap(await this.#pool.query(toStatement(query, values), this.#orgId));
  }

  async connect(): Promise<LeasedClient> {
    return new LeasedClient(unwrap(await this.#pool.lease(this.#orgId)));
  }
}
// Minifiers rename classes, and Drizzle decides by this name.
Object.defineProperty(RemotePool, "name", { value: "RemotePool" });

class LeasedClient {
  readonly #lease: LeaseStub;
  #released = false;

  constructor(lease: LeaseStub) {
    this.#lease = lease;
  }

  async query(query: QueryInput, values?: readonly unknown[]): Promise<StatementResult> {
    return unwrap(await this.#lease.query(toStatement(query, values)));
  }

  /** Not awaited by Drizzle. When the call itself is lost, the pool takes the lease back by its deadline. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    void this.#giveBack();
  }

  async #giveBack(): Promise<void> {
    try {
      await this.#lease.release();
    } catch {
      // The pool is gone, and with it the lease.
    } finally {
      this.#lease[Symbol.dispose]?.();
    }
  }
}

/** Typed as the `pg.Pool` that Drizzle asks for; it has the three methods Drizzle calls and no others. */
export function createPooledClient(pool: PoolStub, orgId: string | null): Pool {
  return new RemotePool(pool, orgId) as unknown as Pool;
}
