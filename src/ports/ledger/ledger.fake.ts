/** Ledger in memory. The decisions are the core's, as in the real one. */
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
  type Reservation,
} from "../../core/budget/ledger.ts";
import { FaultScript } from "../../core/kernel/fault.ts";
import { LEDGER_FAULTS } from "./ledger.faults.ts";
import type { Ledger, ReserveAnswer, ReserveRequest, Spent } from "./ledger.port.ts";

export class InMemoryLedger implements Ledger {
  readonly faults: FaultScript;
  readonly #now: () => number;
  readonly #caps = new Map<CapName, number>();
  readonly #totals = new Map<string, Amount>();
  readonly #reservations = new Map<string, Reservation>();

  /** @param options.now the time in milliseconds that `spent` takes when it is not told one */
  constructor(options: { readonly now: () => number; readonly faults?: FaultScript }) {
    this.#now = options.now;
    this.faults = options.faults ?? new FaultScript(LEDGER_FAULTS);
  }

  async reserve(request: ReserveRequest): Promise<ReserveAnswer> {
    this.faults.strike("reserve", "before-send");
    this.#forget(request.nowMs);
    const month = monthOf(request.nowMs);
    const counted = add(this.#total(`month:${month}`), sum(this.#open((open) => open.month === month)));
    const caps = Object.fromEntries(this.#caps);
    const decided = reserve({ known: this.#reservations.get(request.id) ?? null, caps, counted }, request);
    if (decided.add) this.#reservations.set(request.id, decided.add);
    this.faults.strike("reserve", "after-apply");
    return decided.answer;
  }

  async settle(id: string, actual: Amount): Promise<void> {
    this.faults.strike("settle", "before-send");
    const open = settle(this.#reservations.get(id) ?? null, id, actual);
    if (open) {
      this.#reservations.set(id, { ...open, settled: true });
      this.#count(open, actual);
    }
    this.faults.strike("settle", "after-apply");
  }

  async spent(query: { readonly sessionId?: string; readonly nowMs?: number }): Promise<Spent> {
    const nowMs = query.nowMs ?? this.#now();
    const { sessionId } = query;
    if (sessionId !== undefined) {
      return spent(this.#total(`session:${sessionId}`), this.#open((open) => open.sessionId === sessionId), nowMs);
    }
    const month = monthOf(nowMs);
    return spent(this.#total(`month:${month}`), this.#open((open) => open.month === month), nowMs);
  }

  async setCap(cap: CapName, limit: number | null): Promise<void> {
    checkCap(limit);
    if (limit === null) this.#caps.delete(cap);
    else this.#caps.set(cap, limit);
  }

  #open(matches: (reservation: Reservation) => boolean): readonly Reservation[] {
    return [...this.#reservations.values()].filter((reservation) => !reservation.settled && matches(reservation));
  }

  #total(scope: string): Amount {
    return this.#totals.get(scope) ?? NOTHING;
  }

  #count({ month, sessionId }: Reservation, amount: Amount): void {
    for (const scope of [`month:${month}`, `session:${sessionId}`]) this.#totals.set(scope, add(this.#total(scope), amount));
  }

  #forget(nowMs: number): void {
    for (const old of this.#reservations.values()) {
      if (old.expiresAtMs > nowMs - RETAINED_MS) continue;
      if (!old.settled) this.#count(old, old);
      this.#reservations.delete(old.id);
    }
  }
}
