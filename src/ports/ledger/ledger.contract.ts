/** What every ledger keeps. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { afterEach, describe, expect } from "vitest";
import { RETAINED_MS } from "../../core/budget/ledger.ts";
import { describeCaps } from "./ledger-caps.contract.ts";
import { LEDGER_FAULTS } from "./ledger.faults.ts";
import type { CapName, Ledger, ReserveRequest } from "./ledger.port.ts";

export interface LedgerHarness extends ContractHarness<Ledger> {
  /** Another organization's. */
  createOther(): Promise<Ledger> | Ledger;
}

const AT_MS = Date.UTC(2026, 10, 20, 12);

function ask(id: string, part: Partial<ReserveRequest> = {}): ReserveRequest {
  return { id, sessionId: "ses_1", costMicros: 100, tokens: 10, nowMs: AT_MS, expiresAtMs: AT_MS + 60_000, ...part };
}

const GRANTED = { granted: true };
const ORG_COST: CapName = { scope: "org", subject: null, unit: "cost" };
const ORG_TOKENS: CapName = { scope: "org", subject: null, unit: "tokens" };
const at = (nowMs: number) => ({ nowMs });

export function describeLedgerContract(harness: LedgerHarness): void {
  describe(`ledger contract: ${harness.name}`, () => {
    afterEach(() => harness.dispose?.());
    describeReserving(harness);
    describeSettling(harness);
    describeReading(harness);
    describeCaps(harness);
    describeFaults(harness);
  });
}

function describeReserving(harness: LedgerHarness): void {
  verifiesOn(harness, "LDG1", "without a cap a reservation is granted and counts as reserved", async () => {
    const ledger = await harness.create();
    expect(await ledger.reserve(ask("rsv_1", { costMicros: 5_000_000, tokens: 900 }))).toEqual(GRANTED);
    expect(await ledger.spent(at(AT_MS))).toEqual({ costMicros: 0, tokens: 0, reservedCostMicros: 5_000_000, reservedTokens: 900, computeSeconds: 0, reservedComputeSeconds: 0 });
  });

  verifiesOn(harness, ["LDG2", "LDG3"], "a cap is reached exactly and not passed", async () => {
    const ledger = await harness.create();
    await ledger.setCap(ORG_COST, 250);
    expect(await ledger.reserve(ask("rsv_1"))).toEqual(GRANTED);
    await ledger.settle("rsv_1", { costMicros: 120, tokens: 1 });
    expect(await ledger.reserve(ask("rsv_2"))).toEqual(GRANTED);
    expect(await ledger.reserve(ask("rsv_3", { costMicros: 31 }))).toEqual({ granted: false, reached: { budget: "org.cost", scope: "org", unit: "cost", limit: 250, spent: 120, reserved: 100, needed: 31 } });
    expect(await ledger.spent(at(AT_MS))).toMatchObject({ costMicros: 120, reservedCostMicros: 100 });
    expect(await ledger.reserve(ask("rsv_3", { costMicros: 30 }))).toEqual(GRANTED);
  });

  verifiesOn(harness, "LDG4", "a repeat counts once, also when settled and with the cap reached", async () => {
    const ledger = await harness.create();
    await ledger.setCap(ORG_COST, 100);
    await ledger.reserve(ask("rsv_1"));
    expect(await ledger.reserve(ask("rsv_1", { nowMs: AT_MS + 5 }))).toEqual(GRANTED);
    expect((await ledger.spent(at(AT_MS))).reservedCostMicros).toBe(100);
    await ledger.settle("rsv_1", { costMicros: 100, tokens: 10 });
    expect(await ledger.reserve(ask("rsv_1"))).toEqual(GRANTED);
    expect(await ledger.spent(at(AT_MS))).toMatchObject({ costMicros: 100, reservedCostMicros: 0 });
  });

  verifiesOn(harness, ["LDG5", "ledger:reserve:other-amounts"], "an id is not used for two estimates", async () => {
    const ledger = await harness.create();
    await ledger.reserve(ask("rsv_1"));
    for (const other of [{ costMicros: 101 }, { tokens: 11 }, { sessionId: "ses_2" }]) {
      await expect(ledger.reserve(ask("rsv_1", other))).rejects.toMatchObject(symptomOf("ledger:reserve:other-amounts"));
    }
    expect((await ledger.spent(at(AT_MS))).reservedCostMicros).toBe(100);
  });

  verifiesOn(harness, "LDG14", "tokens have a cap of their own", async () => {
    const ledger = await harness.create();
    await ledger.setCap(ORG_COST, 1_000_000);
    await ledger.setCap(ORG_TOKENS, 15);
    expect(await ledger.reserve(ask("rsv_1"))).toEqual(GRANTED);
    expect(await ledger.reserve(ask("rsv_2"))).toMatchObject({ granted: false, reached: { budget: "org.tokens", limit: 15, spent: 0, reserved: 10, needed: 10 } });
  });

  verifiesOn(harness, "LDG13", "a cap is replaced and lifted, and takes nothing back", async () => {
    const ledger = await harness.create();
    await ledger.reserve(ask("rsv_1"));
    await ledger.setCap(ORG_COST, 50);
    expect(await ledger.reserve(ask("rsv_2", { costMicros: 1 }))).toMatchObject({ granted: false, reached: { limit: 50, spent: 0, reserved: 100 } });
    await ledger.setCap(ORG_COST, 101);
    expect(await ledger.reserve(ask("rsv_2", { costMicros: 1 }))).toEqual(GRANTED);
    await ledger.setCap(ORG_COST, null);
    expect(await ledger.reserve(ask("rsv_3"))).toEqual(GRANTED);
  });

  verifiesOn(harness, "LDG15", "amounts that are no counts are refused", async () => {
    const ledger = await harness.create();
    await ledger.reserve(ask("rsv_0"));
    const refused = { code: "invalid-argument", outcome: "not-applied", retry: "never" };
    for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(ledger.reserve(ask("rsv_1", { costMicros: wrong }))).rejects.toMatchObject(refused);
      await expect(ledger.settle("rsv_0", { costMicros: 0, tokens: wrong })).rejects.toMatchObject(refused);
      await expect(ledger.setCap(ORG_COST, wrong)).rejects.toMatchObject(refused);
    }
    expect(await ledger.spent(at(AT_MS))).toMatchObject({ costMicros: 0, reservedCostMicros: 100 });
  });

  verifiesOn(harness, "LDG16", "fifty at once get what is left and no more", async () => {
    const ledger = await harness.create();
    await ledger.setCap(ORG_COST, 1000);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => ledger.reserve(ask(`rsv_${i}`))));
    expect(answers.filter(({ granted }) => granted).length).toBe(10);
    expect((await ledger.spent(at(AT_MS))).reservedCostMicros).toBe(1000);
  });

  verifiesOn(harness, "LDG17", "another organization's spending is its own", async () => {
    const ledger = await harness.create();
    const other = await harness.createOther();
    await ledger.setCap(ORG_COST, 0);
    expect(await other.reserve(ask("rsv_1"))).toEqual(GRANTED);
    expect((await ledger.spent(at(AT_MS))).reservedCostMicros).toBe(0);
  });
}

