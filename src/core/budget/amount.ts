/** What is reserved, spent and capped, in whole numbers. */
import { PortError, type PortErrorCode } from "../kernel/port-error.ts";

export interface Amount {
  /** Millionths of a US dollar. */
  readonly costMicros: number;
  readonly tokens: number;
  readonly computeSeconds: number;
}

/** What is left out is nothing. */
export type PartialAmount = Partial<Amount>;

export const NOTHING: Amount = { costMicros: 0, tokens: 0, computeSeconds: 0 };

/** @throws PortError `invalid-argument` for what is negative, fractional or not finite */
export function amountOf(operation: string, { costMicros = 0, tokens = 0, computeSeconds = 0 }: PartialAmount): Amount {
  if (![costMicros, tokens, computeSeconds].every(isCount)) throw refuseLedger(operation, "invalid-argument", "amounts are whole numbers, not below zero");
  return { costMicros, tokens, computeSeconds };
}

export function add(a: Amount, b: Amount): Amount {
  return { costMicros: a.costMicros + b.costMicros, tokens: a.tokens + b.tokens, computeSeconds: a.computeSeconds + b.computeSeconds };
}

export function subtract(a: Amount, b: Amount): Amount {
  return { costMicros: a.costMicros - b.costMicros, tokens: a.tokens - b.tokens, computeSeconds: a.computeSeconds - b.computeSeconds };
}

/** The larger of each. */
export function largerOf(a: Amount, b: Amount): Amount {
  return { costMicros: Math.max(a.costMicros, b.costMicros), tokens: Math.max(a.tokens, b.tokens), computeSeconds: Math.max(a.computeSeconds, b.computeSeconds) };
}

export function isSame(a: Amount, b: Amount): boolean {
  return a.costMicros === b.costMicros && a.tokens === b.tokens && a.computeSeconds === b.computeSeconds;
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

export function refuseLedger(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "ledger", operation, code, outcome: "not-applied", retry: "never", message });
}
