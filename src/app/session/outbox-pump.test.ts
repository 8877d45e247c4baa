/** The outbox's lanes over a store in memory, with targets that answer when the test says so. */
import { NO_USAGE, type NewEvent, type Run } from "@berth/protocol";
import { expect, test } from "vitest";
import { ManualTime } from "../../../test/system/support/manual-time.ts";
import { step } from "../../core/session/session.machine.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import { opening } from "../../core/session/testing.ts";
import type { RunRecord } from "../../ports/run-history/run-history.port.ts";
import { InMemorySessionStore, MemoryDisk } from "../../ports/session-store/session-store.fake.ts";
import type { OutboxEntry } from "../../ports/session-store/session-store.port.ts";
import { DELIVERY_MS, OutboxPump, RETRY_MAX_MS, RETRY_MIN_MS } from "./outbox-pump.ts";
import { PAGE_EVENTS } from "./outbox-delivery.ts";
import type { SessionPorts } from "./session-ports.ts";

type Target = OutboxEntry["target"];
interface Call {
  readonly target: Target;
  /** Id of the run, key of the publication, or the session's last `seq`. */
  readonly what: string;
  readonly atMs: number;
}

function ended(id: string): Run {
  const startedAt = new Date(0).toISOString();
  return { id, sessionId: "ses_1", messageId: `msg_${id}`, model: "demo/demo", author: { kind: "user", id: "usr_1" }, outcome: "completed", usage: NO_USAGE, costMicros: 0, startedAt, endedAt: startedAt };
}

/** Answers each call at once, until told otherwise. */
class Bench {
  readonly time = new ManualTime();
  readonly disk = new MemoryDisk();
  readonly store = new InMemorySessionStore({ disk: this.disk });
  readonly calls: Call[] = [];
  readonly records: RunRecord[] = [];
  readonly logged: object[] = [];
  answer: (target: Target) => Promise<void> = async () => undefined;
  emptied = 0;
  afterCommit: (run: () => void) => void = (run) => run();
  pump = this.open();
  #added = 0;

  open(): OutboxPump {
    const state = step(null, opening()).state as SessionState;
    const called = (target: Target, what: string): Promise<void> => {
      this.calls.push({ target, what, atMs: this.time.now() });
      return this.answer(target);
    };
    const ports: Partial<SessionPorts> = {
      store: this.store,
      timers: this.time,
      runHistory: { flush: (record: RunRecord) => called("run-history", record.run.id).then(() => void this.records.push(record)) } as SessionPorts["runHistory"],
      catalog: { upsertSession: (_org: string, { lastSeq }: { lastSeq: number }) => called("catalog", String(lastSeq)) } as unknown as SessionPorts["catalog"],
      feedOf: () => ({ publish: (_change: object, key: string) => called("event-bus", key) }) as unknown as ReturnType<SessionPorts["feedOf"]>,
      afterCommit: (run) => this.afterCommit(run),
      background: (work) => void work.catch((error: unknown) => this.logged.push({ event: "background-failed", error: String(error) })),
      log: (entry) => void this.logged.push(entry),
    };
    return new OutboxPump(ports as SessionPorts, () => state, () => undefined, () => (this.emptied += 1));
  }

  add(targets: readonly Target[], events: readonly NewEvent[] = []): void {
    const nextAttemptAtMs = this.time.now();
    const outboxAdd = targets.map((target) => {
      const n = ++this.#added;
      const payload = target === "run-history" ? { run: ended(`run_${n}`) } : { sessionId: "ses_1", removed: false };
      return { id: `${target}-${n}`, target, payload: JSON.stringify(payload), nextAttemptAtMs };
    });
    this.store.commit({ state: "{}", events, atMs: nextAttemptAtMs, outboxAdd, messages: [], answersAdd: [], outputsAdd: [] });
    this.pump.added();
  }

