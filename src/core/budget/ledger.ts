/**
 * One organization's ledger, decided over rows that someone else keeps. A reservation counts against the caps in full until
 * it is settled, so reservations in flight never pass a cap; one that expires unsettled counts as spent in full until it is
 * settled after all. Every method runs inside one transaction of the rows.
 */
import type { BudgetReached, BudgetScope } from "@berth/protocol";
import { add, amountOf, isSame, largerOf, NOTHING, refuseLedger, subtract, type Amount, type PartialAmount } from "./amount.ts";
import { capIdsFor, checkCap, findReached, type Cap, type CapName, type CapView, type Counted, type Demand, type Stop } from "./caps.ts";

export interface Reservation extends Amount {
  readonly id: string;
  readonly sessionId: string;
  readonly userId: string | null;
  /** `provider/model`; null for a sandbox's time. */
  readonly model: string | null;
  /** Calendar day in UTC, `2026-11-20`; its month's caps count it. */
  readonly day: string;
  readonly expiresAtMs: number;
  /** `open` counts as reserved, `expired` as spent in full, `settled` as what it really was. */
  readonly state: "open" | "expired" | "settled";
  /** The price was not known, so its cost is counted as nothing. */
  readonly unpriced: boolean;
  /** It may turn out larger than what is reserved. */
  readonly estimated: boolean;
}

export interface ReserveRequest extends PartialAmount {
  /** Chosen by the caller: a repeat answers the first reservation. */
  readonly id: string;
  readonly sessionId: string;
  readonly userId?: string | null;
  readonly model?: string | null;
  readonly unpriced?: boolean;
  /** What it takes at most, where the amounts are an estimate; those that are left out are no estimate. */
  readonly atMost?: PartialAmount;
  /** No figure holds what it may cost: refused under any cap on money. */
  readonly openEnded?: boolean;
  readonly nowMs: number;
  /** After this it counts as spent in full. */
  readonly expiresAtMs: number;
}

export type ReserveAnswer = { readonly granted: true } | { readonly granted: false; readonly reached: BudgetReached };

/** Which reservations or totals: those of a month, of a user in a month, or of a session in its whole life. */
export type Share =
  | { readonly scope: "org"; readonly month: string }
  | { readonly scope: "user"; readonly month: string; readonly userId: string }
  | { readonly scope: "session"; readonly sessionId: string };

export interface UsageEntry extends Amount {
  readonly day: string;
  readonly sessionId: string;
  readonly userId: string | null;
  readonly model: string | null;
  readonly calls: number;
  readonly unpricedCalls: number;
}

/** What keeps the ledger: maps in memory, or tables. */
export interface LedgerRows {
  reservation(id: string): Reservation | null;
  put(reservation: Reservation): void;
  remove(id: string): void;
  /** Open ones whose time is over. */
  due(nowMs: number): readonly Reservation[];
  /** Any that expired by then. */
  old(expiredByMs: number): readonly Reservation[];
  openSum(share: Share): Amount;
  /** How many open ones are estimated. */
  estimatedOpen(share: Share): number;
  /** Sessions other than this one with a sandbox's time reserved now. */
  otherSessions(sessionId: string, userId: string | null): number;
  spent(share: Share): Amount;
  /** Adds to the totals of every share that the entry belongs to, and to the usage of its day. */
  count(entry: UsageEntry): void;
  caps(): readonly Cap[];
  /** Those with one of these ids. */
  capsNamed(ids: readonly string[]): readonly Cap[];
  setCap(cap: CapName, limit: number | null): void;
  stop(): Stop | null;
  setStop(stop: Stop | null): void;
  /** Sessions that were refused and did not get anything since. */
  waiting(): readonly string[];
  setWaiting(sessionId: string, isWaiting: boolean): void;
  openSessions(): readonly string[];
}

/** How long after its expiry a reservation is still known, so that late repeats and settlements find it. */
export const RETAINED_MS = 7 * 24 * 60 * 60 * 1000;

export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

export function monthOf(day: string): string {
  return day.slice(0, 7);
}

export class LedgerBook {
  readonly #rows: LedgerRows;

  constructor(rows: LedgerRows) {
    this.#rows = rows;
  }

  reserve(request: ReserveRequest): ReserveAnswer {
    const { id, sessionId, nowMs, expiresAtMs, userId = null, model = null, unpriced = false, openEnded = false } = request;
    const likely = amountOf("reserve", request);
    const atMost = atMostOf("reserve", request);
    const rows = this.#rows;
    this.#expire(nowMs);
    const known = rows.reservation(id);
    if (known) {
      if (known.sessionId === sessionId && isSame(known, known.estimated ? likely : atMost)) return { granted: true };
      throw refuseLedger("reserve", "already-exists", `reservation ${id} exists with other amounts`);
    }
    const reached = this.#reached({ ...likely, atMost, sessionId, userId, openEnded }, nowMs);
    rows.setWaiting(sessionId, reached !== null);
    if (reached !== null) return { granted: false, reached };
    // One call of a session at a time is taken at its estimate: many at once would be off by as much as all of them are.
    const estimated = !isSame(likely, atMost) && rows.estimatedOpen({ scope: "session", sessionId }) === 0;
    rows.put({ id, sessionId, userId, model, ...(estimated ? likely : atMost), day: dayOf(nowMs), expiresAtMs, state: "open", unpriced, estimated });
    return { granted: true };
  }

