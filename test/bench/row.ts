/** A measured figure, and the arithmetic of many measurements. */

export interface Row {
  /** Dotted, the group first, for `--only`. */
  readonly id: string;
  readonly value: number;
  readonly unit: "ms" | "s" | "CPU s";
  /** The value should not be above it. */
  readonly bound?: number;
  readonly note?: string;
}

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

/** `<id>.p50` and `<id>.p99` in milliseconds. */
export function latencyRows(id: string, values: readonly number[], bounds: { readonly p50?: number; readonly p99?: number }, note: string): Row[] {
  return ([["p50", 0.5], ["p99", 0.99]] as const).map(([name, share]) => {
    const bound = bounds[name];
    return { id: `${id}.${name}`, value: rounded(percentile(values, share)), unit: "ms", ...(bound === undefined ? {} : { bound }), note };
  });
}
