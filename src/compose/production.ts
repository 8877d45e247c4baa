/** The Worker on Cloudflare: Postgres through Hyperdrive, which pools. */
import { connectionPerCall } from "../db/pg/connection-per-call.ts";
import { createPooledDatabase } from "../db/pg/database.ts";
import { composeWorker } from "./worker-parts.ts";

export const worker = composeWorker((env) => createPooledDatabase(connectionPerCall(env.HYPERDRIVE.connectionString)));
