/** The one authority per organization on what may still be spent. */
import type { Reply } from "../../core/kernel/reply.ts";

export interface ReserveRequest {
  /** Chosen by the caller: a repeat answers the first reservation. */
  readonly id: string;
  readonly sessionId: string;
  /** Upper estimate in millionths of a US dollar; 0 when the price is not known. */
  readonly costMicros: number;
  readonly tokens: number;
  readonly nowMs: number;
  /** After this it counts as spent in full. */
  readonly expiresAtMs: number;
}

export type ReserveAnswer =
  | { readonly granted: true }
  /** Which cap stands in the way, and what counts against it: spent, and reserved in full. */
  | { readonly granted: false; readonly cap: string; readonly limit: number; readonly spent: number };

export interface Spent {
  readonly costMicros: number;
  readonly tokens: number;
  /** Reserved and not settled yet, included in neither of the above. */
  readonly reservedCostMicros: number;
  readonly reservedTokens: number;
}

/** One organization's ledger. When it cannot be reached, callers fail closed. */
export interface Ledger {
  reserve(request: ReserveRequest): Promise<ReserveAnswer>;
  /** Settling twice changes nothing; settling an expired one corrects it to the real figure. */
  settle(id: string, actual: { readonly costMicros: number; readonly tokens: number }): Promise<void>;
  /**
   * Of a session: in its whole life. Of the organization: in the calendar month (UTC) of `nowMs`, by default the
   * present one.
   */
  spent(query: { readonly sessionId?: string; readonly nowMs?: number }): Promise<Spent>;
  /** Null lifts the cap. */
  setCap(cap: "org-month-cost" | "org-month-tokens", limit: number | null): Promise<void>;
}

/** The same as it travels to the object that keeps the ledger. */
export interface LedgerRpc {
  reserve(request: ReserveRequest): Promise<Reply<ReserveAnswer>>;
  settle(id: string, actual: { readonly costMicros: number; readonly tokens: number }): Promise<Reply<null>>;
  spent(query: { readonly sessionId?: string; readonly nowMs?: number }): Promise<Reply<Spent>>;
  setCap(cap: "org-month-cost" | "org-month-tokens", limit: number | null): Promise<Reply<null>>;
}
