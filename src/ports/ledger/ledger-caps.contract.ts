/** Whose caps count what, the stop, and what was used. */
import { verifiesOn } from "@berth/testkit";
import { expect } from "vitest";
import type { LedgerHarness } from "./ledger.contract.ts";
import type { CapName, Ledger, ReserveRequest } from "./ledger.port.ts";

const AT_MS = Date.UTC(2026, 10, 20, 12);
const GRANTED = { granted: true };

const cap = (scope: CapName["scope"], unit: CapName["unit"], subject: string | null = null): CapName => ({ scope, unit, subject });

function ask(id: string, part: Partial<ReserveRequest> = {}): ReserveRequest {
  return { id, sessionId: "ses_1", userId: "usr_1", model: "acme/one", costMicros: 100, tokens: 10, nowMs: AT_MS, expiresAtMs: AT_MS + 60_000, ...part };
}

const sandbox = (id: string, part: Partial<ReserveRequest> = {}): ReserveRequest => ask(id, { model: null, costMicros: 0, tokens: 0, computeSeconds: 60, ...part });

async function refusedBy(ledger: Ledger, request: ReserveRequest): Promise<string | null> {
  const answer = await ledger.reserve(request);
  return answer.granted ? null : answer.reached.budget;
}

export function describeCaps(harness: LedgerHarness): void {
  verifiesOn(harness, "LDG20", "a session's and a user's cap count their own, and one that names its subject goes before", async () => {
    const ledger = await harness.create();
    await ledger.setCap(cap("session", "cost"), 100);
    await ledger.setCap(cap("session", "cost", "ses_2"), 300);
    await ledger.setCap(cap("user", "cost"), 500);
    expect(await refusedBy(ledger, ask("a"))).toBeNull();
    expect(await refusedBy(ledger, ask("b"))).toBe("session.cost");
    expect(await refusedBy(ledger, ask("c", { sessionId: "ses_2", costMicros: 300 }))).toBeNull();
    expect(await refusedBy(ledger, ask("d", { sessionId: "ses_2", costMicros: 1 }))).toBe("session.cost.ses_2");
    expect(await refusedBy(ledger, ask("e", { sessionId: "ses_3", costMicros: 100 }))).toBeNull();
    expect(await refusedBy(ledger, ask("f", { sessionId: "ses_4", costMicros: 1 }))).toBe("user.cost");
    expect(await refusedBy(ledger, ask("g", { sessionId: "ses_4", userId: "usr_2", costMicros: 100 }))).toBeNull();
    expect(await refusedBy(ledger, ask("h", { sessionId: "ses_5", userId: null, costMicros: 100 }))).toBeNull();
  });

  verifiesOn(harness, ["LDG20", "LDG11"], "a user's cap begins anew with the month, a session's does not", async () => {
    const ledger = await harness.create();
    await ledger.setCap(cap("user", "tokens"), 15);
    await ledger.setCap(cap("session", "tokens"), 25);
    const nextMonth = Date.UTC(2026, 11, 1);
    await ledger.reserve(ask("a"));
    await ledger.settle("a", { tokens: 10 });
    expect(await refusedBy(ledger, ask("b"))).toBe("user.tokens");
    expect(await refusedBy(ledger, ask("c", { nowMs: nextMonth, expiresAtMs: nextMonth + 1 }))).toBeNull();
    await ledger.settle("c", { tokens: 10 });
    expect(await refusedBy(ledger, ask("d", { nowMs: nextMonth, expiresAtMs: nextMonth + 1 }))).toBe("session.tokens");
  });

  verifiesOn(harness, ["LDG14", "LDG21"], "a sandbox's time is reserved and settled in seconds, and leaves money and tokens alone", async () => {
    const ledger = await harness.create();
    await ledger.setCap(cap("org", "compute"), 100);
    expect(await refusedBy(ledger, sandbox("a"))).toBeNull();
    expect(await ledger.reserve(sandbox("b", { sessionId: "ses_2" }))).toEqual({ granted: false, reached: { budget: "org.compute", scope: "org", unit: "compute", limit: 100, spent: 0, reserved: 60, needed: 60 } });
    await ledger.settle("a", { computeSeconds: 7 });
    expect(await refusedBy(ledger, sandbox("b", { sessionId: "ses_2" }))).toBeNull();
    expect(await refusedBy(ledger, ask("c"))).toBeNull();
    expect(await ledger.spent({ nowMs: AT_MS })).toMatchObject({ computeSeconds: 7, reservedComputeSeconds: 60, reservedCostMicros: 100 });
  });

  verifiesOn(harness, "LDG22", "so many sessions have a sandbox at the same time; one that has one already goes on", async () => {
    const ledger = await harness.create();
    await ledger.setCap(cap("org", "sessions"), 3);
    await ledger.setCap(cap("user", "sessions"), 2);
    for (const sessionId of ["ses_1", "ses_2"]) expect(await refusedBy(ledger, sandbox(`1-${sessionId}`, { sessionId }))).toBeNull();
    expect(await refusedBy(ledger, sandbox("2", { sessionId: "ses_3" }))).toBe("user.sessions");
    expect(await refusedBy(ledger, sandbox("3", { sessionId: "ses_2" }))).toBeNull();
    expect(await refusedBy(ledger, sandbox("4", { sessionId: "ses_4", userId: "usr_2" }))).toBeNull();
    expect(await refusedBy(ledger, sandbox("5", { sessionId: "ses_5", userId: "usr_3" }))).toBe("org.sessions");
    expect(await refusedBy(ledger, ask("6", { sessionId: "ses_6" }))).toBeNull();
    await ledger.settle("1-ses_1", { computeSeconds: 1 });
    expect(await refusedBy(ledger, sandbox("2", { sessionId: "ses_3" }))).toBeNull();
    expect(await refusedBy(ledger, sandbox("7", { sessionId: "ses_7", nowMs: AT_MS + 60_000, expiresAtMs: AT_MS + 120_000 }))).toBeNull();
  });

  verifiesOn(harness, "LDG23", "asking answers as reserving would, and keeps nothing", async () => {
    const ledger = await harness.create();
    await ledger.setCap(cap("org", "cost"), 100);
    for (let i = 0; i < 3; i++) expect(await ledger.ask(ask("-"))).toEqual(GRANTED);
    await ledger.reserve(ask("a"));
    expect(await ledger.ask(ask("-", { costMicros: 1 }))).toMatchObject({ granted: false, reached: { budget: "org.cost", needed: 1 } });
    expect(await ledger.setCap(cap("org", "cost"), 100)).toEqual([]);
  });

  verifiesOn(harness, "LDG24", "a stop refuses everything and names who is at work and who waits, and so does lifting it", async () => {
    const ledger = await harness.create();
    await ledger.reserve(ask("a"));
    expect(await ledger.setStop({ atMs: AT_MS, by: "usr_1" })).toEqual(["ses_1"]);
    for (const request of [ask("b", { sessionId: "ses_2", costMicros: 0, tokens: 0 }), sandbox("c", { sessionId: "ses_2" })]) {
      expect(await ledger.reserve(request)).toMatchObject({ granted: false, reached: { budget: "org.stop", unit: "stop" } });
    }
    expect(await ledger.reserve(ask("a"))).toEqual(GRANTED);
    expect(await ledger.standing({ nowMs: AT_MS })).toEqual({ caps: [], stop: { atMs: AT_MS, by: "usr_1" } });
    expect([...(await ledger.setStop(null))].toSorted()).toEqual(["ses_1", "ses_2"]);
    expect(await refusedBy(ledger, ask("b", { sessionId: "ses_2" }))).toBeNull();
  });

  verifiesOn(harness, "LDG25", "changing a cap names the sessions that were refused and got nothing since", async () => {
    const ledger = await harness.create();
    await ledger.setCap(cap("org", "cost"), 100);
    await ledger.reserve(ask("a"));
    for (const sessionId of ["ses_2", "ses_3"]) await ledger.reserve(ask(`b-${sessionId}`, { sessionId }));
    expect([...(await ledger.setCap(cap("org", "cost"), 200))].toSorted()).toEqual(["ses_2", "ses_3"]);
    await ledger.reserve(ask("c", { sessionId: "ses_2" }));
    expect(await ledger.setCap(cap("org", "cost"), null)).toEqual(["ses_3"]);
  });

  verifiesOn(harness, "LDG26", "what was used is summed by day, session, user and model; calls without a price are counted apart", async () => {
    const ledger = await harness.create();
    const nextDay = AT_MS + 86_400_000;
    await ledger.reserve(ask("a"));
    await ledger.settle("a", { costMicros: 70, tokens: 7 });
    await ledger.reserve(ask("b", { sessionId: "ses_2", model: "acme/two", costMicros: 0, unpriced: true }));
    await ledger.settle("b", { tokens: 9 });
    await ledger.reserve(sandbox("c", { userId: null, nowMs: nextDay, expiresAtMs: nextDay + 1 }));
    await ledger.settle("c", { computeSeconds: 5 });
    await ledger.reserve(ask("d", { nowMs: nextDay, expiresAtMs: nextDay + 1 }));
    await ledger.spent({ nowMs: nextDay + 2 });
    await ledger.settle("d", { costMicros: 20, tokens: 2 });
    const days = { from: "2026-11-20", to: "2026-11-21", limit: 10 };
    const one = (key: string | null, part: object) => ({ key, costMicros: 0, tokens: 0, computeSeconds: 0, calls: 0, unpricedCalls: 0, ...part });
    expect(await ledger.usage({ by: "day", ...days })).toEqual([
      one("2026-11-20", { costMicros: 70, tokens: 16, calls: 2, unpricedCalls: 1 }),
      one("2026-11-21", { costMicros: 20, tokens: 2, computeSeconds: 5, calls: 1 }),
    ]);
    expect(await ledger.usage({ by: "model", ...days })).toEqual([
      one("acme/one", { costMicros: 90, tokens: 9, calls: 2 }),
      one("acme/two", { tokens: 9, calls: 1, unpricedCalls: 1 }),
      one(null, { computeSeconds: 5 }),
    ]);
    expect((await ledger.usage({ by: "user", ...days })).map(({ key }) => key)).toEqual(["usr_1", null]);
    expect(await ledger.usage({ by: "session", ...days, limit: 1 })).toEqual([one("ses_1", { costMicros: 90, tokens: 9, computeSeconds: 5, calls: 2 })]);
    expect(await ledger.usage({ by: "day", ...days, from: "2026-11-21", sessionIds: ["ses_1"], userId: "usr_1", model: "acme/one" })).toEqual([one("2026-11-21", { costMicros: 20, tokens: 2, calls: 1 })]);
    const byModel = async (sessionIds: readonly string[]) => (await ledger.usage({ by: "model", ...days, sessionIds })).map(({ key, tokens }) => [key, tokens]);
    expect([await byModel(["ses_2"]), await byModel(["ses_1", "ses_2", "ses_3"]), await byModel([])]).toEqual([[["acme/two", 9]], [["acme/one", 9], ["acme/two", 9], [null, 0]], []]);
  });

  verifiesOn(harness, "LDG27", "the standing tells every cap with what counts against it, where that is one figure", async () => {
    const ledger = await harness.create();
    const caps = [cap("org", "cost"), cap("org", "sessions"), cap("session", "tokens", "ses_1"), cap("user", "compute"), cap("user", "compute", "usr_1")];
    for (const name of caps) await ledger.setCap(name, 1_000);
    await ledger.reserve(ask("a"));
    await ledger.settle("a", { costMicros: 40, tokens: 4 });
    await ledger.reserve(ask("b"));
    await ledger.reserve(sandbox("c"));
    expect((await ledger.standing({ nowMs: AT_MS })).caps).toEqual([
      { ...caps[0], limit: 1_000, spent: 40, reserved: 100 },
      { ...caps[1], limit: 1_000, spent: 1, reserved: 0 },
      { ...caps[2], limit: 1_000, spent: 4, reserved: 10 },
      { ...caps[3], limit: 1_000, spent: null, reserved: null },
      { ...caps[4], limit: 1_000, spent: 0, reserved: 60 },
    ]);
  });

  verifiesOn(harness, "LDG28", "what has no known end is refused under a cap on money that applies, and under no other", async () => {
    const ledger = await harness.create();
    const openEnded = (id: string, part: Partial<ReserveRequest> = {}) => ask(id, { openEnded: true, costMicros: 0, ...part });
    for (const name of [cap("org", "tokens"), cap("user", "cost", "usr_2"), cap("session", "cost", "ses_2")]) await ledger.setCap(name, 1_000_000);
    expect(await refusedBy(ledger, openEnded("a"))).toBeNull();
    expect(await refusedBy(ledger, openEnded("b", { userId: "usr_2" }))).toBe("user.cost.usr_2");
    expect(await refusedBy(ledger, openEnded("b", { sessionId: "ses_2" }))).toBe("session.cost.ses_2");
    expect(await refusedBy(ledger, ask("c", { sessionId: "ses_2" }))).toBeNull();
    await ledger.setCap(cap("org", "cost"), 1_000_000);
    expect(await ledger.reserve(openEnded("d"))).toMatchObject({ granted: false, reached: { budget: "org.cost", unit: "cost", limit: 1_000_000, spent: 0, reserved: 100 } });
    expect(await refusedBy(ledger, openEnded("a"))).toBeNull();
    expect(await ledger.ask(openEnded("-"))).toMatchObject({ granted: false });
  });

  verifiesOn(harness, ["LDG30", "LDG5"], "what is likely is reserved for one call of a session at a time, and the most for its others", async () => {
    const ledger = await harness.create();
    const rough = (id: string, part: Partial<ReserveRequest> = {}) => ask(id, { atMost: { costMicros: 400, tokens: 40 }, ...part });
    const reserved = async () => (await ledger.spent({ nowMs: AT_MS })).reservedCostMicros;
    for (const [request, sum] of [[rough("a"), 100], [rough("b"), 500], [rough("c", { sessionId: "ses_2" }), 600], [ask("d"), 700], [rough("b"), 700]] as const) {
      expect(await ledger.reserve(request)).toEqual(GRANTED);
      expect(await reserved()).toBe(sum);
    }
    await expect(ledger.reserve(rough("b", { atMost: { costMicros: 401, tokens: 40 } }))).rejects.toMatchObject({ code: "already-exists" });
    await ledger.settle("a", {});
    expect(await ledger.reserve(rough("e"))).toEqual(GRANTED);
    expect(await reserved()).toBe(700);
  });

  verifiesOn(harness, "LDG31", "where only what is likely fits, one such call at a time goes through under each cap", async () => {
    const ledger = await harness.create();
    const rough = (id: string, part: Partial<ReserveRequest> = {}) => ask(id, { atMost: { costMicros: 400 }, ...part });
    await ledger.setCap(cap("user", "cost"), 550);
    expect(await refusedBy(ledger, rough("a"))).toBeNull();
    expect(await refusedBy(ledger, rough("b", { sessionId: "ses_2" }))).toBeNull();
    expect(await ledger.reserve(rough("c", { sessionId: "ses_3" }))).toEqual({ granted: false, reached: { budget: "user.cost", scope: "user", unit: "cost", limit: 550, spent: 0, reserved: 200, needed: 100 } });
    expect(await refusedBy(ledger, rough("b", { sessionId: "ses_2" }))).toBeNull();
    expect(await refusedBy(ledger, rough("d", { sessionId: "ses_4", userId: "usr_2" }))).toBeNull();
    expect(await refusedBy(ledger, ask("e", { costMicros: 300 }))).toBeNull();
    for (const id of ["a", "b"]) await ledger.settle(id, {});
    expect(await refusedBy(ledger, rough("c", { sessionId: "ses_3" }))).toBeNull();
    expect(await refusedBy(ledger, rough("f", { sessionId: "ses_5" }))).toBe("user.cost");
    expect(await refusedBy(ledger, rough("g", { sessionId: "ses_5", costMicros: 1_000 }))).toBe("user.cost");
  });

  verifiesOn(harness, "LDG29", "a session that is forgotten takes its own caps along, waits for nothing, and its spending stays", async () => {
    const ledger = await harness.create();
    const kept = [cap("org", "cost"), cap("session", "tokens"), cap("session", "tokens", "ses_2"), cap("user", "tokens", "ses_1")];
    for (const name of [...kept, cap("session", "tokens", "ses_1"), cap("session", "compute", "ses_1")]) await ledger.setCap(name, 150);
    await ledger.reserve(ask("a"));
    await ledger.settle("a", { costMicros: 100, tokens: 10 });
    expect(await refusedBy(ledger, ask("b"))).toBe("org.cost");
    await ledger.forget("ses_1");
    await ledger.forget("ses_9");
    expect((await ledger.standing({ nowMs: AT_MS })).caps.map(({ limit: _l, spent: _s, reserved: _r, ...name }) => name)).toEqual(kept);
    expect(await ledger.setCap(cap("org", "cost"), 150)).toEqual([]);
    expect(await ledger.spent({ sessionId: "ses_1", nowMs: AT_MS })).toMatchObject({ costMicros: 100 });
  });

  verifiesOn(harness, "LDG15", "a cap that means nothing is refused", async () => {
    const ledger = await harness.create();
    for (const wrong of [cap("org", "cost", "usr_1"), cap("session", "sessions")]) {
      await expect(ledger.setCap(wrong, 1)).rejects.toMatchObject({ code: "invalid-argument" });
    }
  });
}
