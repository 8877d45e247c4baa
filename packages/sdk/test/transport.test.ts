/** The parts under the transports: event-stream parsing, position, waits between repeats. */
import type { SessionEvent } from "@berth/protocol";
import { expect, test } from "vitest";
import { backoffMs, parseRetryAfter } from "../src/clock.ts";
import { LogCursor } from "../src/cursor.ts";
import { SseParser } from "../src/sse.ts";

const STREAM = ': hello\n\nid: 1\nevent: session.created\ndata: {"a":1}\n\ndata: two\r\ndata: lines\r\n\r\nevent: empty\n\nid: 3\ndata: last\n\n';
const EXPECTED = [
  { event: "session.created", data: '{"a":1}', id: "1" },
  { event: "message", data: "two\nlines", id: "1" },
  { event: "message", data: "last", id: "3" },
];

test("an event stream is the same in any pieces", () => {
  expect(new SseParser().push(STREAM)).toEqual(EXPECTED);
  for (let size = 1; size < 9; size++) {
    const parser = new SseParser();
    const pieces = STREAM.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
    expect(pieces.flatMap((piece) => parser.push(piece))).toEqual(EXPECTED);
  }
});

const events = (...seqs: number[]): SessionEvent[] => seqs.map((seq) => ({ seq }) as SessionEvent);
const seqs = ({ events: accepted }: { events: readonly SessionEvent[] }): number[] => accepted.map(({ seq }) => seq);

test("a position drops what was seen and stops at a gap", () => {
  const cursor = new LogCursor(2);
  expect(seqs(cursor.accept(events(1, 2, 3, 4)))).toEqual([3, 4]);
  const gap = cursor.accept(events(4, 5, 7));
  expect([seqs(gap), gap.gap, cursor.seq]).toEqual([[5], true, 5]);
});

test("a reset moves the position to where the server goes on, also back from one that never was", () => {
  const cursor = new LogCursor(10);
  expect([cursor.reset(11), cursor.seq]).toEqual([false, 10]);
  expect([cursor.reset(4), cursor.seq]).toEqual([true, 3]);
  expect([cursor.reset(40), cursor.seq]).toEqual([true, 39]);
  expect(seqs(cursor.accept(events(40)))).toEqual([40]);
});

test("waits double up to their bound and are never at once", () => {
  expect([0, 1, 2, 20].map((attempt) => backoffMs(attempt, 1))).toEqual([300, 600, 1200, 15_000]);
  expect(backoffMs(0, 0)).toBe(30);
});

test("Retry-After is seconds or a date", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(["7", "Thu, 01 Jan 2026 00:00:05 GMT", "soon", null].map((value) => parseRetryAfter(value, now))).toEqual([7000, 5000, undefined, undefined]);
});
