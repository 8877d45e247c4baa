/**
 * `npm test`: everything there is, or what the arguments name: a part (`npm test -- e2e`) or pieces of file paths
 * (`npm test -- gates src/core`). The last line is the sum over all parts.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lacks, MACHINE_NEEDS, type Lack } from "@berth/testkit/machine";
import { buildAll } from "../build.ts";
import { endSignal } from "../end-signal.ts";
import { endProcessesLeft } from "../processes-left.ts";
import { endBelow } from "../process-table.ts";
import { runCommand } from "../run-command.ts";
import { testFiles } from "../suites.ts";
import { measureFirstDelta } from "../first-delta.ts";
import { PART_NAMES, planParts, type Part } from "../test-plan.ts";
import { NOTHING, runVitest, type Tally } from "../vitest-run.ts";

export async function run(args: readonly string[]): Promise<number> {
  const began = performance.now();
  endWithSignal();
  const onCi = process.env["CI"] === "true";
  const plan = planParts(args, testFiles(), onCi);
  if (plan.parts.length === 0) {
    console.error(`No test is named "${args.join(" ")}". Parts are ${PART_NAMES.join(", ")}; anything else is a piece of a test file's path.`);
    return finish([{ ...NOTHING, failures: ["no such test"] }], []);
  }
  const lacking = MACHINE_NEEDS.flatMap((need) => lacks(need) ?? []);
  if (onCi && lacking.length > 0) return finish([{ ...NOTHING, failures: lacking.map(lackLine) }], []);
  if (plan.parts.some(({ needsBuild }) => needsBuild)) await buildAll();

  const tallies: Tally[] = [];
  for (const part of plan.parts) tallies.push(await runPart(part, plan.filters, onCi));
  heading("Summary", `${seconds(began)} in all`);
  return finish(tallies, lacking);
}

async function runPart(part: Part, filters: readonly string[], onCi: boolean): Promise<Tally> {
  const lack = part.needs?.map((need) => lacks(need)).find((found) => found !== null);
  if (lack) return { ...NOTHING, skipped: [`${part.title} needs ${lackLine(lack)}`] };
  heading(part.title);
  const began = performance.now();
  // Everything a part starts carries this folder's name, which is how it is found again.
  const folder = temporaryFolder("berth-test-");
  chmodSync(folder, 0o1777); // under root, PostgreSQL runs as a user of its own
  const reports = temporaryFolder("berth-report-");
  try {
    const tally = await tallyOf(part, filters, { TMPDIR: folder }, reports);
    const left = await endProcessesLeft(folder);
    const failures = [
      ...tally.failures,
      ...left.map(({ pid, command }) => `${part.title} left process ${pid} behind: ${command}`),
      ...(onCi ? tally.skipped.map((line) => `skipped on CI: ${line}`) : []),
    ];
    console.log(`  ${failures.length === 0 ? "✓" : "✗"} ${part.title}: ${tally.passed} passed, ${failures.length} failed (${seconds(began)})`);
    return { ...tally, failures };
  } finally {
    removeTemporaryFolders();
  }
}

async function tallyOf(part: Part, filters: readonly string[], env: Record<string, string>, reports: string): Promise<Tally> {
  if (part.kind === "vitest") return runVitest({ config: part.config, filters, env, reports });
  if (part.kind === "first-delta") return measureFirstDelta();
  const { code, stdout } = await runCommand(part.command, env, { quiet: part.kind === "journey" });
  return part.kind === "journey" ? readJourney(stdout, code, part.title) : readMarks(stdout, code, part.title);
}

/** A command that prints one line with a mark per check. */
function readMarks(stdout: string, code: number, title: string): Tally {
  const linesWith = (mark: string): string[] => stdout.split("\n").filter((line) => line.trimStart().startsWith(`${mark} `));
  const failures = linesWith("✗").map((line) => `${title}: ${line.trim().slice(2)}`);
  if (code !== 0 && failures.length === 0) failures.push(`${title} ended with ${code}`);
  return { passed: linesWith("✓").length, failures, skipped: [] };
}

/** What `npm run journey -- --json` prints. */
function readJourney(stdout: string, code: number, title: string): Tally {
  const start = stdout.indexOf("{");
  if (start < 0) return { ...NOTHING, failures: [`${title} ended with ${code} before its first check`] };
  const { checks } = JSON.parse(stdout.slice(start)) as { checks: { title: string; ok: boolean; ms: number; detail: string }[] };
  for (const check of checks) console.log(`  ${check.ok ? "✓" : "✗"} ${check.title} (${(check.ms / 1000).toFixed(1)} s)${check.ok ? "" : `\n      ${check.detail}`}`);
  const failures = checks.filter(({ ok }) => !ok).map((check) => `${title}: ${check.title}: ${check.detail}`);
  if (code !== 0 && failures.length === 0) failures.push(`${title} ended with ${code}`);
  return { passed: checks.filter(({ ok }) => ok).length, failures, skipped: [] };
}

function finish(tallies: readonly Tally[], lacking: readonly Lack[]): number {
  const failures = tallies.flatMap((tally) => tally.failures);
  const skipped = tallies.flatMap((tally) => tally.skipped);
  for (const line of skipped) console.log(`  – skipped: ${line}`);
  for (const lack of lacking) console.log(`  – skipped what needs ${lackLine(lack)}`);
  for (const line of failures) console.log(`  ✗ ${line}`);
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
  console.log(`${passed} passed, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
}

function lackLine({ what, reason, fix }: Lack): string {
  return `${what}: ${reason}. Add it with: ${fix}`;
}

/** What runs below this process ends with it, also where a test runner would go on. */
function endWithSignal(): void {
  endSignal().addEventListener("abort", () => {
    endBelow(process.pid);
    removeTemporaryFolders();
    process.exit(130);
  });
}

const temporary = new Set<string>();

function temporaryFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  temporary.add(folder);
  return folder;
}

function removeTemporaryFolders(): void {
  for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
  temporary.clear();
}

function heading(title: string, note = ""): void {
  console.log(`\n── ${title} ${note}`.trimEnd());
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}
