/**
 * What an organization may still spend, decided over plain values. A reservation counts against the caps in full until it
 * is settled, so reservations in flight never pass a cap; when one expires unsettled its whole amount stays counted.
 */
import { PortError, type PortErrorCode } from "../kernel/port-error.ts";

/** Millionths of a US dollar, and tokens. */
export interface Amount {
  readonly costMicros: number;
  readonly tokens: number;
}

export const NOTHING: Amount = { costMicros: 0, tokens: 0 };

export interface Reservation extends Amount {
  readonly id: string;
  readonly sessionId: string;
  /** Calendar month in UTC, `2026-11`; the caps of that month count it. */
  readonly month: string;
  readonly expiresAtMs: number;
  readonly settled: boolean;
}

export type CapName = "org-month-cost" | "org-month-tokens";
export type Caps = Readonly<Partial<Record<CapName, number>>>;

/** How long after its expiry a reservation is still known, so that late repeats and settlements find it. */
export const RETAINED_MS = 7 * 24 * 60 * 60 * 1000;

const UNIT: Readonly<Record<CapName, keyof Amount>> = { "org-month-cost": "costMicros", "org-month-tokens": "tokens" };

type Refusal = { readonly granted: false; readonly cap: CapName; readonly limit: number; readonly spent: number };
type Request = Omit<Reservation, "month" | "settled"> & { readonly nowMs: number };

export interface ReserveView {
  /** The reservation under the request's id, or null. */
  readonly known: Reservation | null;
  readonly caps: Caps;
  /** What counts against the caps this month: settled, and reserved in full. */
  readonly counted: Amount;
}

export function monthOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 7);
}

export function add(a: Amount, b: Amount): Amount {
  return { costMicros: a.costMicros + b.costMicros, tokens: a.tokens + b.tokens };
}

export function sum(amounts: readonly Amount[]): Amount {
  return amounts.reduce(add, NOTHING);
}

/** Answers the grant or the cap in its way, and the reservation to be kept when there is a new one. */
export function reserve(
  view: ReserveView,
  request: Request,
): { readonly answer: { readonly granted: true } | Refusal; readonly add: Reservation | null } {
  checkAmount("reserve", request);
  const { known } = view;
  if (known) {
    const same = known.sessionId === request.sessionId && known.costMicros === request.costMicros && known.tokens === request.tokens;
    if (!same) throw refuse("reserve", "already-exists", `reservation ${request.id} exists with other amounts`);
    return { answer: { granted: true }, add: null };
  }
  for (const cap of Object.keys(UNIT) as CapName[]) {
    const limit = view.caps[cap];
    const counted = view.counted[UNIT[cap]];
    if (limit !== undefined && counted + request[UNIT[cap]] > limit) {
      return { answer: { granted: false, cap, limit, spent: counted }, add: null };
    }
  }
  const { id, sessionId, costMicros, tokens, expiresAtMs } = request;
  return { answer: { granted: true }, add: { id, sessionId, costMicros, tokens, expiresAtMs, month: monthOf(request.nowMs), settled: false } };
}

/** The reservation to settle, or null when it is settled already. */
export function settle(known: Reservation | null, id: string, actual: Amount): Reservation | null {
  checkAmount("settle", actual);
  if (!known) throw refuse("settle", "not-found", `there is no reservation ${id}`);
  return known.settled ? null : known;
}

/** What was spent, given what was settled and the reservations that were not. */
export function spent(settled: Amount, unsettled: readonly Reservation[], nowMs: number) {
  const expired = sum(unsettled.filter((reservation) => reservation.expiresAtMs <= nowMs));
  const reserved = sum(unsettled.filter((reservation) => reservation.expiresAtMs > nowMs));
  return { ...add(settled, expired), reservedCostMicros: reserved.costMicros, reservedTokens: reserved.tokens };
}

export function checkCap(limit: number | null): void {
  if (limit !== null && !isCount(limit)) throw refuse("setCap", "invalid-argument", "a cap is a whole number, not below zero");
}

function checkAmount(operation: string, { costMicros, tokens }: Amount): void {
  if (isCount(costMicros) && isCount(tokens)) return;
  throw refuse(operation, "invalid-argument", "amounts are whole numbers, not below zero");
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function refuse(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "ledger", operation, code, outcome: "not-applied", retry: "never", message });
}
