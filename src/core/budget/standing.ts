/** Every cap with what counts against it, for people who set them. */
import type { Amount } from "./amount.ts";
import type { Cap, Counted } from "./caps.ts";
import { dayOf, monthOf, type LedgerBook, type LedgerRows, type Share } from "./ledger.ts";

interface CapStanding extends Cap {
  readonly spent: number | null;
  readonly reserved: number | null;
}

/** Null figures for a cap that is for each user or each session: it has none of its own. */
export function standingOf(book: LedgerBook, rows: LedgerRows, nowMs: number): readonly CapStanding[] {
  const month = monthOf(dayOf(nowMs));
  return rows.caps().map((cap) => {
    if (cap.unit === "sessions") return { ...cap, ...sessionsOf(cap, rows) };
    const share = shareOf(cap, month);
    return { ...cap, ...(share === null ? { spent: null, reserved: null } : figures(cap.unit, book.counted(share, nowMs))) };
  });
}

function shareOf({ scope, subject }: Cap, month: string): Share | null {
  if (scope === "org") return { scope, month };
  if (subject === null) return null;
  return scope === "user" ? { scope, month, userId: subject } : { scope, sessionId: subject };
}

function sessionsOf({ scope, subject }: Cap, rows: LedgerRows): Pick<CapStanding, "spent" | "reserved"> {
  if (scope !== "org" && subject === null) return { spent: null, reserved: null };
  return { spent: rows.otherSessions("", subject), reserved: 0 };
}

function figures(unit: Exclude<Cap["unit"], "sessions">, { spent, reserved }: Counted): Pick<CapStanding, "spent" | "reserved"> {
  const part = ({ cost: "costMicros", tokens: "tokens", compute: "computeSeconds" } as const)[unit] satisfies keyof Amount;
  return { spent: spent[part], reserved: reserved[part] };
}