function describeSettling(harness: LedgerHarness): void {
  verifiesOn(harness, "LDG6", "settling replaces the estimate, also by more", async () => {
    const ledger = await harness.create();
    await ledger.reserve(ask("rsv_1"));
    await ledger.reserve(ask("rsv_2"));
    await ledger.settle("rsv_1", { costMicros: 40, tokens: 4 });
    await ledger.settle("rsv_2", { costMicros: 170, tokens: 17 });
    expect(await ledger.spent(at(AT_MS))).toEqual({ costMicros: 210, tokens: 21, reservedCostMicros: 0, reservedTokens: 0, computeSeconds: 0, reservedComputeSeconds: 0 });
  });

  verifiesOn(harness, ["LDG7", "ledger:settle:double-settle"], "the first settlement stays", async () => {
    const ledger = await harness.create();
    await ledger.reserve(ask("rsv_1"));
    await ledger.settle("rsv_1", { costMicros: 40, tokens: 4 });
    await ledger.settle("rsv_1", { costMicros: 40, tokens: 4 });
    await ledger.settle("rsv_1", { costMicros: 99, tokens: 9 });
    expect(await ledger.spent(at(AT_MS))).toEqual({ costMicros: 40, tokens: 4, reservedCostMicros: 0, reservedTokens: 0, computeSeconds: 0, reservedComputeSeconds: 0 });
  });

  verifiesOn(harness, ["LDG8", "LDG9", "ledger:settle:after-expiry"], "an expired one counts in full until it is settled after all", async () => {
    const ledger = await harness.create();
    await ledger.setCap(ORG_COST, 150);
    await ledger.reserve(ask("rsv_1"));
    expect(await ledger.spent(at(AT_MS + 60_000))).toMatchObject({ costMicros: 100, reservedCostMicros: 0 });
    expect(await ledger.reserve(ask("rsv_2", at(AT_MS + 70_000)))).toMatchObject({ granted: false, reached: { spent: 100, reserved: 0 } });
    await ledger.settle("rsv_1", { costMicros: 20, tokens: 2 });
    expect(await ledger.spent(at(AT_MS + 80_000))).toMatchObject({ costMicros: 20, tokens: 2 });
    expect(await ledger.reserve(ask("rsv_2", at(AT_MS + 70_000)))).toEqual(GRANTED);
  });

  verifiesOn(harness, ["LDG10", "ledger:settle:unknown-id"], "an unknown id is refused", async () => {
    const ledger = await harness.create();
    await expect(ledger.settle("rsv_9", { costMicros: 1, tokens: 1 })).rejects.toMatchObject(symptomOf("ledger:settle:unknown-id"));
  });

  verifiesOn(harness, "LDG19", "old reservations are forgotten and stay counted", async () => {
    const ledger = await harness.create();
    await ledger.reserve(ask("rsv_1", { nowMs: AT_MS, expiresAtMs: AT_MS }));
    await ledger.reserve(ask("rsv_2", { nowMs: AT_MS, expiresAtMs: AT_MS }));
    await ledger.settle("rsv_2", { costMicros: 7, tokens: 7 });
    await ledger.reserve(ask("rsv_3", { nowMs: AT_MS + RETAINED_MS, expiresAtMs: AT_MS + RETAINED_MS + 1 }));
    expect(await ledger.spent(at(AT_MS + RETAINED_MS))).toEqual({ costMicros: 107, tokens: 17, reservedCostMicros: 100, reservedTokens: 10, computeSeconds: 0, reservedComputeSeconds: 0 });
    await expect(ledger.settle("rsv_1", { costMicros: 1, tokens: 1 })).rejects.toMatchObject({ code: "not-found" });
  });
}

