/** A ledger's rows in the tables of a Durable Object. Totals are kept, so that a call costs the same after a million runs. */
import type { UsageSum } from "@berth/protocol";
import { NOTHING, type Amount } from "../core/budget/amount.ts";
import { capId, type Cap, type CapName, type Stop } from "../core/budget/caps.ts";
import { monthOf, type LedgerRows, type Reservation, type Share, type UsageEntry } from "../core/budget/ledger.ts";
import type { UsageQuery } from "../ports/ledger/ledger.port.ts";
import { prepareTables, type Row, type Sql } from "./ledger-schema.ts";

const AMOUNT = "COALESCE(SUM(cost_micros), 0) AS cost_micros, COALESCE(SUM(tokens), 0) AS tokens, COALESCE(SUM(compute_seconds), 0) AS compute_seconds";
const GROUPS = { day: "day", session: "session_id", user: "user_id", model: "model" } as const;

interface AmountRow extends Row {
  cost_micros: number;
  tokens: number;
  compute_seconds: number;
}

interface HeldRow extends AmountRow {
  id: string;
  session_id: string;
  user_id: string | null;
  model: string | null;
  day: string;
  expires_at_ms: number;
  state: Reservation["state"];
  unpriced: number;
  estimated: number;
}

interface CapRow extends Row {
  scope: Cap["scope"];
  subject: string | null;
  unit: Cap["unit"];
  amount: number;
}

