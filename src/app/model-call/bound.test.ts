/** That what is reserved for a call is never less than what it costs, whatever the agent's bytes ask for. */
import { NO_USAGE, type Usage } from "@berth/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ModelFacts } from "../../core/budget/price-book.ts";
import { costOf, FREE, type ModelPrice } from "../../core/budget/price.ts";
import type { ModelWire } from "../../ports/model-gateway/model-gateway.port.ts";
import { boundOf, HIDDEN_TOKENS, type Bound } from "./bound.ts";
import { readCall } from "./read-call.ts";

const PRICE: ModelPrice = { input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000, reasoning: 15_000_000, long: null };
const KNOWN: ModelFacts = { contextTokens: 200_000, outputTokens: 32_000, price: PRICE };

function bound(body: object, facts: ModelFacts = KNOWN, wire: ModelWire = "openai-compatible"): Bound {
  const asked = readCall(wire, "/chat/completions", new TextEncoder().encode(JSON.stringify(body)));
  if ("problem" in asked) throw new Error(asked.problem);
  return boundOf(asked, facts);
}

const SAID = { model: "m", messages: [{ role: "user", content: "a" }] };
const BYTES = JSON.stringify(SAID).length;
const PICTURE = { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://pictures.example/a.png" } }] }] };

test.each([
  ["what it asks for", { ...SAID, max_tokens: 10 }, KNOWN, BYTES + 16 + 10, null],
  ["more than the model is known to give, since it asks for it", { ...SAID, max_tokens: 99_999 }, KNOWN, BYTES + 19 + 99_999, null],
  ["every answer", { ...SAID, max_tokens: 10, n: 7 }, KNOWN, BYTES + 22 + 70, null],
  ["what the model can give", SAID, KNOWN, BYTES + 32_000, null],
  ["what the model can read, where nobody knows what it gives", SAID, { ...KNOWN, outputTokens: null }, BYTES + 200_000, null],
  ["a guess, where nobody knows anything", SAID, { ...KNOWN, outputTokens: null, contextTokens: null }, BYTES + 8_192, { of: "output" }],
  ["all that the model can read, for a picture", { ...PICTURE, max_tokens: 1 }, KNOWN, 200_001, null],
  ["no more than the model can read", { ...SAID, max_tokens: 1 }, { ...KNOWN, contextTokens: 20 }, 21, null],
  ["what a provider adds for tools", { ...SAID, max_tokens: 1, tools: [] }, KNOWN, BYTES + 26 + 1 + HIDDEN_TOKENS, null],
] as const)("%s is reserved", (_, body, facts, tokens, openEnd) => {
  const known = bound(body, facts);
  expect(known).toMatchObject({ tokens, openEnd });
  expect(known.likely.tokens).toBeLessThanOrEqual(tokens);
});

test("a picture for a model of unknown size, an unknown setting and an unknown price have no end; what is free has", () => {
  const unsized = { ...KNOWN, contextTokens: null };
  expect(bound({ ...PICTURE, max_tokens: 1 }, unsized).openEnd).toEqual({ of: "input" });
  expect(bound({ ...SAID, plugins: [] }).openEnd).toEqual({ of: "setting", name: "plugins" });
  expect(bound(SAID, { ...KNOWN, price: null })).toMatchObject({ costMicros: null, openEnd: { of: "price" } });
  expect(bound({ ...SAID, plugins: [] }, { ...unsized, price: FREE })).toMatchObject({ costMicros: 0, openEnd: null });
});

test.each([
  ["a third of the bytes, half of it from a cache, and the limit of the output", { ...SAID, max_tokens: 10 }, KNOWN, 24 + 10, 190],
  ["what is added for tools, in full", { ...SAID, max_tokens: 10, tools: [] }, KNOWN, 28 + HIDDEN_TOKENS + 10, 1_886],
  ["no more output than the model has", { ...SAID, max_tokens: 99_999 }, KNOWN, 25 + 32_000, 480_043],
  ["no more for a picture in the body than its bytes say", { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }] }], max_tokens: 1 }, KNOWN, 43 + 1, 88],
  ["what is kept elsewhere, in full", { ...PICTURE, max_tokens: 1 }, KNOWN, 200_001, 330_015],
] as const)("likely is %s", (_, body, facts, tokens, costMicros) => {
  expect(bound(body, facts).likely).toEqual({ tokens, costMicros });
});

/** Providers as they are: which limits each knows, whether it takes a text for a number, what else than text it charges for. */
const odd = fc.oneof({ weight: 8, arbitrary: fc.nat({ max: 200_000 }) }, { weight: 1, arbitrary: fc.nat({ max: 200_000 }).map(String) }, { weight: 1, arbitrary: fc.constantFrom(null, -1, 0.5, [], 1e12, true) });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const text = fc.string({ maxLength: 200 });
const piece = fc.oneof(text, fc.array(fc.oneof(text.map((said) => ({ type: "text", text: said })), fc.constant({ type: "image_url", image_url: { url: "https://pictures.example/a.png" } }), fc.constant({ type: "file", file: { file_id: "file-1" } })), { maxLength: 3 }));
const messages = fc.array(fc.record({ role: fc.constant("user"), content: piece }), { maxLength: 4 });
const count = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 128 }) }, { weight: 1, arbitrary: odd });
/** What no provider of the wire should be sent, and what the agent may send all the same. */
const strays = fc.oneof({ weight: 6, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.constantFrom({ plugins: [{ id: "web" }] }, { MAX_TOKENS: 9 }, { n: "128" }, { tools: [{ type: "web_search" }] }, { models: ["dearer"] }) });
const ownTools = maybe(fc.constant([{ type: "function", function: { name: "read" } }]));
const stray = <T extends object>(usual: fc.Arbitrary<T>) => fc.tuple(usual, strays).map(([body, more]) => ({ ...body, ...more }));
const chat = stray(fc.record({ model: fc.constant("m"), messages, max_tokens: maybe(odd), max_completion_tokens: maybe(odd), n: maybe(count), best_of: maybe(count), tools: ownTools }));
const responses = stray(fc.record({ input: text, max_output_tokens: maybe(odd), max_tokens: maybe(fc.constant(1)), previous_response_id: maybe(fc.constant("resp_1")), tools: ownTools }));
const anthropic = stray(fc.record({ messages, max_tokens: maybe(odd), system: maybe(text) }));
const contents = fc.record({
  contents: fc.array(fc.record({ parts: fc.array(fc.oneof(text.map((said) => ({ text: said })), fc.constant({ fileData: { mimeType: "application/pdf" } })), { maxLength: 3 }) }), { maxLength: 3 }),
  generationConfig: maybe(fc.record({ maxOutputTokens: maybe(odd), candidateCount: maybe(count) })),
  cachedContent: maybe(fc.constant("cachedContents/a")),
  tools: maybe(fc.constantFrom([{ functionDeclarations: [] }], [{ googleSearch: {} }])),
});

