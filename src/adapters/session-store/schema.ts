/** Tables of a session's database, as a list of migrations. A migration that was released is never edited. */
import { PortError } from "../../core/kernel/port-error.ts";
import type { Sql } from "./sqlite.ts";

const MIGRATIONS: readonly (readonly string[])[] = [
  [
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL, last_seq INTEGER NOT NULL)",
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, at TEXT NOT NULL, message_id TEXT, run_id TEXT, event TEXT NOT NULL)",
    "CREATE INDEX events_of_run ON events (run_id, seq) WHERE run_id IS NOT NULL",
    "CREATE TABLE messages (position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, message TEXT NOT NULL)",
    "CREATE TABLE outbox (position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, target TEXT NOT NULL, payload TEXT NOT NULL, attempts INTEGER NOT NULL, next_attempt_at_ms INTEGER NOT NULL)",
    "CREATE INDEX outbox_due ON outbox (next_attempt_at_ms)",
    "CREATE TABLE answers (key TEXT PRIMARY KEY, body_hash TEXT NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE tickets (hash TEXT PRIMARY KEY, author TEXT NOT NULL, expires_at_ms INTEGER NOT NULL) WITHOUT ROWID",
  ],
];

export const TABLES = ["state", "events", "messages", "outbox", "answers", "tickets"] as const;

/**
 * Brings the database to the newest schema and answers the session's part of event ids, kept from its first opening.
 * @throws PortError `failed-precondition` when a newer Berth wrote it
 */
export function migrate(sql: Sql, unique: string): string {
  return sql.transaction(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
    const meta = new Map(sql.all<{ key: string; value: string }>("SELECT key, value FROM meta").map((row) => [row.key, row.value]));
    const version = Number(meta.get("schema-version") ?? 0);
    if (version > MIGRATIONS.length) throw newerSchema(version);
    if (version < MIGRATIONS.length) {
      for (const statement of MIGRATIONS.slice(version).flat()) sql.exec(statement);
      sql.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('schema-version', ?)", String(MIGRATIONS.length));
    }
    const known = meta.get("unique");
    if (known !== undefined) return known;
    sql.exec("INSERT INTO meta (key, value) VALUES ('unique', ?)", unique);
    return unique;
  });
}

function newerSchema(version: number): PortError {
  return new PortError({
    port: "session-store",
    operation: "open",
    code: "failed-precondition",
    outcome: "not-applied",
    retry: "never",
    message: `the session was written by a newer Berth (schema ${version}, this one knows ${MIGRATIONS.length})`,
    fix: "start the newer version again",
  });
}
