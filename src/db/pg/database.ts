/** The database as the Postgres adapters see it, and the ways to reach it. */
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import pg from "pg";
import { invariant } from "../../core/kernel/assert.ts";
import { createPooledClient, type PoolStub } from "./pooled-client.ts";
import { schema } from "./schema/all.ts";

/** Of tables that have no organization, or of all organizations: identity, tests and tools. */
export type Database = NodePgDatabase<typeof schema>;

/** Every statement and transaction is one organization's, and row policies show it no other's rows. */
export type OrgDatabase = NodePgDatabase;

/** The tables of organizations: nothing can be asked without saying for which. */
export interface AppDatabase {
  of(orgId: string): OrgDatabase;
}

export interface OpenDatabase extends AsyncDisposable {
  readonly db: Database;
  /** Waits for what runs and closes the connections. Closing twice changes nothing. */
  close(): Promise<void>;
}

export function createDatabase(client: pg.Pool): Database {
  return drizzle(client, { schema });
}

/** Connections open on first use. For Node: tests and tools. */
export function openDatabase(connectionString: string): OpenDatabase {
  const pool = new pg.Pool({
    connectionString,
    max: 4,
    connectionTimeoutMillis: 10_000,
    query_timeout: 15_000,
    allowExitOnIdle: true,
  });
  // An idle connection that the server closed is dropped by the pool; without a listener it would crash the process.
  pool.on("error", () => undefined);
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => (closed ??= pool.end());
  return { db: createDatabase(pool), close, [Symbol.asyncDispose]: close };
}

/** In the Worker: over the pool of one machine, held by a Durable Object, or over Hyperdrive by `connectionPerCall`. */
export function createPooledDatabase(pool: PoolStub): Database {
  return createDatabase(createPooledClient(pool, null));
}

export function createAppDatabase(pool: PoolStub): AppDatabase {
  return {
    of: (orgId) => {
      invariant(orgId !== "", "a query for no organization");
      return drizzle(createPooledClient(pool, orgId));
    },
  };
}
