/** `npm run fuzz -- --seeds N [--seed S]`: random histories, N of them, from a seed that is printed and gives the same again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { randomInt } from "node:crypto";
import { UserError } from "../progress.ts";
import { runVitest } from "../vitest-run.ts";

const USAGE = "npm run fuzz -- [--seeds N] [--seed S]   N runs of each property (default 1000) from seed S (default: a random one)";
const SEED_MAX = 2 ** 31 - 1;

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args);
  const seeds = wholeNumber("--seeds", values.seeds ?? "1000", 1);
  const seed = values.seed === undefined ? randomInt(SEED_MAX) : wholeNumber("--seed", values.seed, -SEED_MAX);
  console.log(`  ${seeds} runs of each property, seed ${seed}\n`);
  const reports = mkdtempSync(join(tmpdir(), "berth-report-"));
  try {
    const { passed, failures } = await runVitest({
      config: "vitest.config.ts",
      filters: positionals.length > 0 ? positionals : ["test/fuzz"],
      args: ["--testTimeout=0"],
      env: { SEEDS: String(seeds), SEED: String(seed) },
      reports,
    });
    if (failures.length > 0) console.log(`\n  The same again: npm run fuzz -- --seeds ${seeds} --seed ${seed}`);
    console.log(`${passed} passed, ${failures.length} failed`);
    return failures.length === 0 ? 0 : 1;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { seeds: { type: "string" }, seed: { type: "string" } } });
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n${USAGE}`);
  }
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least || value > SEED_MAX) throw new UserError(`${name} must be a whole number, not "${text}".\n${USAGE}`);
  return value;
}
