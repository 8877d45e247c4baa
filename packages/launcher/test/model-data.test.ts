import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MODEL_DATA } from "../../../src/compose/model-data.ts";
import { PriceBook, UNKNOWN_MODEL } from "../../../src/core/budget/price-book.ts";
import { readCatalogue } from "../src/model-catalogue.ts";
import { renderModelData, trimModels } from "../src/model-data.ts";

const trimmed = (catalogue: object) => trimModels(readCatalogue(JSON.stringify(catalogue)));

test("models.dev's layout is trimmed to addresses, limits and prices", () => {
  const models = {
    b: { limit: { context: 200_000, output: 64_000 }, cost: { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, context_over_200k: { input: 6, output: 22.5, cache_read: 0.6 } } },
    a: { limit: { context: 10, output: 5 }, cost: { input: 0.0375, output: 0.15, reasoning: 0.2 } },
    subscription: { cost: { input: 0, output: 0 } },
    unpriced: { limit: { context: 1, output: 1 } },
  };
  expect(trimmed({ anthropic: { id: "anthropic", models }, own: { api: "https://api.own.example/v1", models }, placed: { api: "https://{place}.example", models }, none: { api: "https://none.example", models: {} } })).toEqual([
    { id: "anthropic", host: "api.anthropic.com", models: { a: [10, 5, 37_500, 150_000, 0, 0, 200_000], b: [200_000, 64_000, 3_000_000, 15_000_000, 300_000, 3_750_000, 0, 200_000, 6_000_000, 22_500_000, 600_000, 0, 0] } },
    { id: "own", host: "api.own.example", models: expect.anything() },
  ]);
});

test("a catalogue that a package made of it is trimmed the same way", () => {
  const model = { baseUrl: "https://api.acme.example/v1", contextWindow: 9, maxTokens: 8, cost: { input: 1, output: 2, cacheRead: 0.1, cacheWrite: 0, longContext: { inputThreshold: 5, input: 2, output: 3 } } };
  expect(trimmed({ acme: { m: model } })).toEqual([{ id: "acme", host: "api.acme.example", models: { m: [9, 8, 1_000_000, 2_000_000, 100_000, 0, 0, 5, 2_000_000, 3_000_000, 0, 0, 0] } }]);
});

test("what is written reads back", async () => {
  const providers = trimmed({ acme: { m: { baseUrl: "https://api.acme.example", cost: { input: 1, output: 2 } } } });
  const text = renderModelData(providers, { takenOn: "2026-01-02", source: 'a "source"' });
  expect(text).toContain('takenOn: "2026-01-02"');
  const folder = mkdtempSync(join(tmpdir(), "berth-model-data-"));
  const file = join(folder, "model-data.ts");
  writeFileSync(file, text);
  const written = (await import(file).finally(() => rmSync(folder, { recursive: true }))) as { MODEL_DATA: typeof MODEL_DATA };
  expect(new PriceBook(written.MODEL_DATA).find("https://api.acme.example/v1", "m")?.price).toMatchObject({ input: 1_000_000, output: 2_000_000 });
});

test("the shipped list knows the great providers and says when it was taken", () => {
  const book = new PriceBook(MODEL_DATA);
  expect(book.takenOn).toMatch(/^20\d\d-\d\d-\d\d$/);
  for (const [baseUrl, model] of [["https://api.anthropic.com/v1", "claude-sonnet-4-5"], ["https://api.openai.com/v1", "gpt-5"], ["https://generativelanguage.googleapis.com/v1beta", "gemini-2.5-pro"]] as const) {
    const { price, contextTokens, outputTokens } = book.find(baseUrl, model) ?? UNKNOWN_MODEL;
    expect([price?.input, price?.output, contextTokens, outputTokens], model).toEqual([expect.any(Number), expect.any(Number), expect.any(Number), expect.any(Number)]);
    expect(price?.output).toBeGreaterThan(price?.input ?? Infinity);
  }
});
