/** Session store on the private SQLite database of a Durable Object. */
import type { DurableObjectState } from "@cloudflare/workers-types";
import type { SessionStore } from "../../ports/session-store/session-store.port.ts";
import type { Sql } from "./sqlite.ts";
import { createSqliteSessionStore } from "./sqlite-session-store.ts";

export function createDoSql(storage: DurableObjectState["storage"]): Sql {
  return {
    exec(statement, ...values) {
      storage.sql.exec(statement, ...values);
    },
    all<Row>(statement: string, ...values: readonly (string | number | null)[]) {
      return storage.sql.exec(statement, ...values).toArray() as Row[];
    },
    transaction: (body) => storage.transactionSync(body),
  };
}

/** The object's own id makes event ids unique; unlike its name it is there after every kind of wake-up. */
export function createDoSessionStore(ctx: DurableObjectState): SessionStore {
  return createSqliteSessionStore(createDoSql(ctx.storage), ctx.id.toString().slice(0, 24));
}
