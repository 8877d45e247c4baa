/** A cap of one dollar against agents that make their calls look small; with the organization's real ledger object. */
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { env } from "cloudflare:workers";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { createOrgLedger } from "../../src/adapters/ledger/org-ledger-do.ts";
import type { LedgerRpc } from "../../src/ports/ledger/ledger.port.ts";
import { CENTS, spendGreedily } from "./support/greedy.ts";

const DOLLAR = 1_000_000;

verifies("LDG16", "under a cap of one dollar fifty sessions that ask for all they can get are billed no more than it", async () => {
  const objects = env.ORG_LEDGER as DurableObjectNamespace;
  const id = objects.newUniqueId();
  const ledger = createOrgLedger({ stub: () => objects.get(id) as unknown as LedgerRpc, deadlineMs: 60_000 });
  await ledger.setCap({ scope: "org", subject: null, unit: "cost" }, DOLLAR);
  const { billedMicros, spentMicros, reservedMicros, statuses } = await spendGreedily(ledger, 50);
  expect(billedMicros).toBeLessThanOrEqual(DOLLAR);
  expect(billedMicros).toBeGreaterThan(DOLLAR - 5 * CENTS);
  expect([spentMicros, reservedMicros]).toEqual([billedMicros, 0]);
  expect(Object.keys(statuses).toSorted()).toEqual(["200", "400", "402", "404"]);
}, 180_000);
