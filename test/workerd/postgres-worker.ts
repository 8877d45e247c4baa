/** The Worker that the suites of the database in workerd run in. */
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { poolOf } from "../../src/compose/pg-pool-client.ts";
import { unwrap } from "../../src/db/pg/wire.ts";

export { PgPoolDO } from "../../src/compose/pg-pool-do.ts";

export default {
  /** Takes a connection, begins a transaction, writes in it, and goes away without a word. */
  async fetch(_request: Request, { PG_POOL }: { readonly PG_POOL: DurableObjectNamespace }): Promise<Response> {
    const lease = unwrap(await poolOf(PG_POOL, "app").lease("org"));
    const row = "insert into secrets values ('org', 'vanished', 1, 1, '', '', now(), null)";
    for (const text of ["begin", row]) unwrap(await lease.query({ text, values: [], rowMode: "object" }));
    return new Response("gone");
  },
};
