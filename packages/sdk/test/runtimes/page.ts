/** The cases in a page: a script that gives the page one function. */
import type { CaseContext } from "../cases.ts";
import { runAll, type CaseOutcome } from "./run-all.ts";

export interface CasesPage {
  runSdkCases(told: CaseContext): Promise<{ readonly runtime: string; readonly outcomes: readonly CaseOutcome[] }>;
}

const page: CasesPage = { runSdkCases: async (told) => ({ runtime: navigator.userAgent, outcomes: await runAll(told) }) };
Object.assign(globalThis, page);
