import { expect, test } from "vitest";
import type { ModelWire } from "../../ports/model-gateway/model-gateway.port.ts";
import { readCall, type AskedCall } from "./read-call.ts";

const PATHS: { readonly [W in ModelWire]: string } = { "openai-compatible": "/chat/completions", openai: "/chat/completions", anthropic: "/messages", google: "/models/m:generateContent" };

function read(wire: ModelWire, body: object | string, path = PATHS[wire]): AskedCall {
  const asked = readCall(wire, path, new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)));
  if ("problem" in asked) throw new Error(asked.problem);
  return asked;
}

const user = (content: unknown) => ({ messages: [{ role: "user", content }] });
const said = (input: unknown) => ({ input });
const part = (given: object) => ({ contents: [{ role: "user", parts: [given] }] });

test.each([
  ["openai-compatible", "/chat/completions", { model: "m" }, "m"],
  ["openai", "/responses", { model: "m/1" }, "m/1"],
  ["google", "/models/gemini%2Fx:streamGenerateContent", {}, "gemini/x"],
  ["google", "/models/%E0%A4:generateContent", {}, ""],
  ["anthropic", "/messages", { model: ["m"] }, ""],
] as const)("%s: the model of %s with %j is %s", (wire, path, body, model) => {
  expect(read(wire, body, path).model).toBe(model);
});

test.each([
  ["openai-compatible", { max_tokens: 7 }, 7, true],
  ["openai-compatible", { max_tokens: 64_000, max_completion_tokens: 1 }, 64_000, true],
  ["openai-compatible", { max_tokens: 1, max_completion_tokens: 64_000 }, 64_000, true],
  // A server that does not know it writes as much as it can.
  ["openai-compatible", { max_completion_tokens: 5 }, 5, false],
  ["openai", { max_completion_tokens: 5 }, 5, true],
  ["openai", { max_output_tokens: 1, max_tokens: 9 }, 9, true],
  ["anthropic", { max_tokens: 9, max_completion_tokens: 1 }, 9, true],
  ["anthropic", { max_completion_tokens: 1 }, 0, false],
  ["google", { generationConfig: { maxOutputTokens: 9 } }, 9, true],
  ["google", { maxOutputTokens: 9 }, 0, false],
  ["google", { generationConfig: [] }, 0, false],
  ["openai-compatible", { max_tokens: null }, 0, false],
] as const)("%s: %j limits an answer to %s, surely: %s", (wire, body, outputTokens, isLimited) => {
  expect(read(wire, body)).toMatchObject({ outputTokens, isLimited });
});

test("in responses only its own limit counts", () => {
  expect([read("openai", { max_output_tokens: 7 }, "/responses").isLimited, read("openai", { max_tokens: 7 }, "/responses").isLimited]).toEqual([true, false]);
});

test.each([
  ["openai-compatible", {}, 1],
  ["openai-compatible", { n: 128 }, 128],
  ["openai", { n: 2, best_of: 5 }, 5],
  ["openai", { n: null }, 1],
  ["google", { generationConfig: { candidateCount: 8 } }, 8],
] as const)("%s: %j asks for %i answers", (wire, body, copies) => {
  expect(read(wire, body)).toMatchObject({ copies, endless: null });
});

