/**
 * The figure a newcomer meets first: from `git clone` to the first output of the agent's command. Measured from the oldest
 * Node people have and from a current one, written to `dist/first-delta.json`, and held against its limits and against
 * the number in the README, which stands behind the mark `<!-- first-delta -->`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DIST, ROOT } from "./paths.ts";
import { runScript } from "./run-command.ts";
import type { Tally } from "./vitest-run.ts";

const MEDIAN_SECONDS_MAX = 180;
const RUN_SECONDS_MAX = 300;
/** The README says "about": machines differ by this much. */
const README_TOLERANCE = 1.25;
/** The fair share of a test run; `npm run bench -- --only first-delta` takes the median of three. */
const RUNS = 1;
const NODES = [20, 24];

interface Judged {
  readonly figure: { readonly node: number; readonly medianSeconds: number | null; readonly seconds: readonly number[] };
  readonly failures: readonly string[];
}

export async function measureFirstDelta(): Promise<Tally> {
  const judged: Judged[] = [];
  for (const node of NODES) {
    const { code, stdout } = await runScript(["test/bench/first-delta.ts", "--node", String(node), "--runs", String(RUNS)], {});
    const one = judgeFirstDelta(node, stdout, readmeSeconds());
    judged.push(code === 0 ? one : { ...one, failures: [...one.failures, `from Node ${node} it ended with ${code}`] });
  }
  mkdirSync(DIST, { recursive: true });
  writeFileSync(join(DIST, "first-delta.json"), `${JSON.stringify(judged.map(({ figure }) => figure), null, 2)}\n`);
  for (const { figure } of judged) console.log(`  clone to first delta from Node ${figure.node}: median ${figure.medianSeconds} s of ${figure.seconds.join(", ")}`);
  const failures = judged.flatMap((one) => one.failures).map((line) => `Clone to first delta: ${line}`);
  return { passed: judged.filter((one) => one.failures.length === 0).length, failures, skipped: [] };
}

/** `said` is what the measuring program printed. Pure. */
export function judgeFirstDelta(node: number, said: string, readme: number | null): Judged {
  const seconds = [...said.matchAll(/^clone to first delta: ([\d.]+) s/gm)].map((match) => Number(match[1]));
  const median = seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)] ?? null;
  const slowest = Math.max(0, ...seconds);
  const failures = [
    ...(median === null ? ["nothing was measured"] : []),
    ...(median !== null && median > MEDIAN_SECONDS_MAX ? [`the median is ${median} s, over ${MEDIAN_SECONDS_MAX} s`] : []),
    ...(slowest > RUN_SECONDS_MAX ? [`one run took ${slowest} s, over ${RUN_SECONDS_MAX} s`] : []),
    ...(median !== null && readme !== null && median > readme * README_TOLERANCE ? [`the median is ${median} s, and the README says ${readme} s`] : []),
  ];
  return { figure: { node, medianSeconds: median, seconds }, failures: failures.map((line) => `from Node ${node} ${line}`) };
}

function readmeSeconds(): number | null {
  const readme = join(ROOT, "README.md");
  const match = existsSync(readme) ? /<!-- first-delta -->\D*(\d+)/.exec(readFileSync(readme, "utf8")) : null;
  return match ? Number(match[1]) : null;
}
