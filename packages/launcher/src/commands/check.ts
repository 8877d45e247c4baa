/** `npm run check`: types, lint and unused code, each with its time; what is red is printed whole. The gates run with the tests. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ROOT } from "../paths.ts";

interface Check {
  readonly name: string;
  /** Below `node_modules`, run by this Node. */
  readonly script: string;
  readonly args: readonly string[];
}

interface Outcome {
  readonly check: Check;
  readonly passed: boolean;
  readonly output: string;
  readonly seconds: string;
}

const CHECKS: readonly Check[] = [
  { name: "types", script: "typescript/bin/tsc", args: ["-p", ".", "--pretty", "false"] },
  { name: "lint", script: "oxlint/bin/oxlint", args: ["--deny-warnings"] },
  { name: "unused code", script: "knip/bin/knip.js", args: ["--no-progress"] },
  { name: "imports", script: "dependency-cruiser/bin/dependency-cruiser.mjs", args: ["src", "routes", "packages", "test", "--config", ".dependency-cruiser.mjs", "--output-type", "err"] },
];
const TIMEOUT_MS = 180_000;

/** @returns 1 when something is red */
export async function run(args: readonly string[]): Promise<number> {
  const outcomes: Outcome[] = [];
  // One after the other: each takes all cores for itself.
  for (const check of CHECKS.filter(({ name }) => args.length === 0 || args.includes(name.split(" ")[0] ?? name))) {
    const outcome = await perform(check);
    if (!outcome.passed) console.log(`\n${outcome.output.trimEnd()}\n`);
    console.log(`  ${outcome.passed ? "✓" : "✗"} ${check.name} (${outcome.seconds} s)`);
    outcomes.push(outcome);
  }
  const red = outcomes.filter(({ passed }) => !passed);
  console.log(red.length === 0 ? `\n  ${outcomes.length}/${outcomes.length} green` : `\n  red: ${red.map(({ check }) => check.name).join(", ")}`);
  return red.length === 0 && outcomes.length > 0 ? 0 : 1;
}

async function perform(check: Check): Promise<Outcome> {
  const started = performance.now();
  const child = spawn(process.execPath, [join(ROOT, "node_modules", check.script), ...check.args], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT_MS });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { check, passed: code === 0, output: output + errors, seconds: ((performance.now() - started) / 1000).toFixed(1) };
}
