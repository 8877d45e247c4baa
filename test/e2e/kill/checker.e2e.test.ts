/** The checker is worth what it finds: one piece of evidence that is right, and each way in which it can be wrong. */
import { describe, expect, test } from "vitest";
import { check, type Evidence, type SeenEvent } from "./checker.ts";

const event = (seq: number, type: string, n: number, data: SeenEvent["data"] = {}): SeenEvent => ({ seq, type, messageId: `msg_${n}`, runId: `run_${n}`, data });

function turnOf(n: number, first: number, outcome = "completed", data: SeenEvent["data"] = {}): SeenEvent[] {
  return [
    event(first, "message.queued", n, data),
    event(first + 1, "run.started", n),
    event(first + 2, "message.status", n, { status: outcome }),
    event(first + 3, "run.ended", n, { outcome }),
  ];
}

function right(): Evidence {
  const log = [...turnOf(1, 1), ...turnOf(2, 5, "interrupted"), ...turnOf(3, 9, "completed", { continues: "msg_2" })];
  const runs = [1, 2, 3].map((n) => ({
    id: `run_${n}`,
    messageId: `msg_${n}`,
    outcome: n === 2 ? "interrupted" : "completed",
    events: log.filter(({ runId }) => runId === `run_${n}`).map((each) => ({ seq: each.seq, event: each })),
  }));
  return { accepted: [1, 2].map((n) => ({ key: `k${n}`, messageId: `msg_${n}` })), ledger: ["k1"], log, runs, mayEnd: ["interrupted"] };
}

/** The log without one event, the others numbered anew, so that only that one is missing. */
function without(evidence: Evidence, type: string, n: number): Evidence {
  const log = evidence.log.filter((each) => each.type !== type || each.messageId !== `msg_${n}`).map((each, at) => ({ ...each, seq: at + 1 }));
  return { ...evidence, log };
}

const WRONG: readonly (readonly [what: string, kind: string, change: (evidence: Evidence) => Evidence])[] = [
  ["an event twice", "twice", (e) => ({ ...e, log: [...e.log.slice(0, 3), ...e.log.slice(2)] })],
  ["a hole in the log", "wrong", (e) => ({ ...e, log: e.log.filter(({ seq }) => seq !== 3) })],
  ["two events in the wrong order", "wrong", (e) => ({ ...e, log: e.log.with(2, e.log[3] as SeenEvent).with(3, e.log[2] as SeenEvent) })],
  ["an accepted message that is not in the log", "lost", (e) => ({ ...e, accepted: [...e.accepted, { key: "k9", messageId: "msg_9" }] })],
  ["a key accepted as two messages", "twice", (e) => ({ ...e, accepted: [...e.accepted, { key: "k1", messageId: "msg_2" }] })],
  ["a message queued that nobody was told of", "twice", (e) => ({ ...e, accepted: e.accepted.slice(1) })],
  ["a message queued twice", "twice", (e) => ({ ...e, log: [...e.log, event(13, "message.queued", 1)] })],
  ["a message that never ended", "lost", (e) => without(e, "message.status", 1)],
  ["a message that ended twice", "twice", (e) => ({ ...e, log: [...e.log, event(13, "message.status", 1, { status: "failed" })] })],
  ["a message started twice", "twice", (e) => ({ ...e, log: [...e.log, event(13, "run.started", 1)] })],
  ["an end that is not allowed", "wrong", (e) => ({ ...e, mayEnd: [] })],
  ["an effect twice", "twice", (e) => ({ ...e, ledger: ["k1", "k1"] })],
  ["two effects of an interrupted message", "twice", (e) => ({ ...e, ledger: ["k1", "k2", "k2"] })],
  ["no effect of a completed message", "lost", (e) => ({ ...e, ledger: [] })],
  ["an effect of what was never accepted", "wrong", (e) => ({ ...e, ledger: ["k1", "k7"] })],
  ["a run that is not in Postgres", "lost", (e) => ({ ...e, runs: e.runs.slice(1) })],
  ["a run twice in Postgres", "twice", (e) => ({ ...e, runs: [...e.runs, ...e.runs.slice(0, 1)] })],
  ["a run in Postgres that never ended", "wrong", (e) => ({ ...e, runs: [...e.runs, { id: "run_9", messageId: "msg_9", outcome: "completed", events: [] }] })],
  ["another outcome in Postgres", "wrong", (e) => ({ ...e, runs: e.runs.map((run) => ({ ...run, outcome: "failed" })) })],
  ["an event missing in Postgres", "lost", (e) => ({ ...e, runs: e.runs.map((run) => ({ ...run, events: run.events.slice(1) })) })],
  ["an event twice in Postgres", "twice", (e) => ({ ...e, runs: e.runs.map((run) => ({ ...run, events: [...run.events, ...run.events.slice(0, 1)] })) })],
  ["an event under another number in Postgres", "wrong", (e) => ({ ...e, runs: e.runs.map((run) => ({ ...run, events: run.events.map((each) => ({ ...each, seq: each.seq + 1 })) })) })],
];

describe("the checker", () => {
  test("[KIL9] finds nothing where nothing is wrong, also when an interrupted message took its one effect", () => {
    expect(check(right())).toEqual([]);
    expect(check({ ...right(), ledger: ["k2", "k1"] })).toEqual([]);
  });

  test.each(WRONG)("[KIL9] finds %s", (_what, kind, change) => {
    expect(check(change(right())).map((breach) => breach.kind)).toContain(kind);
  });
});
