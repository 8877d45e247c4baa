/** What every run history keeps; run by each implementation. */
import { NO_USAGE, type NewEvent, type Run, type SessionEvent } from "@berth/protocol";
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { createFaultProofs } from "@berth/testkit/fault-proof";
import { describe, expect } from "vitest";
import { RUN_HISTORY_FAULTS } from "./run-history.faults.ts";
import type { RunHistory, RunRecord } from "./run-history.port.ts";

const START = Date.parse("2026-11-20T10:00:00.000Z");

function makeRun(id: string, over: Partial<Run> = {}): Run {
  return {
    id,
    sessionId: "ses_a",
    messageId: `msg_${id}`,
    model: "demo/scripted/v1",
    author: { kind: "user", id: "user_1", name: "Ada" },
    outcome: "completed",
    usage: { ...NO_USAGE, inputTokens: 12, outputTokens: 3_000_000_000 },
    costMicros: 1_250,
    startedAt: new Date(START).toISOString(),
    endedAt: new Date(START + 1_234).toISOString(),
    ...over,
  };
}

function makeEvent(seq: number, runId: string | undefined, text = `text ${seq}`): SessionEvent {
  const event: NewEvent = {
    type: "part.ended",
    data: { part: { id: `part_${seq}`, kind: "text", text } },
    ...(runId === undefined ? {} : { runId, messageId: `msg_${runId}` }),
  };
  return { ...event, seq, id: `evt_${seq}`, at: new Date(START + seq).toISOString() };
}

function record(id: string, over: Partial<Run> = {}, orgId = "org_a"): RunRecord {
  return { orgId, run: makeRun(id, over), events: [makeEvent(4, undefined), makeEvent(5, id), makeEvent(6, id)] };
}

/** Walks every page. */
async function listAll(history: RunHistory, orgId: string, limit: number, sessionId?: string): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const page = await history.list(orgId, { after, limit, ...(sessionId === undefined ? {} : { sessionId }) });
    expect(page.runs.length).toBeLessThanOrEqual(limit);
    ids.push(...page.runs.map(({ id }) => id));
    after = page.next;
  } while (after !== null);
  return ids;
}

export function describeRunHistoryContract(harness: ContractHarness<RunHistory>): void {
  describe(`run-history contract: ${harness.name}`, () => {
    describeRules(harness);
    describeFaults(harness);
  });
}

