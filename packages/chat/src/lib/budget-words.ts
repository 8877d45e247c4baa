/** A cap that was reached, in a reader's words. */
import type { BudgetReached } from "@berth/protocol";
import { cost, plural } from "./format.ts";

const WHOSE: Readonly<Record<BudgetReached["scope"], string>> = {
  org: "The organization's cap for this month",
  user: "Your cap for this month",
  session: "This session's cap",
};

export interface BudgetWords {
  readonly title: string;
  readonly figures: string;
  readonly fix: string;
}

export function budgetWords(reached: BudgetReached): BudgetWords {
  const { scope, unit, limit, spent, reserved, needed } = reached;
  if (unit === "stop") {
    return { title: "Everything is stopped for the whole organization", figures: "Someone stopped all spending.", fix: "It goes on by itself when an administrator lifts the stop." };
  }
  if (unit === "sessions") {
    return { title: "As many sessions run as may at the same time", figures: `${plural(limit, "session")} may have a sandbox at once.`, fix: "It goes on by itself when another is done, or when an administrator raises the cap." };
  }
  const held = reserved > 0 ? `, ${amount(unit, reserved)} held for what is under way` : "";
  return {
    title: `${WHOSE[scope]} is reached`,
    figures: `${amount(unit, spent)} of ${amount(unit, limit)} used${held}; the next step may take up to ${amount(unit, needed)}.`,
    fix: scope === "session" ? "An administrator can raise the cap; it then goes on by itself." : "It goes on by itself when an administrator raises the cap, or next month.",
  };
}

function amount(unit: "cost" | "tokens" | "compute", value: number): string {
  if (unit === "cost") return cost(value);
  if (unit === "tokens") return plural(value, "token");
  return `${Math.ceil(value / 60)} min of sandbox time`;
}
