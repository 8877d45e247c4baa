/** `npm run contract sandbox -- --harness FILE`: the cases on a provider from elsewhere, a line for each, and what was left out and why. */
import { parseArgs } from "node:util";
import { LACKING, runSandboxCases, SANDBOX_CASES, type CaseOutcome, type DeviationReason } from "@berth/testkit/sandbox";
import { loadHarness } from "./outside-harness.ts";
import { UserError } from "./progress.ts";

const OPTIONS = { harness: { type: "string" }, only: { type: "string", multiple: true }, list: { type: "boolean" }, json: { type: "boolean" } } as const;

const USAGE = `npm run contract sandbox -- --harness FILE [options]   FILE exports \`harness\`; see docs/guides/sandbox-backend.md
  --only TEXT   cases whose id begins with it, or that cite the rule; may be repeated
  --list        names the cases and puts none
  --json        one JSON document in place of lines`;

export async function runSandboxKit(args: readonly string[]): Promise<number> {
  const { harness: file, only = [], list = false, json = false } = read(args);
  const cases = SANDBOX_CASES.filter(({ id, rules }) => only.length === 0 || only.some((text) => id.startsWith(text) || rules.includes(text)));
  if (list) {
    for (const { id, rules, title } of cases) console.log(`${id.padEnd(28)} ${rules.join(" ").padEnd(40)} ${title}`);
    return 0;
  }
  if (file === undefined) throw new UserError(USAGE);
  const harness = await loadHarness(file);
  const outcomes = await runSandboxCases(harness, { cases, ...(json ? {} : { tell: printLine }) });
  const ids = (status: CaseOutcome["status"]): readonly string[] => outcomes.filter((outcome) => outcome.status === status).map(({ id }) => id);
  const [passed, failed, leftOut] = [ids("passed"), ids("failed"), ids("left-out")];
  if (json) console.log(JSON.stringify({ name: harness.name, passed: passed.length, failed: failed.length, leftOut: reasonsOf(outcomes), outcomes }, null, 2));
  else {
    console.log(`\n${harness.name}: ${passed.length}/${passed.length + failed.length} passed, ${leftOut.length} left out`);
    for (const { reason, why, cases: ofReason } of reasonsOf(outcomes)) console.log(`  ${reason}: ${why}: ${ofReason.join(", ")}`);
  }
  return failed.length === 0 && passed.length > 0 ? 0 : 1;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UserError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, { cause: error });
  }
}

interface Reason {
  readonly reason: DeviationReason;
  readonly why: string;
  readonly cases: readonly string[];
}

/** In the order of the closed list. */
function reasonsOf(outcomes: readonly CaseOutcome[]): readonly Reason[] {
  return Object.values(LACKING).flatMap(({ reason, why }) => {
    const cases = outcomes.filter((outcome) => outcome.why === `${reason}: ${why}`).map(({ id }) => id);
    return cases.length === 0 ? [] : [{ reason, why, cases }];
  });
}

function printLine({ id, title, status, why = "", ms }: CaseOutcome): void {
  if (status === "left-out") return;
  const mark = status === "passed" ? "✓" : "✗";
  console.log(`  ${mark} ${id.padEnd(28)} ${title} (${ms} ms)`);
  if (status === "failed") console.log(why.trim().replaceAll(/^/gm, "      "));
}
