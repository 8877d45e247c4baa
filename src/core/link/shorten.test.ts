import { expect, test } from "vitest";
import { shortenTexts } from "./shorten.ts";

test("long texts are cut in the middle wherever they are, and nothing else is touched", () => {
  const long = `head ${"x".repeat(1_000)} tail`;
  const { output, rest } = shortenTexts({ output: [long], rest: { text: "short", n: 1, none: null } }, 200);
  expect(rest).toEqual({ text: "short", n: 1, none: null });
  expect(output[0]?.length).toBeLessThanOrEqual(200);
  expect(output[0]).toMatch(/^head x+\n… \d+ characters are left out here …\nx+ tail$/);
});

test("a character of two units is not cut in half", () => {
  for (const unitsMax of [200, 201, 202, 203]) expect(shortenTexts("😀".repeat(500), unitsMax).isWellFormed()).toBe(true);
});
