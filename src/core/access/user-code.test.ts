import { expect, test } from "vitest";
import { makeUserCode, showUserCode } from "./user-code.ts";

test("a code is two groups of four letters out of twenty, each as likely", () => {
  const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  expect(makeUserCode(every)).toBe("BCDF-GHJK");
  expect(makeUserCode(every.slice(240))).toBe("");
  const seen = new Map<string, number>();
  for (let start = 0; start < 240; start += 8) for (const letter of makeUserCode(every.slice(start, start + 8)).replace("-", "")) seen.set(letter, (seen.get(letter) ?? 0) + 1);
  expect([seen.size, new Set(seen.values())]).toEqual([20, new Set([12])]);
});

test.each([
  ["bcdf-ghjk", "BCDF-GHJK"],
  [" bcdf ghjk ", "BCDF-GHJK"],
  ["BCDFGHJK", "BCDF-GHJK"],
  ["BCDF-GHJ", ""],
  ["BCDF-GHJA", ""],
  ["BCDF-GHJKK", ""],
  ["", ""],
])("%j is read as %j", (typed, shown) => {
  expect(showUserCode(typed)).toBe(shown);
});
