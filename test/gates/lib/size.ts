/** Files stay small. The ratchet lists those over the limit with their size, and may only shrink. */
import { CODE, CODE_FOLDERS, has, listFiles, read } from "./files.ts";

const LINES_MAX = 500;
const SHELL_LINES_MAX = 200;
const MEDIAN_MAX = 120;
const RATCHET = "test/gates/ratchet.json";

export interface SizeReport {
  readonly summary: string;
  readonly problems: readonly string[];
}

export function sizeProblems(root: string): SizeReport {
  const files = listFiles(root, CODE_FOLDERS, CODE).map((path) => ({ path, lines: countLines(read(root, path)) }));
  const ratchet = has(root, RATCHET) ? (JSON.parse(read(root, RATCHET)) as Readonly<Record<string, number>>) : {};
  const sorted = files.map(({ lines }) => lines).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  const median = at(0.5);
  return {
    summary: `${files.length} files, median ${median} lines, p90 ${at(0.9)}, longest ${sorted.at(-1) ?? 0}`,
    problems: [
      ...files.flatMap(({ path, lines }) => tooLong(path, lines, ratchet[path])),
      ...files.filter(({ path, lines }) => isShell(path) && lines > SHELL_LINES_MAX).map(({ path, lines }) => `${path} is a shell of ${lines} lines; ${SHELL_LINES_MAX} hold all that a shell may do`),
      ...Object.keys(ratchet).filter((path) => !files.some((file) => file.path === path)).map((path) => `${RATCHET} lists ${path}, which is gone; remove its entry`),
      ...(median > MEDIAN_MAX ? [`the median file has ${median} lines, over ${MEDIAN_MAX}`] : []),
    ],
  };
}

function tooLong(path: string, lines: number, allowed: number | undefined): string[] {
  if (allowed === undefined) return lines > LINES_MAX ? [`${path} has ${lines} lines, over ${LINES_MAX}; split it`] : [];
  if (lines > allowed) return [`${path} grew to ${lines} lines over the ${allowed} of ${RATCHET}; split it`];
  if (lines <= LINES_MAX) return [`${path} is down to ${lines} lines; remove its entry from ${RATCHET}`];
  return lines < allowed ? [`${path} is down to ${lines} lines; lower its entry in ${RATCHET}`] : [];
}

function isShell(path: string): boolean {
  return /^src\/(session|org)\//.test(path) && !path.endsWith(".test.ts");
}

function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
