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
  [
    // Answers of before have no time and are kept; the year 2100 is as good as never.
    "ALTER TABLE answers ADD COLUMN expires_at_ms INTEGER NOT NULL DEFAULT 4102444800000",
    "CREATE INDEX answers_expired ON answers (expires_at_ms)",
    "CREATE TABLE archive (to_seq INTEGER PRIMARY KEY, from_seq INTEGER NOT NULL)",
    "CREATE TABLE outputs (position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, text TEXT NOT NULL)",
    "CREATE INDEX outputs_by_name ON outputs (name, position)",
  ],
  ["CREATE TABLE cold_state (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)"],
  ["CREATE TABLE access (id INTEGER PRIMARY KEY CHECK (id = 1), access TEXT NOT NULL)"],
];

export const TABLES = ["state", "cold_state", "access", "events", "messages", "outbox", "answers", "tickets", "archive", "outputs"] as const;

/**
 * The session's part of event ids as it is stored, or null for a database that nothing was written to; that one stays
 * empty, since reading a session that is not there must leave nothing behind.
 * @throws PortError `failed-precondition` when a newer Berth wrote it
 */
export function openSchema(sql: Sql): string | null {
  const exists = sql.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'meta'").length > 0;
  if (!exists) return null;
  const { version, unique } = readMeta(sql);
  if (version > MIGRATIONS.length) throw newerSchema(version);
  if (version < MIGRATIONS.length) sql.transaction(() => applyMigrations(sql, version));
  return unique;
}

/** Makes the tables. Called inside the transaction of the first write, so that both are there or neither. */
export function createSchema(sql: Sql, unique: string): void {
  sql.exec("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
  applyMigrations(sql, 0);
  sql.exec("INSERT INTO meta (key, value) VALUES ('unique', ?)", unique);
}

function applyMigrations(sql: Sql, version: number): void {
  for (const statement of MIGRATIONS.slice(version).flat()) sql.exec(statement);
  sql.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('schema-version', ?)", String(MIGRATIONS.length));
}

function readMeta(sql: Sql): { readonly version: number; readonly unique: string | null } {
  const meta = new Map(sql.all<{ key: string; value: string }>("SELECT key, value FROM meta").map((row) => [row.key, row.value]));
  return { version: Number(meta.get("schema-version") ?? 0), unique: meta.get("unique") ?? null };
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
