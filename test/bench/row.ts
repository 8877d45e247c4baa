/** A measured figure, and the arithmetic of many measurements. */

export type Unit = "ms" | "s" | "CPU s" | "MB" | "×" | "%";

export interface Row {
  /** Dotted, the group first, for `--only`. */
  readonly id: string;
  /** The median of its runs. */
  readonly value: number;
  readonly unit: Unit;
  /** The value should not be above it. */
  readonly bound?: number;
  /** What each run gave, in order. */
  readonly runs: readonly number[];
  readonly note?: string;
}

/** Runs of every figure with a bound. */
export const RUNS = 3;

/** The value below which `share` of the measurements lie; the nearest one measured, not one in between. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

export function row(id: string, runs: readonly number[], unit: Unit, rest: { readonly bound?: number; readonly note?: string } = {}): Row {
  return { id, value: rounded(median(runs)), unit, runs: runs.map(rounded), ...rest };
}

export function viewersOf(count: number): string {
  return `${count} ${count === 1 ? "viewer" : "viewers"}`;
}

/** True, false, or null for a figure without a bound. */
export function isKept({ value, bound }: Row): boolean | null {
  return bound === undefined ? null : value <= bound;
}

/** The same measurement {@link RUNS} times. */
export async function repeat<T>(measure: (run: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let run = 0; run < RUNS; run++) results.push(await measure(run));
  return results;
}
