/** Ledger in memory. The decisions are the core's, as in the real one. */
import type { UsageSum } from "@berth/protocol";
import type { PartialAmount } from "../../core/budget/amount.ts";
import { LedgerBook, type ReserveAnswer, type ReserveRequest } from "../../core/budget/ledger.ts";
import { standingOf } from "../../core/budget/standing.ts";
import { FaultScript } from "../../core/kernel/fault.ts";
import { LEDGER_FAULTS } from "./ledger.faults.ts";
import type { CapName, Ledger, Spent, SpentQuery, Standing, Stop, UsageQuery } from "./ledger.port.ts";
import { MemoryRows } from "./memory-rows.ts";
import { spentOf } from "./spent-of.ts";

export class InMemoryLedger implements Ledger {
  readonly faults: FaultScript;
  readonly #now: () => number;
  readonly #rows = new MemoryRows();
  readonly #book = new LedgerBook(this.#rows);

  /** @param options.now the time in milliseconds that is taken where none is told */
  constructor(options: { readonly now: () => number; readonly faults?: FaultScript }) {
    this.#now = options.now;
    this.faults = options.faults ?? new FaultScript(LEDGER_FAULTS);
  }

  async reserve(request: ReserveRequest): Promise<ReserveAnswer> {
    this.faults.strike("reserve", "before-send");
    const answer = this.#book.reserve(request);
    this.faults.strike("reserve", "after-apply");
    return answer;
  }

  async ask(request: Omit<ReserveRequest, "id" | "expiresAtMs">): Promise<ReserveAnswer> {
    return this.#book.ask(request);
  }

  async settle(id: string, actual: PartialAmount): Promise<void> {
    this.faults.strike("settle", "before-send");
    this.#book.settle(id, actual);
    this.faults.strike("settle", "after-apply");
  }

  async spent(query: SpentQuery): Promise<Spent> {
    return spentOf(this.#book, query, query.nowMs ?? this.#now());
  }

  async standing({ nowMs = this.#now() }: { readonly nowMs?: number }): Promise<Standing> {
    return { caps: standingOf(this.#book, this.#rows, nowMs), stop: this.#rows.stop() };
  }

  async setCap(cap: CapName, limit: number | null): Promise<readonly string[]> {
    return this.#book.setCap(cap, limit);
  }

  async forget(sessionId: string): Promise<void> {
    this.#book.forget(sessionId);
  }

  async setStop(stop: Stop | null): Promise<readonly string[]> {
    return this.#book.setStop(stop);
  }

  async usage(query: UsageQuery): Promise<readonly UsageSum[]> {
    return this.#rows.usage(query);
  }
}
