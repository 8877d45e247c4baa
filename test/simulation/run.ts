/**
 * The seeded simulation: worlds from a seed on, the pinned seeds, and bugs put in on purpose that must be found. One seed
 * alone is told step by step. Prints a mark per check, which `npm test` counts.
 */
import { parseArgs } from "node:util";
import { coverage, histogram } from "./coverage.ts";
import { MUTANTS } from "./mutants.ts";
import type { Patch } from "./patches.ts";
import { PINNED } from "./pinned.ts";
import { runSeeds } from "./run-shares.ts";

const USAGE = `npm run simulate -- --seed S                  one session, step by step
npm run simulate -- --sessions N [--seed S]   N sessions from seed S (default 1); --histogram shows what they met
npm run simulate -- --mutants                 each bug put in on purpose is found; --mutant ID --seed S tells one
npm run simulate -- --pin                     looks for seeds that find the bugs of pinned.ts again`;

/** The whole count takes eight minutes on two cores, which is for where nobody waits. */
const SESSIONS = process.env["CI"] === "true" ? 100_000 : 20_000;
const MUTANT_SEEDS = 1_000;
const PIN_SEEDS = 100_000;
const SHOWN_FAILURES = 5;
const SHOWN_STEPS = 80;

interface Wanted {
  readonly from: number;
  readonly count: number;
  readonly mutant: Patch | null;
  readonly histogram: boolean;
}

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string" },
      sessions: { type: "string" },
      suite: { type: "boolean", default: false },
      mutants: { type: "boolean", default: false },
      mutant: { type: "string" },
      pin: { type: "boolean", default: false },
      histogram: { type: "boolean", default: false },
    },
  });
  const marks = new Marks();
  const mutant = [...MUTANTS, ...PINNED.map(({ undo }) => undo)].find(({ id }) => id === values.mutant) ?? null;
  const wanted: Wanted = { from: Number(values.seed ?? 1), count: Number(values.sessions ?? 1), mutant, histogram: values.histogram };
  const isWrong = !Number.isSafeInteger(wanted.from) || !Number.isSafeInteger(wanted.count) || wanted.count < 1 || (values.mutant !== undefined && mutant === null);
  if (isWrong || (!values.suite && !values.mutants && !values.pin && values.seed === undefined && values.sessions === undefined)) {
    console.error(USAGE);
    return 2;
  }
  if (values.suite) await suite(marks);
  else if (wanted.count > 1) await many(marks, wanted);
  else if (values.seed !== undefined) await tell(marks, wanted);
  if (values.mutants || values.suite) await mutants(marks);
  if (values.pin) await pin();
  return marks.failed === 0 ? 0 : 1;
}

class Marks {
  failed = 0;

  add(isRight: boolean, line: string): void {
    if (!isRight) this.failed += 1;
    console.log(`  ${isRight ? "✓" : "✗"} ${line}`);
  }
}

async function suite(marks: Marks): Promise<void> {
  await many(marks, { from: 1, count: SESSIONS, mutant: null, histogram: process.env["CI"] === "true" });
  await pinned(marks);
}

/** Each bug that was found once is found again where its fix is undone, and not where it is in. */
async function pinned(marks: Marks): Promise<void> {
  for (const { seed, undo } of PINNED) {
    const [with_, without] = await Promise.all([runSeeds({ from: seed, count: 1 }), runSeeds({ from: seed, count: 1, mutant: undo })]);
    const [broken] = with_.failures;
    const [found] = without.failures;
    const line = `[SIM] pinned seed ${seed}: ${undo.title}`;
    if (broken) marks.add(false, `${line}: ${broken.violation}`);
    else marks.add(found !== undefined, found ? line : `${line}: does not find it any more where the fix is undone; npm run simulate -- --pin looks for one that does`);
  }
}

async function pin(): Promise<void> {
  for (const { seed, undo } of PINNED) {
    const { failures } = await runSeeds({ from: 1, count: PIN_SEEDS, mutant: undo, failuresMax: 1 });
    const [first] = failures;
    console.log(`  ${undo.id}: ${first ? `seed ${first.seed} (${first.seed === seed ? "as pinned" : `pinned is ${seed}`}): ${first.violation.slice(0, 120)}` : `found by none of ${PIN_SEEDS} seeds`}`);
  }
}

/** One seed, step by step. */
async function tell(marks: Marks, { from, mutant }: Wanted): Promise<void> {
  const { failures, trace } = await runSeeds({ from, count: 1, traced: true, mutant });
  for (const line of trace) console.log(line);
  const [failure] = failures;
  marks.add(failure === undefined, `[SIM] seed ${from}${failure ? `: ${failure.violation}` : " keeps every promise"}`);
}

async function many(marks: Marks, { from, count, mutant, histogram: isWhole }: Wanted): Promise<void> {
  const began = performance.now();
  const { statistics, failures } = await runSeeds({ from, count, mutant });
  const seconds = (performance.now() - began) / 1000;
  const each = statistics.steps / statistics.sessions;
  console.log(`  ${statistics.sessions} sessions from seed ${from} in ${seconds.toFixed(0)} s, ${Math.round(statistics.sessions / seconds)} a second, ${each.toFixed(1)} steps each`);
  for (const { seed, violation } of failures.slice(0, SHOWN_FAILURES)) {
    const told = await runSeeds({ from: seed, count: 1, traced: true, mutant });
    for (const line of told.trace.slice(-SHOWN_STEPS)) console.log(`      ${line}`);
    marks.add(false, `[SIM] seed ${seed}: ${violation}`);
    console.log(`      the same again: npm run simulate -- --seed ${seed}`);
  }
  if (failures.length === 0) marks.add(true, `[SIM] every promise was kept in ${statistics.sessions} sessions`);
  for (const line of histogram(statistics, isWhole)) console.log(`      ${line}`);
  for (const { isRight, line } of coverage(statistics)) marks.add(isRight, line);
}

async function mutants(marks: Marks): Promise<void> {
  for (const patch of MUTANTS) {
    const tried = await runSeeds({ from: 1, count: MUTANT_SEEDS, mutant: patch, failuresMax: 1 }).catch((error: unknown) => String(error));
    if (typeof tried === "string") {
      marks.add(false, `[SIM] mutant "${patch.title}" cannot be made: ${tried}`);
      continue;
    }
    const [first] = tried.failures;
    const found = first ? `after ${first.seed} seeds: ${first.violation.slice(0, 120)}` : `by none of ${MUTANT_SEEDS} seeds`;
    marks.add(first !== undefined, `[SIM] mutant "${patch.title}" is found ${found}`);
  }
}