function describeRules(harness: ContractHarness<RunHistory>): void {
  const rule = (ids: string | string[], sentence: string, body: (history: RunHistory) => Promise<void>) =>
    verifiesOn(harness, ids, sentence, async () => {
      try {
        await body(await harness.create());
      } finally {
        await harness.dispose?.();
      }
    });

  rule("RNH1", "a run comes back as it was flushed, with and without what is optional", async (history) => {
    const bare = record("run_bare", { costMicros: null });
    const failure = { code: "agent-failed", message: "it said \0 and \ud800", fix: "npm start" };
    const whole = record("run_whole", { apiKeyId: "key_1", outcome: "failed", failure });
    await history.flush(bare);
    await history.flush(whole);
    expect(await history.get("org_a", "run_bare")).toStrictEqual(bare.run);
    expect(await history.get("org_a", "run_whole")).toStrictEqual(whole.run);
  });

  rule("RNH2", "the same record again changes nothing, one after the other and at once", async (history) => {
    const one = record("run_1");
    await Promise.all([history.flush(one), history.flush(one), history.flush(one)]);
    await history.flush(one);
    expect(await listAll(history, "org_a", 10)).toEqual(["run_1"]);
    expect((await history.events("org_a", "run_1", { after: 0, limit: 100 })).events).toStrictEqual(one.events);
  });

  rule(["RNH3", "RNH4"], "runs are listed newest first whatever the order of flushes, and pages fit together", async (history) => {
    const at = (ms: number) => ({ startedAt: new Date(START + ms).toISOString() });
    for (const [id, ms] of [["run_c", 5], ["run_a", 5], ["run_e", 9], ["run_b", 5], ["run_d", 1]] as const) {
      await history.flush(record(id, at(ms)));
    }
    const expected = ["run_e", "run_c", "run_b", "run_a", "run_d"];
    for (const limit of [1, 2, 3, 5, 100]) expect(await listAll(history, "org_a", limit)).toEqual(expected);
  });

  rule("RNH4", "a run that is flushed between two pages moves none of the others", async (history) => {
    for (const [id, ms] of [["run_1", 1], ["run_2", 2], ["run_3", 3]] as const) {
      await history.flush(record(id, { startedAt: new Date(START + ms).toISOString() }));
    }
    const first = await history.list("org_a", { after: null, limit: 2 });
    await history.flush(record("run_9", { startedAt: new Date(START + 9).toISOString() }));
    const second = await history.list("org_a", { after: first.next, limit: 2 });
    expect([...first.runs, ...second.runs].map(({ id }) => id)).toEqual(["run_3", "run_2", "run_1"]);
    expect(second.next).toBeNull();
  });

  rule("RNH5", "a session's list holds its runs only", async (history) => {
    await history.flush(record("run_1", { sessionId: "ses_a" }));
    await history.flush(record("run_2", { sessionId: "ses_b" }));
    await history.flush(record("run_3", { sessionId: "ses_b" }));
    expect(await listAll(history, "org_a", 1, "ses_b")).toEqual(["run_3", "run_2"]);
  });

  rule("RNH6", "organizations do not see each other's runs, also under the same id", async (history) => {
    await history.flush(record("run_1", { model: "demo/a" }, "org_a"));
    await history.flush(record("run_1", { model: "demo/b" }, "org_b"));
    await history.flush(record("run_2", {}, "org_b"));
    expect((await history.get("org_a", "run_1")).model).toBe("demo/a");
    expect(await listAll(history, "org_a", 10)).toEqual(["run_1"]);
    await expect(history.get("org_a", "run_2")).rejects.toMatchObject({ code: "not-found" });
    await expect(history.events("org_a", "run_2", { after: 0, limit: 1 })).rejects.toMatchObject({ code: "not-found" });
    expect(await listAll(history, "org_c", 10)).toEqual([]);
  });

  rule("RNH7", "events come in order and by pages", async (history) => {
    const { orgId, run, events } = record("run_1");
    await history.flush({ orgId, run, events: [...events].reverse() });
    const first = await history.events("org_a", "run_1", { after: 0, limit: 2 });
    expect([first.events.map(({ seq }) => seq), first.next]).toEqual([[4, 5], 5]);
    const second = await history.events("org_a", "run_1", { after: 5, limit: 2 });
    expect([second.events.map(({ seq }) => seq), second.next]).toEqual([[6], null]);
    expect(await history.events("org_a", "run_1", { after: 6, limit: 2 })).toEqual({ events: [], next: null });
  });

  rule("RNH8", "events keep every character a tool can print", async (history) => {
    const odd = makeEvent(1, "run_1", 'nul \0, half \ud800 pair, "quotes", \\u0000 spelled out, emoji 🛥, \u2028');
    await history.flush({ orgId: "org_a", run: makeRun("run_1"), events: [odd] });
    expect((await history.events("org_a", "run_1", { after: 0, limit: 1 })).events).toStrictEqual([odd]);
  });

  rule("RNH9", "a position of another kind is refused", async (history) => {
    for (const after of ["", "nonsense", "1' or '1'='1"]) {
      await expect(history.list("org_a", { after, limit: 1 })).rejects.toMatchObject({ code: "invalid-argument" });
    }
  });

  rule("RNH11", "five thousand events are one flush", async (history) => {
    const events = Array.from({ length: 5_000 }, (_, i) => makeEvent(i + 1, "run_1"));
    await history.flush({ orgId: "org_a", run: makeRun("run_1"), events });
    const page = await history.events("org_a", "run_1", { after: 4_998, limit: 500 });
    expect(page.events).toStrictEqual(events.slice(4_998));
  });

  rule("RNH13", "the newest report of a run stays, whatever comes after it, with the events of all of them", async (history) => {
    const first = record("run_1", { costMicros: 10, apiKeyId: "key_1" });
    const { orgId } = first;
    const second = { ...first, run: { ...first.run, costMicros: 25, usage: { ...NO_USAGE, inputTokens: 99 } }, revision: 1, events: [] };
    await history.flush(first);
    await history.flush(second);
    expect(await history.get(orgId, "run_1")).toStrictEqual(second.run);
    await history.flush(first);
    expect(await history.get(orgId, "run_1")).toStrictEqual(second.run);
    expect((await history.events(orgId, "run_1", { after: 0, limit: 10 })).events).toStrictEqual(first.events);
    await history.flush({ ...record("run_2", { costMicros: 2 }), revision: 7 });
    await history.flush({ ...record("run_2", { costMicros: 1 }), revision: 6 });
    expect((await history.get(orgId, "run_2")).costMicros).toBe(2);
  });

  rule("RNH13", "a report may take back what an earlier one said", async (history) => {
    const first = record("run_1", { costMicros: 10 });
    await history.flush(first);
    const unpriced = { ...first, run: { ...first.run, costMicros: null }, revision: 1 };
    await history.flush(unpriced);
    expect(await history.get(first.orgId, "run_1")).toStrictEqual(unpriced.run);
  });

  rule("RNH14", "a run of many pages is there with its last one, whole and in order, also when pages are repeated", async (history) => {
    const run = makeRun("run_1");
    const events = Array.from({ length: 25 }, (_, i) => makeEvent(i + 1, "run_1"));
    const page = (from: number, to: number) => ({ orgId: "org_a", run, events: events.slice(from, to), partial: to < events.length });
    for (const [from, to] of [[0, 10], [10, 20], [0, 10], [10, 20]] as const) {
      await history.flush(page(from, to));
      expect(await listAll(history, "org_a", 10)).toEqual([]);
      await expect(history.get("org_a", "run_1")).rejects.toMatchObject({ code: "not-found" });
      await expect(history.events("org_a", "run_1", { after: 0, limit: 1 })).rejects.toMatchObject({ code: "not-found" });
    }
    await history.flush(page(20, 25));
    await history.flush(page(0, 10));
    expect(await listAll(history, "org_a", 10)).toEqual(["run_1"]);
    expect((await history.events("org_a", "run_1", { after: 0, limit: 100 })).events).toStrictEqual(events);
  });

  rule("RNH12", "records and answers are the caller's to change", async (history) => {
    const given = record("run_1");
    await history.flush(given);
    Object.assign(given.run, { model: "changed/given" });
    const answered = await history.get("org_a", "run_1");
    Object.assign(answered, { model: "changed/answer" });
    expect((await history.get("org_a", "run_1")).model).toBe("demo/scripted/v1");
  });
}

