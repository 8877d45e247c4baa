/** Caps in a reader's words, and what people write into a form as the unit that the ledger counts in. */
import type { Budget, BudgetScope, BudgetUnit } from "@berth/protocol";
import { cost } from "./format.ts";

/** `one`: what a cap for a single one names; absent where it names none. */
export interface CapTarget {
  readonly id: string;
  readonly scope: BudgetScope;
  readonly label: string;
  readonly one?: "person" | "session";
}

const ORGANIZATION: CapTarget = { id: "org", scope: "org", label: "The organization, each month" };

export const CAP_TARGETS: readonly CapTarget[] = [
  ORGANIZATION,
  { id: "users", scope: "user", label: "Each person, each month" },
  { id: "user", scope: "user", label: "One person, each month", one: "person" },
  { id: "sessions", scope: "session", label: "Each session" },
  { id: "session", scope: "session", label: "One session", one: "session" },
];

export function capTarget(id: string): CapTarget {
  return CAP_TARGETS.find((known) => known.id === id) ?? ORGANIZATION;
}

/** `step`: the smallest amount of the form's unit. `per`: how many of the ledger's unit make one of the form's. */
export const CAP_UNITS: readonly { readonly unit: BudgetUnit; readonly label: string; readonly of: string; readonly per: number; readonly step: string }[] = [
  { unit: "cost", label: "Money", of: "US dollars", per: 1_000_000, step: "0.01" },
  { unit: "tokens", label: "Tokens", of: "tokens", per: 1, step: "1" },
  { unit: "compute", label: "Sandbox time", of: "hours", per: 3_600, step: "0.1" },
  { unit: "sessions", label: "Sandboxes at once", of: "sessions", per: 1, step: "1" },
];

/** @param name of the one person or session it is for */
export function capTitle({ scope, subject, unit }: Pick<Budget, "scope" | "subject" | "unit">, name: string | null): string {
  const label = CAP_TARGETS.find((known) => known.scope === scope && known.one === undefined)?.label ?? scope;
  const whose = subject === undefined ? label : scope === "user" ? `${name ?? subject}, each month` : `Session “${name ?? subject}”`;
  return `${CAP_UNITS.find((known) => known.unit === unit)?.label ?? unit} · ${whose}`;
}

export function capAmount(unit: BudgetUnit, value: number): string {
  if (unit === "cost") return value === 0 ? "$0" : cost(value);
  if (unit === "compute") return `${(value / 3_600).toLocaleString("en-US", { maximumFractionDigits: 1 })} h`;
  return value.toLocaleString("en-US");
}

/** Null for what is no amount. @param text in the form's unit */
export function capLimit(unit: BudgetUnit, text: string): number | null {
  const amount = Number(text);
  const per = CAP_UNITS.find((known) => known.unit === unit)?.per ?? 1;
  return text.trim() === "" || !Number.isFinite(amount) || amount < 0 ? null : Math.round(amount * per);
}
