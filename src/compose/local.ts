/** The Worker on one machine, where nothing pools Postgres: a Durable Object holds the connections. */
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { createPooledDatabase } from "../db/pg/database.ts";
import type { PoolStub } from "../db/pg/pooled-client.ts";
import type { WorkerBindings } from "./env.ts";
import { composeWorker } from "./worker-parts.ts";

interface LocalBindings extends WorkerBindings {
  readonly PG_POOL: DurableObjectNamespace;
}

export const worker = composeWorker((env) => {
  const { PG_POOL: pool } = env as LocalBindings;
  const stub = (): PoolStub => pool.get(pool.idFromName("pool")) as unknown as PoolStub;
  return createPooledDatabase({ query: (statement) => stub().query(statement), lease: () => stub().lease() });
});
