/** The database as the Postgres adapters see it, and the three ways to reach it. */
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import pg from "pg";
import { createPooledClient, type PoolStub } from "./pooled-client.ts";
import { schema } from "./schema/all.ts";

export type Database = NodePgDatabase<typeof schema>;

export interface OpenDatabase extends AsyncDisposable {
  readonly db: Database;
  /** Waits for what runs and closes the connections. Closing twice changes nothing. */
  close(): Promise<void>;
}

export function createDatabase(client: pg.Pool): Database {
  return drizzle(client, { schema });
}

/** Connections open on first use. For Node: the launcher, tests, tools. */
export function openDatabase(connectionString: string, options: { readonly connectionsMax?: number } = {}): OpenDatabase {
  const pool = new pg.Pool({
    connectionString,
    max: options.connectionsMax ?? 4,
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

/**
 * On Cloudflare: one request's or one object call's own connection through Hyperdrive, which pools behind it. Opens on
 * first use; close it when the request ends. A second connection opens only for a statement beside an open transaction.
 */
export function createHyperdriveDatabase(connectionString: string): OpenDatabase {
  return openDatabase(connectionString, { connectionsMax: 2 });
}

/** Where nothing pools behind the binding: the bounded pool held by a Durable Object. */
export function createPooledDatabase(pool: PoolStub): Database {
  return createDatabase(createPooledClient(pool));
}
