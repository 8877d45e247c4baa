/** The table of the runbook: one row per count, replaced when it is taken again. */
import { stripVTControlCharacters } from "node:util";

/** What a suite prints as `KILL {…}` or `SOAK {…}`: a name and whatever it counted. */
export interface Figures {
  readonly kind: string;
  readonly [figure: string]: unknown;
}

export interface SoakRow {
  /** Of the part, or of one kind of it. */
  readonly name: string;
  /** `2026-01-31 12:00`, universal time. */
  readonly at: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly figures: Figures;
}

const START = "<!-- figures:start -->";
const END = "<!-- figures:end -->";
const HEADER = ["| count | last run (UTC) | result | took | figures |", "| --- | --- | --- | --- | --- |"];

/** The figures in a line of a suite's output, or null. */
export function figuresIn(line: string): Figures | null {
  const json = /(?:^|\s)(?:KILL|SOAK) (\{.*\})\s*$/.exec(stripVTControlCharacters(line))?.[1];
  return json === undefined ? null : (JSON.parse(json) as Figures);
}

export function formatRow({ name, at, ok, seconds, figures }: SoakRow): string {
  const { kind: _kind, ...counted } = figures;
  const text = Object.entries(counted).map(([figure, value]) => `${figure} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
  return `| ${name} | ${at} | ${ok ? "passed" : "failed"} | ${Math.round(seconds)} s | ${text.join(", ").replaceAll("|", "\\|")} |`;
}

/** @returns the page with these rows in the place of older ones of the same name. @throws Error when it has no table */
export function withRows(page: string, rows: readonly SoakRow[]): string {
  const [before, rest = ""] = page.split(START);
  const [table, after] = rest.split(END);
  if (before === undefined || table === undefined || after === undefined) throw new Error(`the page has no ${START} … ${END}`);
  const fresh = new Map(rows.map((row) => [row.name, formatRow(row)]));
  const old = table.split("\n").filter((line) => line.startsWith("| ") && !HEADER.includes(line));
  const lines = [...old.filter((line) => !fresh.has(nameOf(line))), ...fresh.values()].toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
  return `${before}${START}\n${[...HEADER, ...lines].join("\n")}\n${END}${after}`;
}

function nameOf(line: string): string {
  return line.split(" | ")[0]?.replace(/^\| /, "") ?? "";
}
