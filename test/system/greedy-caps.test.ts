/** A cap of one dollar against agents that make their calls look small; with the fake ledger. */
import { verifies } from "@berth/testkit";
import { expect, test } from "vitest";
import { InMemoryLedger } from "../../src/ports/ledger/ledger.fake.ts";
import { CENTS, spendGreedily } from "./support/greedy.ts";

const DOLLAR = 1_000_000;

verifies("LDG16", "under a cap of one dollar fifty sessions that ask for all they can get are billed no more than it", async () => {
  const ledger = new InMemoryLedger({ now: () => Date.UTC(2026, 10, 20, 12) });
  await ledger.setCap({ scope: "org", subject: null, unit: "cost" }, DOLLAR);
  const { billedMicros, spentMicros, reservedMicros, statuses } = await spendGreedily(ledger, 50);
  expect(billedMicros).toBeLessThanOrEqual(DOLLAR);
  expect(billedMicros).toBeGreaterThan(DOLLAR - 5 * CENTS);
  expect([spentMicros, reservedMicros]).toEqual([billedMicros, 0]);
  expect(Object.keys(statuses).toSorted()).toEqual(["200", "400", "402", "404"]);
}, 120_000);

test("without a cap the same sessions are billed for what they ask, so it is the cap that holds them", async () => {
  const ledger = new InMemoryLedger({ now: () => Date.UTC(2026, 10, 20, 12) });
  expect((await spendGreedily(ledger, 2)).billedMicros).toBeGreaterThan(100 * DOLLAR);
});
