/** Rows as a person reads them. */
import { cpus, loadavg } from "node:os";
import type { Row } from "./row.ts";

/** The load average tells whether the machine had other things to do. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ id, value, unit, bound, note = "" }) => [
    id,
    `${value} ${unit}`,
    bound === undefined ? "" : `${value <= bound ? "≤" : "over"} ${bound}`,
    note,
  ]);
  const all = [["", "value", "bound", ""], ...lines];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  const text = all.map((cells) => `  ${cells.map((cell, column) => (column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0))).join("  ")}`.trimEnd());
  return `\n${text.join("\n")}\n\n  ${cpus().length} cores, Node ${process.versions.node}, load average ${loadavg()[0]?.toFixed(1)}\n`;
}
