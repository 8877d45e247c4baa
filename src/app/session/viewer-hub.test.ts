import { CLOSE_CODES, LIMITS, makeProblem, type ServerFrame, type SessionEvent } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect, test } from "vitest";
import { ManualTime } from "../../../test/system/support/manual-time.ts";
import type { Author } from "../session-handle.ts";
import type { SessionActor } from "./session-actor.ts";
import type { SessionService } from "./session-service.ts";
import { onViewerMessage } from "./viewer-actions.ts";
import { ViewerHub } from "./viewer-hub.ts";
import { newViewer, type ViewerAttachment } from "./viewer.ts";

const AUTHOR: Author = { actor: { kind: "user", id: "usr_1" }, apiKeyId: null, role: "member" };

function makeEvent(seq: number): SessionEvent {
  return { seq, id: `evt_${seq}`, at: "2026-01-02T03:04:05.000Z", type: "session.status", data: { status: "idle" } };
}

/** A hub over a log of so many events, and what its sockets were sent. */
function makeHub(count: number) {
  const log = Array.from({ length: count }, (_, i) => makeEvent(i + 1));
  const sent: ServerFrame[] = [];
  const hub = new ViewerHub(
    { eventTexts: (after, { limit }) => log.slice(after, after + limit).map((event) => JSON.stringify(event)), firstSeq: () => 1, lastSeq: () => log.length, openParts: () => [], archiveAfter: (after) => `after ${after}` },
    { now: () => 1_800_000_000_000, after: () => undefined },
  );
  const socket = { send: (text: string) => void sent.push(JSON.parse(text) as ServerFrame), close: () => undefined, save: () => undefined };
  const seqs = (): number[] => sent.flatMap((frame) => (frame.type === "frame" ? frame.events.map(({ seq }) => seq) : []));
  return { hub, sent, seqs, join: (attachment: ViewerAttachment) => hub.join(socket, attachment) };
}

const restored = (cursor: number): ViewerAttachment => ({ ...newViewer("con_1", AUTHOR, cursor), mode: "live", synced: true, frame: 7, ackedFrame: 7 });

test("a viewer whose socket outlived the object's memory gets what was committed before it was taken back, and no second `synced`", () => {
  const { sent, seqs, join } = makeHub(5);
  join(restored(3));
  expect(seqs()).toEqual([4, 5]);
  expect(sent.map(({ type }) => type)).toEqual(["frame"]);
  expect(sent[0]).toMatchObject({ frame: 8 });
});

test("one that has everything is sent nothing, and then what comes", () => {
  const { hub, seqs, join } = makeHub(5);
  join(restored(5));
  expect(seqs()).toEqual([]);
  hub.publish([makeEvent(6)]);
  expect(seqs()).toEqual([6]);
});

test("an action that breaks on our side is answered, and thrown on for the platform's log", async () => {
  const { hub, sent, join } = makeHub(0);
  const attachment = newViewer("con_1", AUTHOR, 0);
  join(attachment);
  const broken = { stop: () => { throw new Error("the disk is full"); } } as unknown as SessionService;
  const acting = onViewerMessage({ hub } as SessionActor, broken, { attachment, close: () => undefined }, '{"type":"stop","requestId":"r1"}', async (text) => text);
  await expect(acting).rejects.toThrow("the disk is full");
  expect(sent.at(-1)).toMatchObject({ type: "problem", requestId: "r1", problem: { type: makeProblem("internal", "").type } });
  expect(JSON.stringify(sent)).not.toContain("disk");
});

