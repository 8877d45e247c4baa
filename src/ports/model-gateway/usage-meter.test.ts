import { describe, expect, test } from "vitest";
import { RECORDED } from "./recorded-answers.ts";
import { UsageMeter } from "./usage-meter.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function* splitEvery(bytes: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe.each(RECORDED.map((recorded) => [recorded.title, recorded] as const))("%s", (_, { wire, contentType, chunks, usage, model }) => {
  const bytes = encode(chunks.join(""));

  test.each([1, 2, 3, 7, 64, 1_000_000])("is counted when it comes in pieces of %i bytes", (size) => {
    const meter = new UsageMeter(wire, `${contentType}; charset=utf-8`);
    for (const piece of splitEvery(bytes, size)) meter.push(piece);
    expect(meter.end(true)).toEqual({ usage, model, source: "provider" });
  });

  test("is missing when it is cut before its last word", () => {
    const meter = new UsageMeter(wire, contentType);
    meter.push(encode(chunks.join("").slice(0, chunks[0]!.length - 3)));
    expect(meter.end(false).source).toBe("missing");
  });
});

test("a stream without its last empty line is counted", () => {
  const meter = new UsageMeter("openai-compatible", "text/event-stream");
  meter.push(encode('data: {"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}'));
  expect(meter.end(true)).toMatchObject({ source: "provider", model: "m", usage: { inputTokens: 3, outputTokens: 4 } });
});

test("an event too long to keep is passed over, and what follows is read", () => {
  const meter = new UsageMeter("openai-compatible", "text/event-stream");
  meter.push(encode(`data: {"model":"m","image":"${"x".repeat(1_100_000)}`));
  meter.push(encode(`${"x".repeat(100)}"}\n\ndata: {"model":"n","usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n`));
  expect(meter.end(true)).toMatchObject({ model: "n", usage: { inputTokens: 1, outputTokens: 2 } });
});

test.each(["<html>", "", "null", "[1]", '{"usage":"none"}', '{"usage":{"prompt_tokens":-1}}'])("a body %j that names no usage does not throw", (body) => {
  const meter = new UsageMeter("openai", "application/json");
  meter.push(encode(body));
  expect(meter.end(true).usage.inputTokens).toBe(0);
});
