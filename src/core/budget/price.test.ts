import { NO_USAGE, type Usage } from "@berth/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PriceBook, type PriceData } from "./price-book.ts";
import { costAtMost, costOf, FREE, type ModelPrice } from "./price.ts";

const SONNET: ModelPrice = { input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000, reasoning: 15_000_000, long: null };
const usage = (part: Partial<Usage>): Usage => ({ ...NO_USAGE, ...part });

test.each([
  ["input", { inputTokens: 1_000 }, 3_000],
  ["output", { outputTokens: 1_000 }, 15_000],
  ["what a cache gave", { cacheReadTokens: 1_000 }, 300],
  ["what a cache took", { cacheWriteTokens: 1_000 }, 3_750],
  ["everything at once", { inputTokens: 12, outputTokens: 34, reasoningTokens: 4, cacheReadTokens: 56, cacheWriteTokens: 78 }, 856],
  ["a fraction of a millionth", { cacheReadTokens: 1 }, 1],
  ["nothing", {}, 0],
])("%s is priced, rounded up once", (_, part, micros) => {
  expect(costOf(SONNET, usage(part))).toBe(micros);
});

test("reasoning has its own price and is no part of the other output", () => {
  expect(costOf({ ...SONNET, reasoning: 1_000_000 }, usage({ outputTokens: 1_000, reasoningTokens: 600 }))).toBe(400 * 15 + 600);
  expect(costOf(SONNET, usage({ outputTokens: 10, reasoningTokens: 99 }))).toBe(150);
});

test("a call with much input has the rates of such calls", () => {
  const tiered = { ...SONNET, long: { ...SONNET, input: 6_000_000, aboveTokens: 200_000 } };
  expect(costOf(tiered, usage({ inputTokens: 200_000 }))).toBe(600_000);
  expect(costOf(tiered, usage({ inputTokens: 150_000, cacheReadTokens: 50_001 }))).toBe(900_000 + 15_001);
});

test("the demo model costs nothing, and the largest counts stay exact", () => {
  expect(costOf(FREE, usage({ inputTokens: 9_999_999, outputTokens: 9 }))).toBe(0);
  expect(costOf({ ...FREE, output: 600_000_001 }, usage({ outputTokens: 2_000_000_001 }))).toBe(1_200_000_002_601);
});

test("no call of at most the reserved size costs more than what was reserved for it", () => {
  const tokens = fc.nat({ max: 2_000_000 });
  const rate = fc.nat({ max: 600_000_000 });
  const rates = fc.record({ input: rate, output: rate, cacheRead: rate, cacheWrite: rate, reasoning: rate });
  fc.assert(
    fc.property(rates, fc.option(fc.tuple(rates, tokens)), fc.tuple(tokens, tokens, tokens, tokens, tokens), tokens, (given, tier, [input, output, reasoning, read, write], less) => {
      const price = { ...given, long: tier && { ...tier[0], aboveTokens: tier[1] } };
      const used = usage({ inputTokens: input, outputTokens: output, reasoningTokens: reasoning, cacheReadTokens: read, cacheWriteTokens: write });
      expect(costOf(price, used)).toBeLessThanOrEqual(costAtMost(price, input + read + write + less, output + less));
    }),
  );
});

const DATA: PriceData = {
  takenOn: "2026-01-02",
  source: "example",
  providers: [
    { id: "acme", host: "api.acme.example", models: JSON.stringify({ one: [1000, 100, 2, 4, 0, 0, 0], "two-2026-01-01": [0, 0, 0, 0, 0, 0, 0], big: [0, 0, 1, 2, 0, 0, 0, 500, 3, 4, 0, 0, 0], both: [10, 9, 5, 1, 0, 0, 0] }) },
    { id: "acme-plan", host: "api.acme.example", models: JSON.stringify({ one: [9, 9, 1, 3, 0, 0, 0], both: [9, 10, 1, 7, 0, 6, 0, 400, 2, 8, 0, 0, 0] }) },
  ],
};

test("a model is found by its provider's address, whatever the provider is called", () => {
  const book = new PriceBook(DATA);
  const one = { contextTokens: 1000, outputTokens: 100, price: { input: 2, output: 4, cacheRead: 2, cacheWrite: 2, reasoning: 4, long: null } };
  for (const name of ["one", "models/one"]) expect(book.find("https://api.acme.example/v1", name)).toEqual(one);
  expect(book.find("https://api.acme.example/other/", "one-20260102")).toEqual(one);
  expect(book.find("https://api.acme.example/v1", "big")?.price?.long).toEqual({ aboveTokens: 500, input: 3, output: 4, cacheRead: 3, cacheWrite: 3, reasoning: 4 });
});

test("of two offers at one address the most of each rate and limit counts", () => {
  const dearest = { input: 5, output: 7, cacheRead: 5, cacheWrite: 6, reasoning: 7 };
  const long = { input: 5, output: 8, cacheRead: 5, cacheWrite: 5, reasoning: 8, aboveTokens: 400 };
  expect(new PriceBook(DATA).find("https://api.acme.example/v1", "both")).toEqual({ contextTokens: 10, outputTokens: 10, price: { ...dearest, long } });
});

test.each([
  ["https://api.acme.example.evil/v1", "one"],
  ["https://api.acme.example/v1", "none"],
  ["https://api.acme.example/v1", "constructor"],
  ["https://api.acme.example/v1", "two-2026-01-01"],
  ["not an address", "one"],
])("%s has no price for %s", (baseUrl, model) => {
  expect(new PriceBook(DATA).find(baseUrl, model)?.price ?? null).toBeNull();
});
