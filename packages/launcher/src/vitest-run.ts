/** Runs one Vitest configuration in a process of its own and counts what it says. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "./paths.ts";

export interface Tally {
  readonly passed: number;
  /** One line per failure. */
  readonly failures: readonly string[];
  /** One line per test that did not run. */
  readonly skipped: readonly string[];
}

export const NOTHING: Tally = { passed: 0, failures: [], skipped: [] };

export interface VitestRun {
  /** Configuration file in the root of the checkout. */
  readonly config: string;
  /** Parts of file paths; none takes every file. */
  readonly filters: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folder for the report. */
  readonly reports: string;
}

const WHY_CHARACTERS_MAX = 1_500;

const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).optional() })),
    }),
  ),
});

export async function runVitest(run: VitestRun): Promise<Tally> {
  const output = join(run.reports, `${run.config}.json`);
  rmSync(output, { force: true });
  const code = await spawned(
    [
      join(ROOT, "node_modules", "vitest", "vitest.mjs"),
      ...["run", "--config", run.config, "--reporter=default", "--reporter=json", `--outputFile.json=${output}`],
      ...(run.args ?? []),
      ...run.filters,
    ],
    run.env ?? {},
  );
  const tally = existsSync(output) ? readReport(readFileSync(output, "utf8")) : NOTHING;
  // Errors outside of any test, for example after the last one.
  if (code !== 0 && tally.failures.length === 0) return { ...tally, failures: [`${run.config}: vitest ended with ${code}`] };
  return tally;
}

export function readReport(json: string): Tally {
  const { testResults } = Report.parse(JSON.parse(json));
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages = [] }) => ({ line: `${relative(name)} › ${fullName}`, status, why: inShort(failureMessages[0] ?? "") })),
  );
  const broken = testResults.filter(({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"));
  return {
    passed: tests.filter(({ status }) => status === "passed").length,
    failures: [
      ...tests.filter(({ status }) => status === "failed").map(({ line, why }) => `${line}${why}`),
      ...broken.map(({ name, message }) => `${relative(name)}: ${(message ?? "").split("\n")[0]}`),
    ],
    skipped: tests.filter(({ status }) => status !== "passed" && status !== "failed").map(({ line }) => line),
  };
}

/** What a report that was cut to its end still has to say of a failure. The stack is in the report above. */
function inShort(message: string): string {
  const [what = ""] = message.split(/\n\s+at /);
  return what.trim() === "" ? "" : `\n${what.trim().slice(0, WHY_CHARACTERS_MAX).replaceAll(/^/gm, "      ")}`;
}

function relative(path: string): string {
  return path.startsWith(`${ROOT}/`) ? path.slice(ROOT.length + 1) : path;
}

function spawned(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
