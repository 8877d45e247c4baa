/** Positions in lists. */
import { describe, expect, test } from "vitest";
import { decodePosition, encodePosition, newestFirst } from "./position.ts";

describe("a list position", () => {
  test("is read back as it was written", () => {
    const position = { atMs: 1_795_000_000_000, id: "ses_01abc" };
    expect(decodePosition(encodePosition(position))).toEqual(position);
  });

  test.each(["", "x", "12", ".id", "12.", "1e3.id", "-1.id", "9999999999999999.id", "12.a b", "12.a'--"])("%j is none", (text) => {
    expect(decodePosition(text)).toBeNull();
  });

  test("orders the newest first, and the greater id first among equals", () => {
    const a = { atMs: 2, id: "a" };
    const b = { atMs: 1, id: "Z" };
    const c = { atMs: 1, id: "a" };
    expect([b, a, c].sort(newestFirst)).toEqual([a, c, b]);
  });
});