test.each([
  ["openai-compatible", { n: "128" }, "n"],
  ["openai-compatible", { best_of: 1e9 }, "best_of"],
  ["openai-compatible", { max_tokens: "64000" }, "max_tokens"],
  ["openai-compatible", { max_tokens: 5, max_completion_tokens: "64000" }, "max_completion_tokens"],
  ["openai-compatible", { max_tokens: -1 }, "max_tokens"],
  ["google", { generationConfig: { maxOutputTokens: 1.5 } }, "maxOutputTokens"],
  ["openai-compatible", { models: ["dearer"] }, "models"],
  ["openai-compatible", { plugins: [{ id: "web" }] }, "plugins"],
  ["openai-compatible", { MAX_TOKENS: 9 }, "MAX_TOKENS"],
  ["openai-compatible", { tools: [{ type: "web_search" }] }, "tools"],
  ["openai", { web_search_options: {} }, "web_search_options"],
  ["openai", { service_tier: "priority" }, "service_tier"],
  ["openai", user([{ type: "input_audio", input_audio: {} }]), "input_audio"],
  ["anthropic", { speed: "fast" }, "speed"],
  ["anthropic", { mcp_servers: [] }, "mcp_servers"],
  ["anthropic", { tools: [{ type: "web_search_20250305", name: "web_search" }] }, "tools"],
  ["anthropic", user([{ type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } }]), "cache_control"],
  ["anthropic", { system: [{ type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } }] }, "cache_control"],
  ["anthropic", { tools: [{ name: "a", cache_control: { type: "ephemeral", ttl: "1h" } }] }, "cache_control"],
  ["google", { generation_config: { max_output_tokens: 9 } }, "generation_config"],
  ["google", { generationConfig: { max_output_tokens: 9 } }, "max_output_tokens"],
  ["google", { generationConfig: { responseModalities: ["TEXT", "IMAGE"] } }, "responseModalities"],
  ["google", { tools: [{ functionDeclarations: [], googleSearch: {} }] }, "tools"],
  ["google", part({ inlineData: { mimeType: "audio/wav", data: "" } }), "inlineData"],
  ["google", part({ inline_data: { mimeType: "image/png", data: "" } }), "inline_data"],
] as const)("%s: %j costs nobody knows how much, for %s", (wire, body, endless) => {
  expect(read(wire, body).endless).toBe(endless);
});

test.each([
  ["openai-compatible", user([{ type: "image_url", image_url: { url: "https://pictures.example/a.png" } }]), PATHS.openai],
  ["openai-compatible", user([{ type: "text", text: "a", image_url: {} }]), PATHS.openai],
  ["openai-compatible", { messages: [{ role: "user", content: "a", Content: [] }] }, PATHS.openai],
  ["openai", user([{ type: "file", file: { file_id: "file-1" } }]), PATHS.openai],
  ["openai", { previous_response_id: "resp_1" }, "/responses"],
  ["openai", said([{ type: "item_reference", id: "msg_1" }]), "/responses"],
  ["openai", said([{ role: "user", content: [{ type: "input_file", file_url: "https://files.example/a.pdf" }] }]), "/responses"],
  ["openai", said([{ type: "function_call_output", call_id: "a", output: [{ type: "input_image", file_id: "file-1" }] }]), "/responses"],
  ["anthropic", user([{ type: "image", source: { type: "url", url: "https://pictures.example/a.png" } }]), PATHS.anthropic],
  ["anthropic", user([{ type: "tool_result", tool_use_id: "a", content: [{ type: "document", source: { type: "file", file_id: "file_1" } }] }]), PATHS.anthropic],
  ["google", { cachedContent: "cachedContents/a" }, PATHS.google],
  ["google", part({ fileData: { mimeType: "application/pdf", fileUri: "https://files.example/a.pdf" } }), PATHS.google],
  ["google", part({ functionResponse: { name: "a", response: {}, parts: [{}] } }), PATHS.google],
] as const)("%s: %j may hold more than its bytes, and its cost has an end", (wire, body, path) => {
  expect(read(wire, body, path)).toMatchObject({ isText: false, endless: null });
});

