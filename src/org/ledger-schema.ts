/** The tables of a ledger, as they are made and brought up to date. */

type Value = string | number | null;
export type Row = Record<string, Value>;
/** The part of the platform's SQL that is used. */
export interface Sql {
  exec<T extends Row>(query: string, ...bindings: Value[]): { toArray(): T[] };
}

const SCHEMA = [
  "CREATE TABLE IF NOT EXISTS budgets (id TEXT PRIMARY KEY, scope TEXT NOT NULL, subject TEXT, unit TEXT NOT NULL, amount INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS stops (only INTEGER PRIMARY KEY CHECK (only = 1), at_ms INTEGER NOT NULL, by TEXT NOT NULL)",
  "CREATE TABLE IF NOT EXISTS waiting (session_id TEXT PRIMARY KEY) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS spent (share TEXT PRIMARY KEY, cost_micros INTEGER NOT NULL, tokens INTEGER NOT NULL, compute_seconds INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS held (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, user_id TEXT, model TEXT, day TEXT NOT NULL, cost_micros INTEGER NOT NULL, tokens INTEGER NOT NULL, compute_seconds INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL, state TEXT NOT NULL, unpriced INTEGER NOT NULL, estimated INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
  "CREATE INDEX IF NOT EXISTS held_open ON held (expires_at_ms) WHERE state = 'open'",
  "CREATE INDEX IF NOT EXISTS held_by_expiry ON held (expires_at_ms)",
  "CREATE TABLE IF NOT EXISTS usage (day TEXT NOT NULL, session_id TEXT NOT NULL, user_id TEXT NOT NULL, model TEXT NOT NULL, cost_micros INTEGER NOT NULL, tokens INTEGER NOT NULL, compute_seconds INTEGER NOT NULL, calls INTEGER NOT NULL, unpriced_calls INTEGER NOT NULL, PRIMARY KEY (day, session_id, user_id, model)) WITHOUT ROWID",
  "CREATE INDEX IF NOT EXISTS usage_of_session ON usage (session_id, day)",
];

/** Every time that the object wakes. */
export function prepareTables(sql: Sql): void {
  for (const statement of SCHEMA) sql.exec(statement);
  // Ledgers from before estimates have the table without it.
  const isKnown = sql.exec<{ name: string }>("PRAGMA table_info(held)").toArray().some(({ name }) => name === "estimated");
  if (!isKnown) sql.exec("ALTER TABLE held ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0");
}
