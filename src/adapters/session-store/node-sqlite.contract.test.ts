/** The contract on Node's SQLite, with database files of its own. The disk-full fault is SQLite's own, by its page limit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { AT_MS, batch, event, readEverything } from "../../ports/session-store/session-store-kit.contract.ts";
import { describeSessionStoreContract } from "../../ports/session-store/session-store.contract.ts";
import type { SessionStore } from "../../ports/session-store/session-store.port.ts";
import { createFaultySql, type FaultySql } from "./faulty-sql.testkit.ts";
import { createNodeSessionStore, createNodeSql } from "./node-sqlite.ts";
import { createSqliteSessionStore } from "./sqlite-session-store.ts";

interface Opened {
  readonly database: DatabaseSync;
  readonly sql: FaultySql;
}

const opened = new WeakMap<SessionStore, Opened>();

function of(store: SessionStore): Opened {
  const found = opened.get(store);
  if (!found) throw new Error("not a store of this harness");
  return found;
}

describeSessionStoreContract({
  name: "node-sqlite",
  run(...bodies) {
    const folder = mkdtempSync(join(tmpdir(), "berth-session-store-"));
    const databases: DatabaseSync[] = [];
    try {
      for (const [i, body] of bodies.entries()) {
        body(() => {
          const database = new DatabaseSync(join(folder, `session${i}.sqlite`));
          databases.push(database);
          const sql = createFaultySql(createNodeSql(database));
          const store = createSqliteSessionStore(sql, `session${i}`);
          opened.set(store, { database, sql });
          return store;
        });
      }
    } finally {
      for (const database of databases) if (database.isOpen) database.close();
      rmSync(folder, { recursive: true });
    }
  },
  inject: {
    // The limit is one of the connection, so the store that is opened next has room again.
    "session-store:commit:disk-full": (store) => of(store).database.exec("PRAGMA max_page_count = 1"),
    "session-store:commit:torn-batch": (store) => {
      const raw = Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 4874 });
      of(store).sql.failWrite(4, raw);
    },
    "session-store:commit:closed": (store) => of(store).database.close(),
    "session-store:open:newer-schema": (store) => of(store).sql.exec("UPDATE meta SET value = '999' WHERE key = 'schema-version'"),
  },
});

verifies("SST24", "a session is as it was after its file was closed and opened again", () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-session-store-"));
  try {
    const path = join(folder, "session.sqlite");
    const first = createNodeSessionStore(path, "one");
    const committed = first.commit(batch({ state: '{"n":1}', events: [event("a")] }));
    first.close();
    const second = createNodeSessionStore(path, "one");
    expect(second.load()).toEqual({ state: '{"n":1}', lastSeq: 1 });
    expect(second.eventsAfter(0, 10)).toEqual(committed);
    second.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

verifies("SST30", "a database that was only read from stays without tables, and a first batch that is refused leaves none", () => {
  const database = new DatabaseSync(":memory:");
  const sql = createFaultySql(createNodeSql(database));
  const store = createSqliteSessionStore(sql, "one");
  const tables = (): unknown[] => database.prepare("SELECT name FROM sqlite_master").all();
  readEverything(store);
  expect(tables()).toEqual([]);
  const twice = { id: "out_1", target: "catalog", payload: "{}", nextAttemptAtMs: 0 } as const;
  expect(() => store.commit(batch({ outboxAdd: [twice, twice] }))).toThrow();
  expect(tables()).toEqual([]);
  readEverything(store);
  expect(store.commit(batch({ events: [event("a")] }))[0]?.seq).toBe(1);
  database.close();
});

verifies("SST24", "a session that was written before there was an archive is opened with everything in it", () => {
  const database = new DatabaseSync(":memory:");
  const sql = createNodeSql(database);
  const before = createSqliteSessionStore(sql, "one");
  const keep = [{ key: "a", bodyHash: "h1", answer: "{}", expiresAtMs: AT_MS }];
  const committed = before.commit(batch({ events: [event("a")], answersAdd: keep }));
  const undo = ["DROP INDEX answers_expired", "ALTER TABLE answers DROP COLUMN expires_at_ms", "DROP TABLE archive", "DROP TABLE outputs", "DROP TABLE cold_state", "DROP TABLE access", "UPDATE meta SET value = '1' WHERE key = 'schema-version'"];
  for (const statement of undo) database.exec(statement);
  const after = createSqliteSessionStore(sql, "one");
  expect(after.eventsAfter(0, 10)).toEqual(committed);
  expect(after.findAnswer("a", AT_MS)?.bodyHash).toBe("h1");
  after.archived({ from: 1, to: 1 });
  expect([after.firstSeq(), after.commit(batch({ events: [event("b")] }))[0]?.seq]).toEqual([2, 2]);
  database.close();
});
