/** The Worker on Cloudflare: Postgres through Hyperdrive, which pools. */
import { connectionPerCall } from "../db/pg/connection-per-call.ts";
import { createAppDatabase, createPooledDatabase } from "../db/pg/database.ts";
import { composeWorker } from "./worker-parts.ts";

export const worker = composeWorker((env) => ({
  identity: createPooledDatabase(connectionPerCall(env.HYPERDRIVE_AUTH.connectionString)),
  app: createAppDatabase(connectionPerCall(env.HYPERDRIVE.connectionString)),
}));
