import { afterAll, beforeAll, expect, test } from "vitest";
import { startDemoModel, type DemoModel } from "../src/index.ts";

let model: DemoModel;
beforeAll(async () => {
  model = await startDemoModel({ chunkDelayMs: 0 });
});
afterAll(() => model.close());

const bashTool = { type: "function", function: { name: "bash", parameters: {} } };

function post(path: string, body: Record<string, unknown>): Promise<Response> {
  return fetch(`${model.url}${path}`, { method: "POST", body: JSON.stringify({ model: "demo", ...body }) });
}
const openAi = (content: string, extra: Record<string, unknown> = {}) => post("/v1/chat/completions", { messages: [{ role: "user", content }], ...extra });
const anthropic = (content: string, extra: Record<string, unknown> = {}) => post("/v1/messages", { messages: [{ role: "user", content }], max_tokens: 99, ...extra });

interface Chunk {
  readonly choices: readonly { readonly delta: { content?: string; reasoning_content?: string; tool_calls?: { function: { name?: string; arguments: string } }[] }; readonly finish_reason: string | null }[];
  readonly usage?: { readonly completion_tokens: number };
}

async function eventsOf(response: Response): Promise<string[]> {
  return (await response.text()).split("\n\n").filter((event) => event !== "");
}
async function chunksOf(response: Response): Promise<Chunk[]> {
  const events = await eventsOf(response);
  expect(events.pop()).toBe("data: [DONE]");
  return events.map((event) => JSON.parse(event.slice("data: ".length)) as Chunk);
}

test("chat completions stream text, a tool call in pieces, and usage in the last chunk when asked", async () => {
  const chunks = await chunksOf(await openAi("!think hm\n!say hello there\n!bash echo hi", { stream: true, stream_options: { include_usage: true }, tools: [bashTool] }));
  const deltas = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta));
  expect(deltas.map((delta) => delta.reasoning_content ?? "").join("")).toBe("hm");
  expect(deltas.map((delta) => delta.content ?? "").join("")).toBe("hello there");
  const calls = deltas.flatMap((delta) => delta.tool_calls ?? []);
  expect(calls[0]?.function.name).toBe("bash");
  expect(JSON.parse(calls.map((call) => call.function.arguments).join(""))).toEqual({ command: "echo hi", description: "Run echo hi" });
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("tool_calls");
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 3 + 13 } });
});

test("without include_usage the stream says nothing of usage", async () => {
  const chunks = await chunksOf(await openAi("!say hi", { stream: true }));
  expect(chunks.every((chunk) => chunk.usage === undefined)).toBe(true);
});

test("a whole chat completion holds the same", async () => {
  const body = await (await openAi("!say hi\n!bash ls", { tools: [bashTool] })).json();
  expect(body).toMatchObject({
    object: "chat.completion",
    choices: [{ message: { content: "hi", tool_calls: [{ function: { name: "bash" } }] }, finish_reason: "tool_calls" }],
  });
});

test("messages stream as content blocks", async () => {
  const events = await eventsOf(await anthropic("!think a\n!say b\n!bash c", { stream: true, tools: [{ name: "bash", input_schema: {} }] }));
  expect(events.map((event) => /^event: (\S+)/.exec(event)?.[1])).toEqual([
    "message_start",
    ...["content_block_start", "content_block_delta", "content_block_stop"],
    ...["content_block_start", "content_block_delta", "content_block_stop"],
    ...["content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"],
    "message_delta",
    "message_stop",
  ]);
});

test("whole messages hold the same", async () => {
  const body = await (await anthropic("!say b\n!bash c", { tools: [{ name: "bash", input_schema: {} }] })).json();
  expect(body).toMatchObject({
    type: "message",
    content: [{ type: "text", text: "b" }, { type: "tool_use", name: "bash", input: { command: "c" } }],
    stop_reason: "tool_use",
  });
});

test("a paced stream sends each token once, in order, and takes its time", async () => {
  const startedAt = performance.now();
  const chunks = await chunksOf(await openAi("!stream 100 500", { stream: true, stream_options: { include_usage: true } }));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(99 * 2);
  const tokens = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta.content ?? "")).filter((token) => token !== "");
  expect(tokens).toEqual(Array.from({ length: 100 }, (_, index) => `${index + 1} `));
  expect(chunks.at(-1)?.usage?.completion_tokens).toBe(100);
});

test.each([
  ["chat completions", openAi, { error: { type: "rate_limit_error" } }],
  ["messages", anthropic, { type: "error", error: { type: "rate_limit_error" } }],
])("%s fail with the status, the header and the vendor's shape", async (_, ask, shape) => {
  const response = await ask("!fail 429 7", { stream: true });
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "7"]);
  expect(await response.json()).toMatchObject(shape);
});

test.each([["chat completions", openAi], ["messages", anthropic]])("%s are cut in the middle of a token", async (_, ask) => {
  const response = await ask("!cut", { stream: true });
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
});

test("models are listed in a shape that both vendors' clients read", async () => {
  const body = await (await fetch(`${model.url}/v1/models`)).json();
  expect(body).toMatchObject({ object: "list", data: [{ id: "demo", display_name: "Demo model" }], has_more: false });
});

test("a body that is not JSON is refused", async () => {
  const response = await fetch(`${model.url}/v1/messages`, { method: "POST", body: "{" });
  expect(response.status).toBe(400);
});
