/** Every test that docs/SECURITY.md names is there and cites its rule, and no risk of the ten is left without one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { read } from "./files.ts";

const DOC = "docs/SECURITY.md";
const RISKS = Array.from({ length: 10 }, (_, i) => `ASI${String(i + 1).padStart(2, "0")}`);
const NAMED = /`([A-Z0-9]+(?:-[\d.]+)?)` in `([^`]+)`/g;

export function securityDocProblems(root: string): readonly string[] {
  const rows = read(root, DOC).split("\n").filter((line) => /^\| ASI\d\d /.test(line));
  const shown = new Map(rows.map((row) => [row.slice(2, 7), [...row.matchAll(NAMED)].map(([, rule = "", file = ""]) => ({ rule, file }))]));
  return [
    ...RISKS.filter((risk) => (shown.get(risk) ?? []).length === 0).map((risk) => `${DOC} names no test for ${risk}`),
    ...[...shown].flatMap(([risk, tests]) => tests.filter(({ rule, file }) => !cites(root, file, rule)).map(({ rule, file }) => `${DOC} says of ${risk} that ${file} shows ${rule}, which it does not cite`)),
  ];
}

/** As a title begins, or in the list of rules that a helper is given. */
function cites(root: string, file: string, rule: string): boolean {
  if (!existsSync(join(root, file))) return false;
  const text = read(root, file);
  return text.includes(`[${rule}]`) || text.includes(`"${rule}"`);
}
