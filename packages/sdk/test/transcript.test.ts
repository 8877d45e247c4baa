/** The reducer: any batching, any repeat, the same transcript. */
import type { NewEvent, SessionEvent } from "@berth/protocol";
import { expect, test } from "vitest";
import { answerText, applyDelta, applyDeltas, applyEvent, applyEvents, emptyTranscript, queuedTurns } from "@berth/sdk";

function log(...events: NewEvent[]): SessionEvent[] {
  return events.map((event, at) => ({ ...event, seq: at + 1, id: `ev_${at + 1}`, at: `2026-01-01T00:00:0${at % 10}.000Z` }) as SessionEvent);
}

const queued = (messageId: string, text: string): NewEvent => ({ type: "message.queued", messageId, data: { text, model: "demo/demo", position: 0 } });
const status = (messageId: string, value: "running" | "completed" | "cancelled" | "stopped"): NewEvent => ({ type: "message.status", messageId, data: { status: value } });
const started = (messageId: string, id: string): NewEvent => ({ type: "part.started", messageId, data: { part: { id, kind: "text", text: "" } } });
const ended = (messageId: string, id: string, text: string): NewEvent => ({ type: "part.ended", messageId, data: { part: { id, kind: "text", text } } });

const TURN = log(queued("m1", "hello"), status("m1", "running"), started("m1", "p1"), ended("m1", "p1", "Hello!"), status("m1", "completed"));

test("a turn holds its message, its parts and how it ended", () => {
  const { turns, lastSeq } = applyEvents(emptyTranscript(), TURN);
  expect(turns).toHaveLength(1);
  expect(turns[0]).toMatchObject({ messageId: "m1", text: "hello", status: "completed" });
  expect(answerText(turns[0] as never)).toBe("Hello!");
  expect(lastSeq).toBe(5);
});

test("events seen twice, alone or in a batch that overlaps, change nothing", () => {
  const once = applyEvents(emptyTranscript(), TURN);
  expect(applyEvents(once, TURN)).toBe(once);
  expect(applyEvents(applyEvents(emptyTranscript(), TURN.slice(0, 3)), TURN)).toEqual(once);
});

test("text grows by deltas; what is known is not added twice, what comes after a gap is left out", () => {
  const open = applyEvents(emptyTranscript(), TURN.slice(0, 3));
  const textAfter = (...deltas: { offset: number; text: string }[]): string =>
    answerText(applyDeltas(open, deltas.map((delta) => ({ partId: "p1", ...delta }))).turns[0] as never);
  expect(textAfter({ offset: 0, text: "Hel" }, { offset: 3, text: "lo" })).toBe("Hello");
  expect(textAfter({ offset: 0, text: "Hel" }, { offset: 0, text: "Hello" })).toBe("Hello");
  expect(textAfter({ offset: 0, text: "Hello" }, { offset: 0, text: "Hel" })).toBe("Hello");
  expect(textAfter({ offset: 0, text: "Hel" }, { offset: 4, text: "o" })).toBe("Hel");
});

test("the end of a part supersedes its deltas, and later ones are ignored", () => {
  let transcript = applyEvents(emptyTranscript(), TURN.slice(0, 3));
  transcript = applyDelta(transcript, { partId: "p1", offset: 0, text: "Hullo" });
  transcript = applyEvents(transcript, TURN);
  expect(answerText(transcript.turns[0] as never)).toBe("Hello!");
  expect(applyDelta(transcript, { partId: "p1", offset: 6, text: "?" })).toBe(transcript);
});

test("a turn that nothing happened to keeps its identity", () => {
  const first = applyEvents(emptyTranscript(), TURN);
  const second = applyEvent(first, { ...(log(queued("m2", "again"))[0] as SessionEvent), seq: 6 });
  expect(second.turns[0]).toBe(first.turns[0]);
  expect(queuedTurns(second).map(({ messageId }) => messageId)).toEqual(["m2"]);
});

test("a request is answered where it was asked", () => {
  const asked = log(queued("m1", "x"), status("m1", "running"), { type: "permission.asked", messageId: "m1", data: { requestId: "r1", tool: "bash", title: "Run", patterns: [] } });
  const answered = [...asked, ...log({ type: "request.answered", data: { requestId: "r1", answer: { kind: "permission", reply: "once" } } }).map((event) => ({ ...event, seq: 4 }))];
  expect(applyEvents(emptyTranscript(), asked).turns[0]?.items[0]).toMatchObject({ kind: "permission", answer: null });
  expect(applyEvents(emptyTranscript(), answered).turns[0]?.items[0]).toMatchObject({ answer: { reply: "once" } });
});

test("an event of a type from the future moves the position and nothing else", () => {
  const before = applyEvents(emptyTranscript(), TURN);
  const after = applyEvent(before, { seq: 6, id: "ev_6", at: "", type: "galaxy.formed", data: {} } as unknown as SessionEvent);
  expect(after).toEqual({ ...before, lastSeq: 6 });
});

test("what was covered stands in its turn before what would have shown it", () => {
  const secrets = [{ kind: "value", name: "API_KEY" }] as const;
  const { turns } = applyEvents(emptyTranscript(), log(queued("m1", "a"), status("m1", "running"), { type: "secrets.masked", messageId: "m1", data: { secrets: [...secrets] } }));
  expect(turns[0]?.items).toMatchObject([{ kind: "masked", secrets }]);
});

test("what names no message belongs to the newest turn that has begun", () => {
  const events = log(queued("m1", "a"), status("m1", "running"), queued("m2", "b"), { type: "workspace.applied", data: { branch: "berth/a", commit: "abc", filesChanged: 1 } });
  const { turns } = applyEvents(emptyTranscript(), events);
  expect(turns.map(({ items }) => items.length)).toEqual([1, 0]);
});

