/** The Worker on one machine, where nothing pools Postgres: a Durable Object holds the connections. */
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { createAppDatabase, createPooledDatabase } from "../db/pg/database.ts";
import type { WorkerBindings } from "./env.ts";
import { poolOf } from "./pg-pool-client.ts";
import { composeWorker } from "./worker-parts.ts";

interface LocalBindings extends WorkerBindings {
  readonly PG_POOL: DurableObjectNamespace;
}

export const worker = composeWorker((env) => {
  const { PG_POOL } = env as LocalBindings;
  return { identity: createPooledDatabase(poolOf(PG_POOL, "auth")), app: createAppDatabase(poolOf(PG_POOL, "app")) };
});