/** As the agent's client libraries send them. */
test.each([
  ["openai-compatible", { model: "m", max_tokens: 9, temperature: 0, messages: [{ role: "system", content: "a" }, { role: "assistant", content: null, tool_calls: [{ id: "a", type: "function", function: { name: "read", arguments: "{}" } }], reasoning_content: "a" }, { role: "tool", tool_call_id: "a", content: "b" }], tools: [{ type: "function", function: { name: "read", parameters: {} } }], tool_choice: "auto", stream: true, stream_options: { include_usage: true }, reasoning_effort: "high" }, PATHS.openai],
  ["openai", { model: "m", max_output_tokens: 9, store: false, include: ["reasoning.encrypted_content"], input: [{ role: "developer", content: "a" }, { role: "user", content: [{ type: "input_text", text: "a" }] }, { type: "reasoning", id: "rs_1", encrypted_content: "a", summary: [{ type: "summary_text", text: "a" }] }, { type: "function_call", call_id: "a", name: "read", arguments: "{}" }, { type: "function_call_output", call_id: "a", output: "b" }, { role: "assistant", content: [{ type: "output_text", text: "a" }], id: "msg_1" }], tools: [{ type: "function", name: "read", parameters: {}, strict: false }], tool_choice: "auto", stream: true, prompt_cache_key: "ses_1", reasoning: { effort: "high", summary: "auto" }, text: { verbosity: "low" } }, "/responses"],
  ["anthropic", { model: "m", max_tokens: 9, thinking: { type: "enabled", budget_tokens: 5 }, system: [{ type: "text", text: "a", cache_control: { type: "ephemeral" } }], messages: [{ role: "user", content: [{ type: "text", text: "a" }] }, { role: "assistant", content: [{ type: "thinking", thinking: "a", signature: "a" }, { type: "tool_use", id: "a", name: "read", input: { image: { url: "a" } } }] }, { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "b" }], cache_control: { type: "ephemeral" } }] }], tools: [{ name: "read", description: "a", input_schema: {} }], tool_choice: { type: "auto" }, stream: true }, PATHS.anthropic],
  ["google", { generationConfig: { maxOutputTokens: 9, temperature: 0, thinkingConfig: { thinkingBudget: 5, includeThoughts: true } }, systemInstruction: { parts: [{ text: "a" }] }, contents: [{ role: "user", parts: [{ text: "a" }] }, { role: "model", parts: [{ functionCall: { name: "read", args: {} }, thoughtSignature: "a" }] }, { role: "user", parts: [{ functionResponse: { name: "read", response: { name: "read", content: "b" } } }] }], tools: [{ functionDeclarations: [{ name: "read" }] }], toolConfig: { functionCallingConfig: { mode: "AUTO" } } }, PATHS.google],
] as const)("%s: an agent's usual call is text, has a limit and an end", (wire, body, path) => {
  expect(read(wire, body, path)).toMatchObject({ isText: true, endless: null, outputTokens: 9, copies: 1, hasTools: true });
});

test.each(["not json", "null", "[]", "\u00ff", '{"a":1'])("%s is no call", (text) => {
  expect(readCall("anthropic", "/messages", new TextEncoder().encode(text))).toMatchObject({ problem: "The body is not a JSON object." });
});

test("bytes that are no text are no call", () => {
  expect(readCall("anthropic", "/messages", new Uint8Array([0x7b, 0xff, 0x7d]))).toHaveProperty("problem");
});

test("what is nested deeper than any wire has it costs nobody knows how much, and takes no stack", () => {
  const nested = (depth: number): string => `{"messages":${'[{"content":'.repeat(depth)}"a"${"}]".repeat(depth)}}`;
  const endlessOf = (depth: number) => readCall("anthropic", "/messages", new TextEncoder().encode(nested(depth)));
  expect([endlessOf(3), endlessOf(10), endlessOf(5_000)]).toMatchObject([{ endless: null }, { endless: "content" }, { endless: "content" }]);
  for (const depth of [50_000, 1_000_000]) expect(() => endlessOf(depth)).not.toThrow();
});

test.each([
  ["openai-compatible", user([{ type: "image_url", image_url: { url: "data:image/png;base64,AA" } }]), PATHS.openai, true],
  ["openai-compatible", user([{ type: "file", file: { file_data: "data:application/pdf;base64,AA" } }]), PATHS.openai, true],
  ["openai", said([{ role: "user", content: [{ type: "input_image", image_url: "data:image/png;base64,AA" }] }]), "/responses", true],
  ["anthropic", user([{ type: "tool_result", tool_use_id: "a", content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AA" } }] }]), PATHS.anthropic, true],
  ["google", part({ inlineData: { mimeType: "image/png", data: "AA" } }), PATHS.google, true],
  ["openai-compatible", user([{ type: "image_url", image_url: { url: "data:image/png;base64,AA" } }, { type: "image_url", image_url: { url: "https://pictures.example/a.png" } }]), PATHS.openai, false],
  ["openai", { previous_response_id: "resp_1" }, "/responses", false],
  ["anthropic", user([{ type: "image", source: { type: "url", url: "data:a" } }]), PATHS.anthropic, false],
  ["google", part({ fileData: { mimeType: "application/pdf", fileUri: "https://files.example/a.pdf" } }), PATHS.google, false],
] as const)("%s: whether all of %j is in the body is told", (wire, body, path, isInline) => {
  expect(read(wire, body, path)).toMatchObject({ isText: false, isInline, endless: null });
});
