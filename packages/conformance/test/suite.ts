/** One test per case, titled by its rules; the cases run side by side as their tests begin. */
import { expect, test } from "vitest";
import type { Outcome, Runnable } from "../src/run.ts";

/** @param outcomes of all cases, by the time the tests run */
export function testEach(cases: readonly Runnable[], outcomes: () => Promise<readonly Outcome[]>, timeoutMs = 120_000): void {
  for (const { id, rules, title } of cases) {
    test(`${rules.map((rule) => `[${rule}]`).join("")} ${title} (${id})`, async () => {
      const outcome = (await outcomes()).find((each) => each.id === id);
      expect(outcome?.status === "failed" ? outcome.reason : outcome?.status).toBe("passed");
    }, timeoutMs);
  }
}
