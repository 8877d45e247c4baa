/** Puts measured rows into the table of docs/BENCHMARKS.md: each in the place of its own line, new ones at the end. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Row } from "./row.ts";
import { bound, figure, machine, verdict } from "./table.ts";

const FILE = fileURLToPath(new URL("../../docs/BENCHMARKS.md", import.meta.url));
const RULE = /^\| --- .*\n/m;

export function writeRows(rows: readonly Row[]): void {
  writeFileSync(FILE, withRows(readFileSync(FILE, "utf8"), rows));
}

function withRows(page: string, rows: readonly Row[]): string {
  const measured = machine();
  let text = page;
  for (const row of rows) {
    const kept = verdict(row) === "missed" ? "[missed](#what-limits-a-missed-bound)" : verdict(row);
    const line = `| \`${row.id}\` | ${figure(row)} | ${bound(row)} | ${kept} | ${row.note ?? ""} | ${measured} |\n`;
    const known = new RegExp(`^\\| \`${row.id.replaceAll(".", "\\.")}\` \\|.*\\n`, "m");
    text = known.test(text) ? text.replace(known, () => line) : afterTable(text, line);
  }
  return text;
}

function afterTable(page: string, line: string): string {
  const begin = RULE.exec(page);
  if (!begin) throw new Error("docs/BENCHMARKS.md has no table");
  const end = begin.index + begin[0].length + (/^(\|.*\n)*/.exec(page.slice(begin.index + begin[0].length))?.[0].length ?? 0);
  return page.slice(0, end) + line + page.slice(end);
}
