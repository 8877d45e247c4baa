/**
 * One organization's ledger as a Durable Object: reads what the decision needs, lets the core decide, and writes what it
 * decided, in one transaction. Settled amounts are kept as totals, so that a call costs the same after a million runs.
 */
import { DurableObject } from "cloudflare:workers";
import type { DurableObjectState } from "@cloudflare/workers-types";
import {
  add,
  checkCap,
  monthOf,
  NOTHING,
  reserve,
  RETAINED_MS,
  settle,
  spent,
  sum,
  type Amount,
  type CapName,
  type Caps,
  type Reservation,
} from "../core/budget/ledger.ts";
import { toReply, type Reply } from "../core/kernel/reply.ts";
import type { LedgerRpc, ReserveAnswer, ReserveRequest, Spent } from "../ports/ledger/ledger.port.ts";

const SCHEMA = [
  "CREATE TABLE IF NOT EXISTS caps (cap TEXT PRIMARY KEY, amount INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS totals (scope TEXT PRIMARY KEY, cost_micros INTEGER NOT NULL, tokens INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS reservations (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, month TEXT NOT NULL, cost_micros INTEGER NOT NULL, tokens INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL, settled INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE INDEX IF NOT EXISTS reservations_open ON reservations (month, session_id) WHERE settled = 0",
  "CREATE INDEX IF NOT EXISTS reservations_by_expiry ON reservations (expires_at_ms)",
];

interface ReservationRow {
  readonly [column: string]: string | number;
  readonly id: string;
  readonly session_id: string;
  readonly month: string;
  readonly cost_micros: number;
  readonly tokens: number;
  readonly expires_at_ms: number;
  readonly settled: number;
}

export class OrgLedgerDO extends DurableObject implements LedgerRpc {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    for (const statement of SCHEMA) this.ctx.storage.sql.exec(statement);
  }

  async reserve(request: ReserveRequest): Promise<Reply<ReserveAnswer>> {
    return this.#change(() => {
      this.#forget(request.nowMs);
      const month = monthOf(request.nowMs);
      const counted = add(this.#total(`month:${month}`), sum(this.#reservations("settled = 0 AND month = ?", month)));
      const decided = reserve({ known: this.#known(request.id), caps: this.#caps(), counted }, request);
      if (decided.add) this.#insert(decided.add);
      return decided.answer;
    });
  }

  async settle(id: string, actual: Amount): Promise<Reply<null>> {
    return this.#change(() => {
      const open = settle(this.#known(id), id, actual);
      if (!open) return null;
      this.ctx.storage.sql.exec("UPDATE reservations SET settled = 1 WHERE id = ?", id);
      this.#count(open, actual);
      return null;
    });
  }

  async spent(query: { readonly sessionId?: string; readonly nowMs?: number }): Promise<Reply<Spent>> {
    return this.#change(() => {
      const nowMs = query.nowMs ?? Date.now();
      if (query.sessionId !== undefined) {
        return spent(this.#total(`session:${query.sessionId}`), this.#reservations("settled = 0 AND session_id = ?", query.sessionId), nowMs);
      }
      const month = monthOf(nowMs);
      return spent(this.#total(`month:${month}`), this.#reservations("settled = 0 AND month = ?", month), nowMs);
    });
  }

  async setCap(cap: CapName, limit: number | null): Promise<Reply<null>> {
    return this.#change(() => {
      checkCap(limit);
      if (limit === null) this.ctx.storage.sql.exec("DELETE FROM caps WHERE cap = ?", cap);
      else this.ctx.storage.sql.exec("INSERT OR REPLACE INTO caps (cap, amount) VALUES (?, ?)", cap, limit);
      return null;
    });
  }

  #change<Value>(body: () => Value): Reply<Value> {
    return toReply(() => this.ctx.storage.transactionSync(body));
  }

  #known(id: string): Reservation | null {
    return this.#reservations("id = ?", id)[0] ?? null;
  }

  #reservations(where: string, value: string | number): readonly Reservation[] {
    const rows = this.ctx.storage.sql.exec<ReservationRow>(`SELECT * FROM reservations WHERE ${where}`, value).toArray();
    return rows.map((row) => ({
      id: row.id,
      sessionId: row.session_id,
      month: row.month,
      costMicros: row.cost_micros,
      tokens: row.tokens,
      expiresAtMs: row.expires_at_ms,
      settled: row.settled === 1,
    }));
  }

  #insert(reservation: Reservation): void {
    const { id, sessionId, month, costMicros, tokens, expiresAtMs } = reservation;
    this.ctx.storage.sql.exec(
      "INSERT INTO reservations (id, session_id, month, cost_micros, tokens, expires_at_ms, settled) VALUES (?, ?, ?, ?, ?, ?, 0)",
      id,
      sessionId,
      month,
      costMicros,
      tokens,
      expiresAtMs,
    );
  }

  #caps(): Caps {
    const rows = this.ctx.storage.sql.exec<{ cap: CapName; amount: number }>("SELECT cap, amount FROM caps").toArray();
    return Object.fromEntries(rows.map(({ cap, amount }) => [cap, amount]));
  }

  #total(scope: string): Amount {
    const row = this.ctx.storage.sql
      .exec<{ cost_micros: number; tokens: number }>("SELECT cost_micros, tokens FROM totals WHERE scope = ?", scope)
      .toArray()[0];
    return row ? { costMicros: row.cost_micros, tokens: row.tokens } : NOTHING;
  }

  #count({ month, sessionId }: Reservation, { costMicros, tokens }: Amount): void {
    for (const scope of [`month:${month}`, `session:${sessionId}`]) {
      this.ctx.storage.sql.exec(
        "INSERT INTO totals (scope, cost_micros, tokens) VALUES (?, ?, ?) ON CONFLICT (scope) DO UPDATE SET cost_micros = cost_micros + excluded.cost_micros, tokens = tokens + excluded.tokens",
        scope,
        costMicros,
        tokens,
      );
    }
  }

  /** What expired long ago unsettled is counted in full for good. */
  #forget(nowMs: number): void {
    for (const old of this.#reservations("expires_at_ms <= ?", nowMs - RETAINED_MS)) {
      if (!old.settled) this.#count(old, old);
      this.ctx.storage.sql.exec("DELETE FROM reservations WHERE id = ?", old.id);
    }
  }
}