test("waiting messages change places, and what stands in for an interrupted one goes before them", () => {
  const running = log(
    queued("m1", "one"),
    status("m1", "running"),
    { type: "run.started", messageId: "m1", runId: "r1", data: { model: "demo/demo", epoch: 1 } },
    queued("m2", "two"),
    queued("m3", "three"),
    { type: "message.moved", messageId: "m3", data: { position: 1 } },
  );
  const transcript = applyEvents(emptyTranscript(), running);
  expect(transcript.turns.map(({ messageId }) => messageId)).toEqual(["m1", "m3", "m2"]);
  const next = { ...log({ type: "message.queued", messageId: "m1.2", data: { text: "go on", model: "demo/demo", position: 0, continues: "m1" } })[0], seq: 7 } as SessionEvent;
  expect(applyEvent(transcript, next).turns.map(({ messageId, continues }) => [messageId, continues])).toEqual([["m1", null], ["m1.2", "m1"], ["m3", null], ["m2", null]]);
});

test("steering, stopping and saving are told as they are", () => {
  const { turns, savedAt, saveFailure, restoredAt, sandbox } = applyEvents(
    emptyTranscript(),
    log(
      { type: "sandbox.status", data: { epoch: 1, phase: "requested", backend: "process", insteadOf: { backend: "docker", failure: { code: "away", message: "Docker is away." } } } },
      { type: "sandbox.status", data: { epoch: 1, phase: "ready", backend: "process", isolation: "bubblewrap" } },
      queued("m1", "one"),
      { type: "run.started", messageId: "m1", runId: "r1", data: { model: "demo/demo", epoch: 1 } },
      { type: "run.stopping", messageId: "m1", runId: "r1", data: { reason: "person" } },
      { type: "message.queued", messageId: "m2", data: { text: "two", model: "demo/demo", position: 1, delivery: "steer" } },
      { type: "message.steer-deferred", messageId: "m2", data: { reason: "refused" } },
      { type: "workspace.checkpoint", data: { phase: "saved", epoch: 1, checkpoint: { id: "c1", files: 1, bytes: 1 } } },
      { type: "workspace.checkpoint", data: { phase: "failed", epoch: 1, failure: { code: "full", message: "Full." } } },
    ),
  );
  expect(turns.map(({ steers, deferred, run }) => [steers, deferred, run?.stopping])).toEqual([[false, null, true], [true, "refused", undefined]]);
  expect([savedAt, saveFailure?.code, restoredAt]).toEqual(["2026-01-01T00:00:07.000Z", "full", null]);
  expect(sandbox).toMatchObject({ phase: "ready", isolation: "bubblewrap", insteadOf: { backend: "docker" } });
});

test("a call whose end was made for it keeps what went into it", () => {
  const call = { name: "bash", callId: "c1" };
  const { turns } = applyEvents(
    emptyTranscript(),
    log(
      queued("m1", "one"),
      status("m1", "running"),
      { type: "part.started", messageId: "m1", data: { part: { id: "p1", kind: "tool", tool: { ...call, status: "running", input: { command: "sleep 9" } } } } },
      { type: "part.ended", messageId: "m1", data: { part: { id: "p1", kind: "tool", tool: { ...call, status: "failed", error: "cut" } } } },
    ),
  );
  expect(turns[0]?.items[0]).toMatchObject({ open: false, part: { tool: { status: "failed", error: "cut", input: { command: "sleep 9" } } } });
});

test("the cap that a session waits for is known while it waits", () => {
  const reached = { budget: "org.cost", scope: "org", unit: "cost", limit: 2, spent: 1, reserved: 0, needed: 2 } as const;
  const events = log({ type: "budget.reached", data: reached }, { type: "session.status", data: { status: "waiting", waitingFor: "budget" } }, { type: "budget.lifted", data: { budget: "org.cost" } }, { type: "budget.reached", data: reached }, { type: "session.status", data: { status: "starting" } });
  const after = (count: number) => applyEvents(emptyTranscript(), events.slice(0, count)).budget;
  expect([1, 2, 3, 4, 5].map(after)).toEqual([reached, reached, null, reached, null]);
});

test("an environment says what became of its script and what that printed; one that begins again prints anew", () => {
  const environment = { id: "env_1", name: "Tests" };
  const created: NewEvent = { type: "session.created", data: { title: "One", model: "demo/demo", workspace: { kind: "empty" }, environment } };
  const said = (phase: "setting-up" | "ready" | "failed" | "removed", failure?: { code: string; message: string }): NewEvent => ({ type: "environment.status", data: { environment, phase, ...(failure && { failure }) } });
  const printed = (text: string): NewEvent => ({ type: "environment.output", data: { text } });
  const seen = (...events: NewEvent[]) => applyEvents(emptyTranscript(), log(created, ...events)).environment;
  expect(seen()).toEqual({ ...environment, phase: null, failure: null, output: "" });
  const cut = { code: "setup-cut", message: "The sandbox ended." };
  expect(seen(said("setting-up"), printed("a\n"), printed("b\n"), said("failed", cut))).toEqual({ ...environment, phase: "failed", failure: cut, output: "a\nb\n" });
  expect(seen(said("setting-up"), printed("a\n"), said("failed", cut), said("setting-up"), printed("c\n"), said("ready"))).toEqual({ ...environment, phase: "ready", failure: null, output: "c\n" });
  expect(applyEvents(emptyTranscript(), log({ type: "session.created", data: { title: "One", model: "demo/demo", workspace: { kind: "empty" } } })).environment).toBeNull();
});