  /** Lets the object's alarm ring whenever it is set to, for so long. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.time.now() + ms;
    await quiet();
    for (let atMs = this.pump.wakeAtMs; atMs !== null && atMs <= untilMs; atMs = this.pump.wakeAtMs) {
      this.time.advance(Math.max(0, atMs - this.time.now()));
      this.pump.pump();
      await quiet();
    }
    this.time.advance(Math.max(0, untilMs - this.time.now()));
  }

  of(target: Target): string[] {
    return this.calls.filter((call) => call.target === target).map(({ what }) => what);
  }
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const NEVER = new Promise<void>(() => undefined);
const down = async (): Promise<void> => Promise.reject(new Error("connect ECONNREFUSED"));

test.each(["run-history", "catalog", "event-bus"] as const)("%s that never answers holds back none of the others", async (stuck) => {
  const bench = new Bench();
  bench.answer = (target) => (target === stuck ? NEVER : Promise.resolve());
  for (let i = 0; i < 3; i++) {
    bench.add(["run-history", "catalog", "event-bus"]);
    await quiet();
  }
  expect(bench.of(stuck)).toHaveLength(1);
  expect([...bench.disk.outbox.values()].every(({ target }) => target === stuck)).toBe(true);
});

test("a call without an answer is given up and made again, and one that answers late after all changes nothing", async () => {
  const bench = new Bench();
  let answerLate: () => void = () => undefined;
  bench.answer = () => new Promise((resolve) => void (answerLate = resolve));
  bench.add(["run-history", "run-history"]);
  await quiet();
  bench.answer = async () => undefined;
  await bench.pass(DELIVERY_MS - 1);
  expect(bench.of("run-history")).toEqual(["run_1"]);
  await bench.pass(DELIVERY_MS);
  answerLate();
  await quiet();
  expect(bench.of("run-history")).toEqual(["run_1", "run_1", "run_2"]);
  expect(bench.disk.outbox.size).toBe(0);
  expect(bench.pump.wakeAtMs).toBeNull();
});

test("pauses double up to a bound, for as long as it takes, and need no chance", async () => {
  const bench = new Bench();
  bench.answer = down;
  bench.add(["run-history"]);
  await bench.pass(10 * 60_000);
  const pauses = bench.calls.slice(1).map(({ atMs }, i) => atMs - (bench.calls[i]?.atMs ?? 0));
  expect(pauses.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 30].map((factor) => RETRY_MIN_MS * factor));
  expect(new Set(pauses.slice(5))).toEqual(new Set([RETRY_MAX_MS]));
  bench.answer = async () => undefined;
  await bench.pass(RETRY_MAX_MS);
  expect([bench.records.length, bench.disk.outbox.size]).toEqual([1, 0]);
});

test("runs arrive in their order over failures, new runs and a lost memory", async () => {
  const bench = new Bench();
  bench.answer = down;
  bench.add(["run-history"]);
  await bench.pass(600);
  bench.add(["run-history", "run-history"]);
  await bench.pass(100);
  bench.pump = bench.open();
  bench.answer = async () => undefined;
  bench.add(["run-history"]);
  await bench.pass(RETRY_MAX_MS);
  expect(bench.records.map(({ run }) => run.id)).toEqual(["run_1", "run_2", "run_3", "run_4"]);
});

test("hundreds of runs that waited go without a pause, with one summary for all", async () => {
  const bench = new Bench();
  bench.answer = down;
  for (let i = 0; i < 300; i++) bench.add(["run-history", "catalog", "event-bus"]);
  await bench.pass(5 * 60_000);
  bench.answer = async () => undefined;
  bench.calls.length = 0;
  await bench.pass(RETRY_MAX_MS);
  expect(bench.records.map(({ run }) => run.id)).toEqual(Array.from({ length: 300 }, (_, i) => `run_${3 * i + 1}`));
  // Those that were in the first, unanswered call, and all that came after.
  expect(bench.of("catalog").length).toBeLessThanOrEqual(2);
  expect(bench.of("event-bus").length).toBeLessThanOrEqual(2);
  expect(bench.disk.outbox.size).toBe(0);
});

test("what is published again keeps its key, and what was added meanwhile gets another", async () => {
  const bench = new Bench();
  bench.answer = down;
  bench.add(["event-bus", "event-bus"]);
  await bench.pass(100);
  bench.add(["event-bus"]);
  bench.answer = async () => undefined;
  await bench.pass(1_000);
  expect(bench.of("event-bus")).toEqual(["ses_1:event-bus-2", "ses_1:event-bus-2", "ses_1:event-bus-3"]);
});

test("a large run goes in pages, and a page that failed is repeated alone", async () => {
  const bench = new Bench();
  const events = Array.from({ length: 2 * PAGE_EVENTS + 30 }, (_, i): NewEvent => ({ type: "part.ended", runId: "run_1", data: { part: { id: `prt_${i}`, kind: "text", text: `${i}` } } }));
  bench.answer = async () => (bench.calls.length === 2 ? down() : undefined);
  bench.add(["run-history"], events);
  await bench.pass(RETRY_MIN_MS);
  expect(bench.records.map((record) => [record.events.length, record.partial])).toEqual([[PAGE_EVENTS, true], [PAGE_EVENTS, true], [30, false]]);
  expect(bench.records.flatMap((record) => record.events.map(({ seq }) => seq))).toEqual(events.map((_, i) => i + 1));
  expect(bench.calls).toHaveLength(4);
});

test("a page is never larger than a message may be, nor empty for one that is", async () => {
  const bench = new Bench();
  const text = "x".repeat(900_000);
  const events = [0, 1, 2, 3].map((i): NewEvent => ({ type: "part.ended", runId: "run_1", data: { part: { id: `prt_${i}`, kind: "text", text } } }));
  bench.add(["run-history"], events);
  await bench.pass(0);
  expect(bench.records.map((record) => record.events.length)).toEqual([2, 2]);
});

test("a store that cannot note what arrived is not asked again and again", async () => {
  const bench = new Bench();
  const full = (): never => {
    throw new Error("database or disk is full");
  };
  Object.assign(bench.store, { outboxDone: full, outboxRetry: full });
  bench.add(["run-history"]);
  await bench.pass(5_000);
  expect(bench.calls.length).toBeLessThanOrEqual(5_000 / RETRY_MIN_MS + 1);
  expect(bench.logged).toContainEqual({ event: "background-failed", error: "Error: database or disk is full" });
});

test("what is added is carried once it is written, and by the alarm where nobody says that it was", async () => {
  const bench = new Bench();
  const written: (() => void)[] = [];
  bench.afterCommit = (run) => void written.push(run);
  bench.add(["run-history", "catalog"]);
  bench.add(["catalog"]);
  await quiet();
  expect([bench.calls.length, written.length]).toEqual([0, 1]);
  const wakeAtMs = bench.pump.wakeAtMs ?? Infinity;
  expect(wakeAtMs - bench.time.now()).toBeGreaterThanOrEqual(DELIVERY_MS);
  written.shift()?.();
  await quiet();
  expect([bench.of("run-history").length, bench.disk.outbox.size]).toEqual([1, 0]);
  bench.add(["run-history"]);
  await bench.pass(2 * DELIVERY_MS);
  expect([bench.of("run-history").length, bench.disk.outbox.size, bench.pump.wakeAtMs]).toEqual([2, 0, null]);
});

test("a removed session is forgotten once, when nothing waits any more", async () => {
  const bench = new Bench();
  bench.answer = (target) => (target === "catalog" ? NEVER : Promise.resolve());
  bench.add(["run-history", "catalog"]);
  bench.pump.forgetWhenEmpty();
  await quiet();
  expect(bench.emptied).toBe(0);
  bench.answer = async () => undefined;
  await bench.pass(2 * DELIVERY_MS);
  expect(bench.emptied).toBe(1);
});