verifies("STR2", "who asked for short frames gets only the text where a tick goes on with the last one, and the same text as everybody", () => {
  const { time, say, hub, commit, frames } = makeTicking(true);
  const other = { partId: "part-2", offset: 0, text: "other" };
  const steps: (() => void)[] = [
    () => say("one "),
    () => say("two "),
    () => hub.publishDeltas([other]),
    () => say("three "),
    () => say("four "),
    commit,
    () => say("five"),
  ];
  for (const act of steps) {
    act();
    time.advance(60);
  }
  const sent = frames().map(({ frame }) => frame);
  expect(sent.map(({ type }) => type)).toEqual(["frame", "more", "frame", "frame", "more", "frame", "more"]);
  expect(sent.map(({ frame }) => frame)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(sent[1]).toEqual({ type: "more", frame: 2, text: "two " });
  expect(sent[6]).toEqual({ type: "more", frame: 7, text: "five" });
});

/** A hub with a clock, its live viewer and what that was sent, with the time of each frame. */
function makeTicking(short = false) {
  const time = new ManualTime(1_800_000_000_000);
  const log: SessionEvent[] = [];
  const sent: { readonly atMs: number; readonly frame: ServerFrame }[] = [];
  const hub = new ViewerHub(
    { eventTexts: (after, { limit }) => log.slice(after, after + limit).map((event) => JSON.stringify(event)), firstSeq: () => 1, lastSeq: () => log.length, openParts: () => [], archiveAfter: () => "" },
    time,
  );
  const start = time.now();
  hub.join({ send: (text) => void sent.push({ atMs: time.now() - start, frame: JSON.parse(text) as ServerFrame }), close: () => undefined, save: () => undefined }, newViewer("con_1", AUTHOR, 0, short));
  let offset = 0;
  const say = (text: string): void => {
    hub.publishDeltas([{ partId: "part-1", offset, text }]);
    offset += text.length;
  };
  const commit = (): void => {
    log.push(makeEvent(log.length + 1));
    hub.publish(log.slice(-1));
  };
  const frames = () => sent.flatMap(({ atMs, frame }) => (frame.type === "frame" || frame.type === "more" ? [{ atMs, frame }] : []));
  return { time, hub, say, commit, frames, times: () => frames().map(({ atMs }) => atMs) };
}

verifies("STR1", "the first change after a quiet time goes at once, and text that is thin is gathered for 50 ms", () => {
  const { time, say, times, frames } = makeTicking();
  for (let ms = 0; ms < 200; ms += 10) {
    say("four");
    time.advance(10);
  }
  expect(times()).toEqual([0, 50, 100, 150, 200]);
  expect(frames().flatMap(({ frame }) => (frame.type === "frame" ? frame.deltas.map(({ text }) => text) : [])).join("")).toBe("four".repeat(20));
  time.advance(100);
  say("late");
  expect(times().at(-1)).toBe(300);
});

verifies("STR1", "where there is more to say, or an event, the tick ends at 16 ms", () => {
  const { time, say, commit, times } = makeTicking();
  say("first");
  say("x".repeat(100));
  time.advance(15);
  expect(times()).toEqual([0]);
  time.advance(1);
  expect(times()).toEqual([0, 16]);
  time.advance(10);
  say("thin");
  commit();
  time.advance(6);
  expect(times()).toEqual([0, 16, 32]);
});

verifies("STR1", "what finds the tick over ends it itself, however late the timer is; so does 64 KB", () => {
  const { say, times } = makeTicking();
  say("first");
  say("x".repeat(64 * 1024));
  expect(times()).toEqual([0, 0]);
  let nowMs = 1_800_000_000_000;
  const sent: string[] = [];
  const hub = new ViewerHub(
    { eventTexts: () => [], firstSeq: () => 1, lastSeq: () => 0, openParts: () => [], archiveAfter: () => "" },
    { now: () => nowMs, after: () => undefined },
  );
  hub.join({ send: (text) => void sent.push(text), close: () => undefined, save: () => undefined }, newViewer("con_1", AUTHOR, 0));
  const frames = (): number => sent.filter((text) => text.startsWith('{"type":"frame"')).length;
  hub.publishDeltas([{ partId: "p", offset: 0, text: "a" }]);
  hub.publishDeltas([{ partId: "p", offset: 1, text: "b".repeat(100) }]);
  expect(frames()).toBe(1);
  nowMs += 16;
  hub.publishDeltas([{ partId: "p", offset: 101, text: "c" }]);
  expect(frames()).toBe(2);
});

verifies("STR2", "deltas that continue each other are one, and those of a part that ended in the tick are left out", () => {
  const { time, hub, say, frames } = makeTicking();
  say("first");
  say("a");
  say("b");
  hub.publishDeltas([{ partId: "part-2", offset: 0, text: "gone" }]);
  hub.publish([{ seq: 1, id: "evt_1", at: "2026-01-02T03:04:05.000Z", type: "part.ended", data: { part: { id: "part-2", kind: "text", text: "gone" } } }]);
  time.advance(50);
  expect(frames()[1]?.frame).toMatchObject({ events: [{ seq: 1 }], deltas: [{ partId: "part-1", offset: 5, text: "ab" }] });
});

verifies("STR3", "a viewer that acknowledges nothing is sent no more than may be under way, live and in replay, and is closed after 30 s", () => {
  const time = new ManualTime();
  const log = Array.from({ length: 2_000 }, (_, i): SessionEvent => ({ ...makeEvent(i + 1), type: "session.updated", data: { title: "x".repeat(10_000) } }));
  const closed: number[] = [];
  let bytes = 0;
  const hub = new ViewerHub(
    {
      eventTexts: (after, { limit, bytesMax }) => log.slice(after, after + Math.min(limit, Math.floor(bytesMax / 10_200))).map((event) => JSON.stringify(event)),
      firstSeq: () => 1,
      lastSeq: () => log.length,
      openParts: () => [],
      archiveAfter: () => "",
    },
    time,
  );
  const socket = (id: string) => ({ send: (text: string) => void (bytes += id === "con_1" ? text.length : 0), close: (code: number) => void closed.push(code), save: () => undefined });
  hub.join(socket("con_1"), newViewer("con_1", AUTHOR, 0));
  expect(bytes).toBeGreaterThan(LIMITS.viewerUnackedBytesMax / 2);
  expect(bytes).toBeLessThanOrEqual(LIMITS.viewerUnackedBytesMax);
  const before = bytes;
  for (let i = 0; i < 100; i++) {
    hub.publishDeltas([{ partId: "p", offset: i * 70_000, text: "y".repeat(70_000) }]);
    time.advance(100);
  }
  expect([bytes, closed]).toEqual([before, []]);
  time.advance(40_000);
  expect([bytes, closed, hub.size]).toEqual([before, [CLOSE_CODES.slowViewer], 0]);
});