function describeReading(harness: LedgerHarness): void {
  verifiesOn(harness, "LDG11", "a new month begins at nothing, and settling counts in the month of the reservation", async () => {
    const ledger = await harness.create();
    await ledger.setCap(ORG_COST, 100);
    const november = Date.UTC(2026, 11, 1) - 1;
    const december = november + 1;
    expect(await ledger.reserve(ask("rsv_1", { nowMs: november, expiresAtMs: november + 60_000 }))).toEqual(GRANTED);
    expect(await ledger.reserve(ask("rsv_2", { nowMs: december, expiresAtMs: december + 60_000 }))).toEqual(GRANTED);
    await ledger.settle("rsv_1", { costMicros: 90, tokens: 9 });
    expect(await ledger.spent(at(november))).toMatchObject({ costMicros: 90, reservedCostMicros: 0 });
    expect(await ledger.spent(at(december))).toMatchObject({ costMicros: 0, reservedCostMicros: 100 });
  });

  verifiesOn(harness, "LDG12", "a session's spending is its own, over months", async () => {
    const ledger = await harness.create();
    await ledger.reserve(ask("rsv_1"));
    await ledger.settle("rsv_1", { costMicros: 90, tokens: 9 });
    const nextMonth = AT_MS + 30 * 24 * 3_600_000;
    await ledger.reserve(ask("rsv_2", { nowMs: nextMonth, expiresAtMs: nextMonth + 1 }));
    await ledger.reserve(ask("rsv_3", { nowMs: nextMonth, expiresAtMs: nextMonth + 1, sessionId: "ses_2" }));
    expect(await ledger.spent({ sessionId: "ses_1", nowMs: nextMonth })).toEqual({
      costMicros: 90,
      tokens: 9,
      computeSeconds: 0,
      reservedCostMicros: 100,
      reservedTokens: 10,
      reservedComputeSeconds: 0,
    });
    expect(await ledger.spent({ sessionId: "ses_9" })).toEqual({ costMicros: 0, tokens: 0, reservedCostMicros: 0, reservedTokens: 0, computeSeconds: 0, reservedComputeSeconds: 0 });
  });
}

function describeFaults(harness: LedgerHarness): void {
  const unanswered = ["ledger:reserve:unreachable", "ledger:reserve:lost-answer", "ledger:reserve:no-answer", "ledger:reserve:overloaded"];
  for (const id of unanswered) {
    const inject = harness.inject?.[id];
    if (!inject) continue;
    verifiesOn(harness, [id, "LDG18"], "the call fails, and the same request then counts once", async () => {
      const ledger = await harness.create();
      await ledger.setCap(ORG_COST, 100);
      await inject(ledger);
      await expect(ledger.reserve(ask("rsv_1"))).rejects.toMatchObject(symptomOf(id));
      expect(await ledger.reserve(ask("rsv_1"))).toEqual(GRANTED);
      expect((await ledger.spent(at(AT_MS))).reservedCostMicros).toBe(100);
    });
  }

  for (const id of ["ledger:reserve:slow", "ledger:reserve:evicted"]) {
    const inject = harness.inject?.[id];
    if (!inject) continue;
    verifiesOn(harness, id, "the reservation is granted and counts once", async () => {
      const ledger = await harness.create();
      await ledger.reserve(ask("rsv_1"));
      await inject(ledger);
      expect(await ledger.reserve(ask("rsv_2"))).toEqual(GRANTED);
      expect((await ledger.spent(at(AT_MS))).reservedCostMicros).toBe(200);
    });
  }
}

function symptomOf(id: string) {
  const symptom = LEDGER_FAULTS.faults.find((fault) => fault.id === id)?.symptom;
  return typeof symptom === "object" ? symptom : {};
}
