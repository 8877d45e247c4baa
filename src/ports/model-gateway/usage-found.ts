/** What a usage reader knows so far, and how it looks into JSON that anyone may have sent. */
import type { Usage } from "@berth/protocol";

export interface UsageFound {
  readonly model: string | null;
  readonly usage: Usage | null;
  /** The provider has said its last word on usage. */
  readonly complete: boolean;
}
export const NOTHING_FOUND: UsageFound = { model: null, usage: null, complete: false };

/** Takes what is known and one JSON value of the answer (an event's data, or the whole body). Pure. */
export type UsageReader = (found: UsageFound, value: unknown) => UsageFound;

export type Json = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

export function asCount(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}

export function asName(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