  /** What `reserve` would answer; nothing is kept. */
  ask(request: Omit<ReserveRequest, "id" | "expiresAtMs">): ReserveAnswer {
    const { sessionId, userId = null, openEnded = false, nowMs } = request;
    const amount = amountOf("ask", request);
    this.#expire(nowMs);
    const reached = this.#reached({ ...amount, atMost: atMostOf("ask", request), sessionId, userId, openEnded }, nowMs);
    return reached === null ? { granted: true } : { granted: false, reached };
  }

  settle(id: string, actual: PartialAmount): void {
    const amount = amountOf("settle", actual);
    const known = this.#rows.reservation(id);
    if (!known) throw refuseLedger("settle", "not-found", `there is no reservation ${id}`);
    if (known.state === "settled") return;
    // What expired was counted in full, as one call.
    this.#count(known, known.state === "expired" ? subtract(amount, known) : amount, known.state === "expired" ? 0 : 1);
    this.#rows.put({ ...known, state: "settled" });
  }

  counted(share: Share, nowMs: number): Counted {
    this.#expire(nowMs);
    return { spent: this.#rows.spent(share), reserved: this.#rows.openSum(share) };
  }

  /** Answers the sessions that wait for room. */
  setCap(cap: CapName, limit: number | null): readonly string[] {
    checkCap(cap, limit);
    this.#rows.setCap(cap, limit);
    return this.#rows.waiting();
  }

  /** The session is over: its own caps go, and it waits for nothing. What it spent stays counted. */
  forget(sessionId: string): void {
    for (const { scope, subject, unit } of this.#rows.capsNamed(capIdsFor({ sessionId, userId: null }))) {
      if (scope === "session" && subject === sessionId) this.#rows.setCap({ scope, subject, unit }, null);
    }
    this.#rows.setWaiting(sessionId, false);
  }

  /** Answers the sessions that this concerns: those at work, and those that wait. */
  setStop(stop: Stop | null): readonly string[] {
    this.#rows.setStop(stop);
    return [...new Set([...this.#rows.waiting(), ...this.#rows.openSessions()])];
  }

  #reached(demand: Demand, nowMs: number): BudgetReached | null {
    const rows = this.#rows;
    const { sessionId, userId } = demand;
    const month = monthOf(dayOf(nowMs));
    const shareOf = (scope: BudgetScope): Share => {
      if (scope === "session") return { scope, sessionId };
      return scope === "user" && userId !== null ? { scope, month, userId } : { scope: "org", month };
    };
    const view: CapView = {
      stop: rows.stop(),
      caps: rows.capsNamed(capIdsFor(demand)),
      counted: (scope) => ({ spent: rows.spent(shareOf(scope)), reserved: rows.openSum(shareOf(scope)) }),
      estimated: (scope) => rows.estimatedOpen(shareOf(scope)),
      otherSessions: (scope) => rows.otherSessions(sessionId, scope === "user" ? userId : null),
    };
    return findReached(view, demand);
  }

  /** What is over unsettled counts as spent; what was over long ago is forgotten and stays counted. */
  #expire(nowMs: number): void {
    for (const due of this.#rows.due(nowMs)) {
      this.#count(due, due, 1);
      this.#rows.put({ ...due, state: "expired" });
    }
    for (const { id } of this.#rows.old(nowMs - RETAINED_MS)) this.#rows.remove(id);
  }

  #count({ day, sessionId, userId, model, unpriced }: Reservation, amount: Amount, calls: number): void {
    const isCall = model !== null;
    const { costMicros, tokens, computeSeconds } = amount;
    this.#rows.count({ day, sessionId, userId, model, costMicros, tokens, computeSeconds, calls: isCall ? calls : 0, unpricedCalls: isCall && unpriced ? calls : 0 });
  }
}

/** Never less than what is likely. */
function atMostOf(operation: string, request: PartialAmount & Pick<ReserveRequest, "atMost">): Amount {
  const likely = amountOf(operation, request);
  return largerOf(likely, amountOf(operation, { ...likely, ...request.atMost }));
}

export function sumOf(amounts: Iterable<Amount>): Amount {
  let sum = NOTHING;
  for (const amount of amounts) sum = add(sum, amount);
  return sum;
}