function describeFaults(harness: ContractHarness<RunHistory>): void {
  const proves = createFaultProofs(harness, RUN_HISTORY_FAULTS);
  const one = record("run_1");
  const isStoredOnce = async (history: RunHistory) => {
    expect(await listAll(history, "org_a", 10)).toEqual(["run_1"]);
    expect((await history.events("org_a", "run_1", { after: 0, limit: 10 })).events).toStrictEqual(one.events);
  };

  proves("run-history:get:unknown-run", "an unknown run is not found", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.get("org_a", "run_unknown"));
  });

  proves("run-history:list:foreign-position", "a position it never answered is refused", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.list("org_a", { after: "nonsense", limit: 1 }));
  });

  proves("run-history:list:refused", "a refused log-in is the operator's to mend", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.list("org_a", { after: null, limit: 1 }));
  });

  const nothingThenAgain = [
    ["run-history:flush:deadlock", "after a deadlock nothing is stored, and the same record can be flushed"],
    ["run-history:flush:disk-full", "on a full disk nothing is stored, and the same record can be flushed"],
    ["run-history:flush:down", "when nobody listens nothing is stored, and the same record can be flushed"],
    ["run-history:flush:cut", "a cut leaves nothing of the run, and the same record can be flushed"],
  ] as const;
  for (const [id, sentence] of nothingThenAgain) {
    proves([id, "RNH10"], sentence, async ({ subject, arm, failsAsCatalogued }) => {
      await arm();
      await failsAsCatalogued(() => subject.flush(one));
      expect(await listAll(subject, "org_a", 10)).toEqual([]);
      await subject.flush(one);
      await isStoredOnce(subject);
    });
  }

  proves("run-history:flush:answer-lost", "an unknown outcome is settled by the same record", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.flush(one));
    await isStoredOnce(subject);
    await subject.flush(one);
    await isStoredOnce(subject);
  });

  proves("run-history:flush:duplicate", "the record is stored once", async ({ subject, arm }) => {
    await arm();
    await subject.flush(one);
    await subject.flush(one);
    await isStoredOnce(subject);
  });

  proves("run-history:flush:slow", "a slow flush is a flush", async ({ subject, arm }) => {
    await arm();
    await subject.flush(one);
    await isStoredOnce(subject);
  });

  proves("run-history:flush:out-of-order", "a run flushed after a newer one is listed below it", async ({ subject, arm }) => {
    await arm();
    await subject.flush(record("run_2", { startedAt: new Date(START + 1).toISOString() }));
    await subject.flush(one);
    expect(await listAll(subject, "org_a", 10)).toEqual(["run_2", "run_1"]);
  });
}
