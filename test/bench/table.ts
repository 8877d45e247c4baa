/** Rows as a person reads them. */
import { cpus, loadavg } from "node:os";
import { isKept, type Row } from "./row.ts";

/** Where a missed bound is explained: its profile, and what it shows. */
const PROFILES = "docs/BENCHMARKS.md#what-limits-a-missed-bound";

export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => [row.id, figure(row), bound(row), verdict(row), row.note ?? ""]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const text = lines.map((cells) => `  ${cells.map((cell, column) => (column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0))).join("  ")}`.trimEnd());
  const missed = rows.filter((row) => isKept(row) === false);
  const pointer = missed.length === 0 ? "" : `\n\n  ${missed.length} missed; what limits them: ${PROFILES}`;
  return `\n${text.join("\n")}${pointer}\n\n  ${machine()}\n`;
}

export function figure({ value, unit }: Row): string {
  return `${value} ${unit}`;
}

export function bound({ bound: most, unit }: Row): string {
  return most === undefined ? "" : `≤ ${most} ${unit}`;
}

export function verdict(row: Row): string {
  const kept = isKept(row);
  return kept === null ? "" : kept ? "ok" : "missed";
}

/** When and on what; the load average tells whether the machine had other things to do. */
export function machine(): string {
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node ${process.versions.node}, load average ${loadavg()[0]?.toFixed(1)}`;
}
