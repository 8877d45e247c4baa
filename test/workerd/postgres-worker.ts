/** The Worker that the suites of the database in workerd run in. */
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import type { PoolStub } from "../../src/db/pg/pooled-client.ts";
import { unwrap } from "../../src/db/pg/wire.ts";

export { PgPoolDO } from "../../src/compose/pg-pool-do.ts";

export default {
  /** Takes a connection, begins a transaction, and goes away without a word. */
  async fetch(_request: Request, { PG_POOL }: { readonly PG_POOL: DurableObjectNamespace }): Promise<Response> {
    const pool = PG_POOL.get(PG_POOL.idFromName("pool")) as unknown as PoolStub;
    const lease = unwrap(await pool.lease());
    for (const text of ["begin", "create table vanished ()"]) unwrap(await lease.query({ text, values: [], rowMode: "object" }));
    return new Response("gone");
  },
};
