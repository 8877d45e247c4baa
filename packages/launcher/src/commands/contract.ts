/**
 * `npm run contract <port>`: one port's contract on every implementation: the fake, and each adapter where it really runs.
 * `npm run contract sandbox -- --harness FILE`: on an implementation from elsewhere.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PORTS } from "../../../../src/ports/registry.ts";
import { endSignal } from "../end-signal.ts";
import { endBelow } from "../process-table.ts";
import { runSandboxKit } from "../run-sandbox-cases.ts";
import { SUITES, testFiles } from "../suites.ts";
import { runVitest, type Tally } from "../vitest-run.ts";

interface Arm {
  readonly suite: string;
  readonly files: readonly string[];
  readonly tally: Tally;
}

export async function run(args: readonly string[]): Promise<number> {
  const [port = "", ...options] = args;
  const entry = PORTS.find((candidate) => candidate.port === port);
  if (!entry) {
    console.error(`${port === "" ? "Name a port" : `There is no port "${port}"`}: npm run contract <port>\n`);
    for (const { plane, port: name, state } of PORTS) console.error(`  ${name.padEnd(15)} ${plane.padEnd(9)} ${state}`);
    return 2;
  }
  if (entry.state === "planned") {
    console.error(`${port} is planned: it has its rules in src/ports/${port}/SPEC.md and no contract yet.`);
    return 1;
  }
  if (options.length > 0) {
    if (port === "sandbox") return runSandboxKit(options);
    console.error(`${options[0] ?? ""} is for the sandbox contract only: npm run contract sandbox -- --harness FILE`);
    return 2;
  }
  endSignal().addEventListener("abort", () => {
    endBelow(process.pid);
    process.exit(130);
  });
  const arms = await runArms(port, testFiles());
  console.log(`\n  ${port}`);
  for (const { suite, files, tally } of arms) {
    const mark = tally.failures.length === 0 ? "✓" : "✗";
    console.log(`    ${mark} ${suite.padEnd(8)} ${files.map(implementationOf).join(", ").padEnd(34)} ${tally.passed} passed, ${tally.failures.length} failed`);
  }
  const failures = arms.flatMap(({ tally }) => tally.failures);
  for (const line of failures) console.log(`      ${line}`);
  console.log(`${arms.reduce((sum, { tally }) => sum + tally.passed, 0)} passed, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
}

async function runArms(port: string, all: readonly string[]): Promise<readonly Arm[]> {
  const contracts = all.filter((file) => file.includes(`/${port}/`) && /\.contract(\.\w+)?\.test\.ts$/.test(file));
  const reports = mkdtempSync(join(tmpdir(), "berth-report-"));
  const arms: Arm[] = [];
  try {
    for (const suite of SUITES) {
      const files = contracts.filter((file) => suite.owns(file));
      if (files.length === 0) continue;
      arms.push({ suite: suite.name, files, tally: await runVitest({ config: suite.config, filters: files, reports }) });
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
  return arms;
}

/** `src/adapters/ledger/org-ledger-do.contract.workerd.test.ts` → `org-ledger-do`. */
function implementationOf(file: string): string {
  const name = file.split("/").at(-1)?.split(".contract")[0] ?? file;
  return name.endsWith(".fake") ? "fake" : name;
}
