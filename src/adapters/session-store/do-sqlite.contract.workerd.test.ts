/** The contract on the SQLite database of a real Durable Object. */
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { AT_MS, batch, event, readEverything } from "../../ports/session-store/session-store-kit.contract.ts";
import { describeSessionStoreContract } from "../../ports/session-store/session-store.contract.ts";
import type { SessionStore } from "../../ports/session-store/session-store.port.ts";
import { createDoSessionStore, createDoSql } from "./do-sqlite.ts";
import { createFaultySql, type FaultySql } from "./faulty-sql.testkit.ts";
import { createSqliteSessionStore } from "./sqlite-session-store.ts";

const objects = env.EMPTY as DurableObjectNamespace;
const opened = new WeakMap<SessionStore, FaultySql>();

function fail(store: SessionStore, nth: number, message: string): void {
  opened.get(store)?.failWrite(nth, new Error(message));
}

describeSessionStoreContract({
  name: "do-sqlite",
  async run(...bodies) {
    for (const body of bodies) {
      await runInDurableObject(objects.get(objects.newUniqueId()), (_object, state) => {
        body(() => {
          const sql = createFaultySql(createDoSql(state.storage));
          const store = createSqliteSessionStore(sql, state.id.toString().slice(0, 24));
          opened.set(store, sql);
          return store;
        });
      });
    }
  },
  inject: {
    "session-store:commit:disk-full": (store) => fail(store, 2, "database or disk is full: SQLITE_FULL"),
    "session-store:commit:torn-batch": (store) => fail(store, 4, "disk I/O error: SQLITE_IOERR"),
    "session-store:open:newer-schema": (store) => opened.get(store)?.exec("UPDATE meta SET value = '999' WHERE key = 'schema-version'"),
  },
});

verifies("SST24", "a session is as it was after its object was evicted", async () => {
  const object = objects.get(objects.idFromName("org_1:ses_1"));
  const committed = await runInDurableObject(object, (_object, state) =>
    createDoSessionStore(state).commit(batch({ state: '{"n":1}', events: [event("a"), event("b")] })),
  );
  await evictDurableObject(object);
  await runInDurableObject(object, (_object, state) => {
    const store = createDoSessionStore(state);
    expect(store.load()).toEqual({ state: '{"n":1}', lastSeq: 2 });
    expect(store.eventsAfter(0, 10)).toEqual(committed);
    expect(store.commit(batch({ events: [event("c")], atMs: AT_MS }))[0]?.seq).toBe(3);
  });
});

verifies("SST30", "an object that was only read from stores nothing", async () => {
  const tables = await runInDurableObject(objects.get(objects.newUniqueId()), (_object, state) => {
    readEverything(createDoSessionStore(state));
    return state.storage.sql.exec("SELECT name FROM sqlite_master").toArray();
  });
  expect(tables).toEqual([]);
});