export class LedgerTables implements LedgerRows {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    prepareTables(sql);
  }

  reservation(id: string): Reservation | null {
    return this.#held("id = ?", id)[0] ?? null;
  }

  put({ id, sessionId, userId, model, day, costMicros, tokens, computeSeconds, expiresAtMs, state, unpriced, estimated }: Reservation): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO held (id, session_id, user_id, model, day, cost_micros, tokens, compute_seconds, expires_at_ms, state, unpriced, estimated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[id, sessionId, userId, model, day, costMicros, tokens, computeSeconds, expiresAtMs, state, unpriced ? 1 : 0, estimated ? 1 : 0],
    );
  }

  remove(id: string): void {
    this.#sql.exec("DELETE FROM held WHERE id = ?", id);
  }

  due(nowMs: number): readonly Reservation[] {
    return this.#held("state = 'open' AND expires_at_ms <= ?", nowMs);
  }

  old(expiredByMs: number): readonly Reservation[] {
    return this.#held("expires_at_ms <= ?", expiredByMs);
  }

  openSum(share: Share): Amount {
    const [where, values] = ofShare(share);
    const row = this.#sql.exec<AmountRow>(`SELECT ${AMOUNT} FROM held WHERE state = 'open' AND ${where}`, ...values).toArray()[0];
    return row ? amountOf(row) : NOTHING;
  }

  estimatedOpen(share: Share): number {
    const [where, values] = ofShare(share);
    return this.#sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM held WHERE state = 'open' AND estimated = 1 AND ${where}`, ...values).toArray()[0]?.n ?? 0;
  }

  otherSessions(sessionId: string, userId: string | null): number {
    const query = "SELECT COUNT(DISTINCT session_id) AS n FROM held WHERE state = 'open' AND compute_seconds > 0 AND session_id <> ? AND (? IS NULL OR user_id = ?)";
    return this.#sql.exec<{ n: number }>(query, sessionId, userId, userId).toArray()[0]?.n ?? 0;
  }

  spent(share: Share): Amount {
    const row = this.#sql.exec<AmountRow>("SELECT cost_micros, tokens, compute_seconds FROM spent WHERE share = ?", shareKey(share)).toArray()[0];
    return row ? amountOf(row) : NOTHING;
  }

  count({ day, sessionId, userId, model, costMicros, tokens, computeSeconds, calls, unpricedCalls }: UsageEntry): void {
    const month = monthOf(day);
    const shares: Share[] = [{ scope: "org", month }, { scope: "session", sessionId }];
    if (userId !== null) shares.push({ scope: "user", month, userId });
    for (const share of shares) {
      this.#sql.exec(
        "INSERT INTO spent (share, cost_micros, tokens, compute_seconds) VALUES (?, ?, ?, ?) ON CONFLICT (share) DO UPDATE SET cost_micros = cost_micros + excluded.cost_micros, tokens = tokens + excluded.tokens, compute_seconds = compute_seconds + excluded.compute_seconds",
        shareKey(share),
        costMicros,
        tokens,
        computeSeconds,
      );
    }
    this.#sql.exec(
      "INSERT INTO usage (day, session_id, user_id, model, cost_micros, tokens, compute_seconds, calls, unpriced_calls) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, session_id, user_id, model) DO UPDATE SET cost_micros = cost_micros + excluded.cost_micros, tokens = tokens + excluded.tokens, compute_seconds = compute_seconds + excluded.compute_seconds, calls = calls + excluded.calls, unpriced_calls = unpriced_calls + excluded.unpriced_calls",
      day,
      sessionId,
      userId ?? "",
      model ?? "",
      costMicros,
      tokens,
      computeSeconds,
      calls,
      unpricedCalls,
    );
  }

  caps(): readonly Cap[] {
    return this.#caps("1");
  }

  capsNamed(ids: readonly string[]): readonly Cap[] {
    return this.#caps(`id IN (${ids.map(() => "?").join(", ")})`, ...ids);
  }

  setCap(cap: CapName, limit: number | null): void {
    if (limit === null) this.#sql.exec("DELETE FROM budgets WHERE id = ?", capId(cap));
    else this.#sql.exec("INSERT OR REPLACE INTO budgets (id, scope, subject, unit, amount) VALUES (?, ?, ?, ?, ?)", capId(cap), cap.scope, cap.subject, cap.unit, limit);
  }

  stop(): Stop | null {
    const row = this.#sql.exec<{ at_ms: number; by: string }>("SELECT at_ms, by FROM stops").toArray()[0];
    return row ? { atMs: row.at_ms, by: row.by } : null;
  }

  setStop(stop: Stop | null): void {
    if (stop === null) this.#sql.exec("DELETE FROM stops");
    else this.#sql.exec("INSERT OR REPLACE INTO stops (only, at_ms, by) VALUES (1, ?, ?)", stop.atMs, stop.by);
  }

  waiting(): readonly string[] {
    return this.#sql.exec<{ session_id: string }>("SELECT session_id FROM waiting").toArray().map((row) => row.session_id);
  }

  setWaiting(sessionId: string, isWaiting: boolean): void {
    this.#sql.exec(isWaiting ? "INSERT OR IGNORE INTO waiting (session_id) VALUES (?)" : "DELETE FROM waiting WHERE session_id = ?", sessionId);
  }

  openSessions(): readonly string[] {
    return this.#sql.exec<{ session_id: string }>("SELECT DISTINCT session_id FROM held WHERE state = 'open'").toArray().map((row) => row.session_id);
  }

  usage({ by, from, to, sessionIds, userId, model, limit }: UsageQuery): readonly UsageSum[] {
    const where: readonly [string, string | undefined][] = [["day >= ?", from], ["day <= ?", to], ["session_id IN (SELECT value FROM json_each(?))", sessionIds && JSON.stringify(sessionIds)], ["user_id = ?", userId], ["model = ?", model]];
    const given = where.filter((part): part is [string, string] => part[1] !== undefined);
    const order = by === "day" ? "key" : "cost_micros DESC, tokens DESC, compute_seconds DESC, key";
    const query = `SELECT ${GROUPS[by]} AS key, ${AMOUNT}, SUM(calls) AS calls, SUM(unpriced_calls) AS unpriced_calls FROM usage WHERE ${given.map(([sql]) => sql).join(" AND ")} GROUP BY ${GROUPS[by]} ORDER BY ${order} LIMIT ?`;
    const rows = this.#sql.exec<AmountRow & { key: string; calls: number; unpriced_calls: number }>(query, ...given.map(([, value]) => value), limit).toArray();
    return rows.map((row) => ({ key: row.key === "" ? null : row.key, ...amountOf(row), calls: row.calls, unpricedCalls: row.unpriced_calls }));
  }

  #caps(where: string, ...ids: string[]): readonly Cap[] {
    const rows = this.#sql.exec<CapRow>(`SELECT scope, subject, unit, amount FROM budgets WHERE ${where} ORDER BY id`, ...ids).toArray();
    return rows.map(({ scope, subject, unit, amount }) => ({ scope, subject, unit, limit: amount }));
  }

  #held(where: string, value: string | number): readonly Reservation[] {
    return this.#sql.exec<HeldRow>(`SELECT * FROM held WHERE ${where}`, value).toArray().map(reservationOf);
  }
}

function ofShare(share: Share): readonly [where: string, values: readonly string[]] {
  if (share.scope === "session") return ["session_id = ?", [share.sessionId]];
  if (share.scope === "user") return ["user_id = ? AND substr(day, 1, 7) = ?", [share.userId, share.month]];
  return ["substr(day, 1, 7) = ?", [share.month]];
}

function shareKey(share: Share): string {
  if (share.scope === "session") return `session:${share.sessionId}`;
  return share.scope === "user" ? `user:${share.month}:${share.userId}` : `org:${share.month}`;
}

function amountOf(row: AmountRow): Amount {
  return { costMicros: row.cost_micros, tokens: row.tokens, computeSeconds: row.compute_seconds };
}

function reservationOf(row: HeldRow): Reservation {
  const { id, session_id: sessionId, user_id: userId, model, day, expires_at_ms: expiresAtMs, state, unpriced, estimated } = row;
  return { id, sessionId, userId, model, day, ...amountOf(row), expiresAtMs, state, unpriced: unpriced === 1, estimated: estimated === 1 };
}
