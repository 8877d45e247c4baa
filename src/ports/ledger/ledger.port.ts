/** The one authority per organization on what may still be spent. */
import type { UsageGroup, UsageSum } from "@berth/protocol";
import type { PartialAmount } from "../../core/budget/amount.ts";
import type { Cap, CapName, Stop } from "../../core/budget/caps.ts";
import type { ReserveAnswer, ReserveRequest } from "../../core/budget/ledger.ts";
import type { Reply } from "../../core/kernel/reply.ts";

export type { CapName, ReserveAnswer, ReserveRequest, Stop };

/** Of whom, and when: a session in its whole life, or the organization or a user in the calendar month (UTC) of `nowMs`. */
export interface SpentQuery {
  readonly sessionId?: string;
  readonly userId?: string;
  /** Absent: the present time. */
  readonly nowMs?: number;
}

export interface Spent {
  readonly costMicros: number;
  readonly tokens: number;
  readonly computeSeconds: number;
  /** Reserved and not settled yet, included in none of the above. */
  readonly reservedCostMicros: number;
  readonly reservedTokens: number;
  readonly reservedComputeSeconds: number;
}

/** A cap with what counts against it; null for one that is for each user or each session. */
export interface CapStanding extends Cap {
  readonly spent: number | null;
  readonly reserved: number | null;
}

export interface Standing {
  readonly caps: readonly CapStanding[];
  readonly stop: Stop | null;
}

export interface UsageQuery {
  readonly by: UsageGroup;
  /** First and last day, `2026-11-20`, both included. */
  readonly from: string;
  readonly to: string;
  /** Only what these used; absent: all. */
  readonly sessionIds?: readonly string[];
  readonly userId?: string;
  readonly model?: string;
  /** The largest, by cost and then tokens; days in their order. */
  readonly limit: number;
}

/** One organization's ledger. When it cannot be reached, callers fail closed. */
export interface Ledger {
  reserve(request: ReserveRequest): Promise<ReserveAnswer>;
  /** What `reserve` would answer; nothing is kept. */
  ask(request: Omit<ReserveRequest, "id" | "expiresAtMs">): Promise<ReserveAnswer>;
  /** Settling twice changes nothing; settling an expired one corrects it to the real figure. */
  settle(id: string, actual: PartialAmount): Promise<void>;
  spent(query: SpentQuery): Promise<Spent>;
  standing(query: { readonly nowMs?: number }): Promise<Standing>;
  /** Null lifts the cap. Answers the sessions that were refused and may get on now. */
  setCap(cap: CapName, limit: number | null): Promise<readonly string[]>;
  /** The session was removed: its own caps go. What it spent stays counted. */
  forget(sessionId: string): Promise<void>;
  /** Null lifts the stop. Answers the sessions this concerns: those at work, and those that wait. */
  setStop(stop: Stop | null): Promise<readonly string[]>;
  usage(query: UsageQuery): Promise<readonly UsageSum[]>;
}

/** The same as it travels to the object that keeps the ledger. */
export type LedgerRpc = {
  [Name in keyof Ledger]: (...args: Parameters<Ledger[Name]>) => Promise<Reply<RpcValue<Awaited<ReturnType<Ledger[Name]>>>>>;
};
type RpcValue<Value> = [Value] extends [void] ? null : Value;
