/** All cases, one after the other, with what became of each. Runs in every runtime. */
import { sdkCases, type CaseContext } from "../cases.ts";

export interface CaseOutcome {
  readonly name: string;
  readonly ms: number;
  /** Null: it passed. */
  readonly error: string | null;
}

const CASE_MS = 60_000;

/** @param report told of each as soon as it is over */
export async function runAll(context: CaseContext, report: (outcome: CaseOutcome) => void = () => undefined): Promise<readonly CaseOutcome[]> {
  const outcomes: CaseOutcome[] = [];
  for (const { name, run } of sdkCases) {
    const began = Date.now();
    const error = await withinTime(run(context)).then(() => null, String);
    const outcome = { name, ms: Date.now() - began, error };
    outcomes.push(outcome);
    report(outcome);
  }
  return outcomes;
}

/** A case that hangs is told by its name, and the others still run. */
function withinTime(run: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it was not over within ${CASE_MS / 1000} s`)), CASE_MS);
    void run.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
