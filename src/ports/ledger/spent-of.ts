/** What was spent, and what is reserved beside it. */
import { dayOf, monthOf, type LedgerBook, type Share } from "../../core/budget/ledger.ts";
import type { Spent, SpentQuery } from "./ledger.port.ts";

export function spentOf(book: LedgerBook, { sessionId, userId }: SpentQuery, nowMs: number): Spent {
  const { spent, reserved } = book.counted(shareOf(monthOf(dayOf(nowMs)), sessionId, userId), nowMs);
  return {
    ...spent,
    reservedCostMicros: reserved.costMicros,
    reservedTokens: reserved.tokens,
    reservedComputeSeconds: reserved.computeSeconds,
  };
}

function shareOf(month: string, sessionId: string | undefined, userId: string | undefined): Share {
  if (sessionId !== undefined) return { scope: "session", sessionId };
  return userId === undefined ? { scope: "org", month } : { scope: "user", month, userId };
}
