import { expect, test } from "vitest";
import { hasMemoryFor, RECENT_MS, UNUSED_MS, warmTarget } from "./warm-size.ts";

const demand = { max: 3, startedAtMs: 0, createdAtMs: [], nowMs: 1_000 };

test("[WRM7] one waits before anybody asked, none where the cap is none", () => {
  expect(warmTarget(demand)).toBe(1);
  expect(warmTarget({ ...demand, max: 0 })).toBe(0);
});

test("[WRM7] as many wait as were asked for lately, up to the cap", () => {
  const nowMs = RECENT_MS * 2;
  const atMs = (count: number, agoMs: number): number[] => Array.from({ length: count }, () => nowMs - agoMs);
  expect(warmTarget({ ...demand, nowMs, createdAtMs: atMs(2, 1_000) })).toBe(2);
  expect(warmTarget({ ...demand, nowMs, createdAtMs: atMs(9, 1_000) })).toBe(3);
  expect(warmTarget({ ...demand, nowMs, createdAtMs: atMs(9, RECENT_MS) })).toBe(1);
});

test("[WRM7] none waits once nobody has asked for long, since the start too", () => {
  expect(warmTarget({ ...demand, nowMs: UNUSED_MS })).toBe(0);
  expect(warmTarget({ ...demand, nowMs: UNUSED_MS, createdAtMs: [1] })).toBe(1);
  expect(warmTarget({ ...demand, nowMs: UNUSED_MS + 1, createdAtMs: [1] })).toBe(0);
});

test("[WRM7] a machine needs memory for one and for the rest of its work", () => {
  expect([hasMemoryFor(1024 ** 3), hasMemoryFor(2 * 1024 ** 3)]).toEqual([false, true]);
});
