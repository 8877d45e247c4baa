import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { expect, test } from "vitest";
import { LedgerBook } from "../core/budget/ledger.ts";
import type { UsageQuery } from "../ports/ledger/ledger.port.ts";
import type { Row, Sql } from "./ledger-schema.ts";
import { LedgerTables } from "./ledger-tables.ts";

/** As a ledger made it that took no estimates, with a call under way. */
const BEFORE = [
  "CREATE TABLE held (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, user_id TEXT, model TEXT, day TEXT NOT NULL, cost_micros INTEGER NOT NULL, tokens INTEGER NOT NULL, compute_seconds INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL, state TEXT NOT NULL, unpriced INTEGER NOT NULL) WITHOUT ROWID",
  "INSERT INTO held VALUES ('a', 'ses_1', NULL, 'acme/one', '2026-11-20', 100, 10, 0, 2000, 'open', 0)",
];

function sqlOn(database: DatabaseSync): Sql {
  const exec: Sql["exec"] = <T>(query: string, ...values: SQLInputValue[]) => {
    // At once, as in the object, and not when it is read.
    const found = database.prepare(query).all(...values) as T[];
    return { toArray: () => found };
  };
  return { exec };
}

test("sums of usage are read from the days that are asked for, and those of sessions from their rows in these days", () => {
  const database = new DatabaseSync(":memory:");
  const asked: string[] = [];
  const { exec } = sqlOn(database);
  const tables = new LedgerTables({ exec: <T extends Row>(query: string, ...values: (string | number | null)[]) => (query.includes("FROM usage") && asked.push(...exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values).toArray().map(({ detail }) => detail)), exec<T>(query, ...values)) });
  const days = { from: "2026-11-01", to: "2026-11-30", limit: 50 };
  const plan = (query: Partial<UsageQuery>) => {
    asked.length = 0;
    tables.usage({ by: "day", ...days, ...query });
    return asked.filter((step) => step.includes("usage"));
  };
  const byDays = [expect.stringMatching(/^SEARCH usage USING PRIMARY KEY \(day>\? AND day<\?\)$/)];
  for (const by of ["day", "session", "user", "model"] as const) expect(plan({ by })).toEqual(byDays);
  expect(plan({ userId: "usr_1", model: "acme/one" })).toEqual(byDays);
  expect(plan({ sessionIds: ["ses_1"] })).toEqual([expect.stringContaining("SEARCH usage USING INDEX usage_of_session (session_id=? AND day>? AND day<?)")]);
});

test("a ledger from before estimates counts what was open in full, and takes estimates", () => {
  const database = new DatabaseSync(":memory:");
  for (const statement of BEFORE) database.exec(statement);
  for (let opened = 0; opened < 2; opened += 1) {
    const tables = new LedgerTables(sqlOn(database));
    expect([tables.openSum({ scope: "session", sessionId: "ses_1" }).costMicros, tables.estimatedOpen({ scope: "session", sessionId: "ses_1" })]).toEqual([100 + opened, opened]);
    new LedgerBook(tables).reserve({ id: "b", sessionId: "ses_1", costMicros: 1, atMost: { costMicros: 9 }, nowMs: Date.UTC(1970, 0), expiresAtMs: 5_000 });
  }
});