interface Manner {
  /** Members it reads its limit from, the first that is there. */
  readonly limits: readonly string[];
  readonly takesText: boolean;
}
const manner: fc.Arbitrary<Manner> = fc.record({ limits: fc.constantFrom(["max_tokens"], ["max_tokens", "max_completion_tokens"], ["max_completion_tokens", "max_tokens"]), takesText: fc.boolean() });
const rate = fc.nat({ max: 80_000_000 });
const rates = fc.record({ input: rate, output: rate, cacheRead: rate, cacheWrite: rate, reasoning: rate });
const facts: fc.Arbitrary<ModelFacts> = fc.record({
  contextTokens: fc.option(fc.integer({ min: 1_000, max: 2_000_000 })),
  outputTokens: fc.option(fc.integer({ min: 1, max: 400_000 })),
  price: fc.tuple(rates, fc.option(fc.tuple(rates, fc.nat({ max: 300_000 })))).map(([base, tier]) => ({ ...base, long: tier && { ...tier[0], aboveTokens: tier[1] } })),
});
const portions = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));

type Body = Readonly<Record<string, unknown>>;

/** What this provider counts at most: it obeys the body, fills every answer, and knows no limit but the model's otherwise. */
function largestUsage(body: Body, { limits, takesText }: Manner, { contextTokens, outputTokens }: ModelFacts, [read, write, thought]: readonly [number, number, number]): Usage {
  const config = (body["generationConfig"] ?? body) as Body;
  const numberIn = (names: readonly string[]): number | null => {
    const value = names.map((name) => config[name]).find((one) => one !== undefined && one !== null);
    const count = takesText && typeof value === "string" ? Number(value) : value;
    return typeof count === "number" && Number.isInteger(count) && count > 0 ? count : null;
  };
  // Where nothing is known of the model it gives and reads as much as the largest there is.
  const each = numberIn(limits) ?? outputTokens ?? contextTokens ?? 1_000_000;
  const answers = Math.max(numberIn(["n"]) ?? 1, numberIn(["best_of"]) ?? 1, numberIn(["candidateCount"]) ?? 1);
  const json = JSON.stringify(body);
  const isMore = /image_url|file_id|fileData|cachedContent|previous_response_id|plugins|googleSearch/.test(json);
  const bytes = new TextEncoder().encode(json).length;
  const input = isMore ? (contextTokens ?? 2_000_000) : Math.min(bytes + (body["tools"] === undefined ? 0 : HIDDEN_TOKENS), contextTokens ?? Infinity);
  const [fromCache, toCache] = [Math.floor(input * read), Math.floor(input * (1 - read) * write)];
  const output = each * answers;
  return { ...NO_USAGE, inputTokens: input - fromCache - toCache, cacheReadTokens: fromCache, cacheWriteTokens: toCache, outputTokens: output, reasoningTokens: Math.floor(output * thought) };
}

function holds(wire: ModelWire, path: string, body: Body, how: Manner, known: ModelFacts, split: readonly [number, number, number]): boolean | null {
  const asked = readCall(wire, path, new TextEncoder().encode(JSON.stringify(body)));
  if ("problem" in asked) return null;
  const { openEnd, costMicros, tokens, likely } = boundOf(asked, known);
  expect([likely.tokens <= tokens, (likely.costMicros ?? 0) <= (costMicros ?? 0)]).toEqual([true, true]);
  if (openEnd !== null || known.price === null || costMicros === null) return null;
  return costOf(known.price, largestUsage(body, how, known, split)) <= costMicros;
}

test.each([
  ["openai-compatible", "/chat/completions", chat, null],
  ["openai", "/chat/completions", chat, ["max_completion_tokens", "max_tokens"]],
  ["openai", "/responses", responses, ["max_output_tokens"]],
  ["anthropic", "/messages", anthropic, ["max_tokens"]],
  ["google", "/models/m:generateContent", contents, ["maxOutputTokens"]],
] as const)("%s %s: no call costs more than what is reserved for it, by any provider that does as the body says", (wire, path, bodies, limits) => {
  let bounded = 0;
  fc.assert(
    fc.property(bodies as fc.Arbitrary<Body>, manner, facts, portions, (body, how, known, split) => {
      const held = holds(wire, path, body, limits === null ? how : { ...how, limits }, known, split);
      if (held !== null) bounded += 1;
      expect(held).not.toBe(false);
    }),
    { numRuns: 2_000 },
  );
  // Not because everything is refused.
  expect(bounded).toBeGreaterThan(200);
});
