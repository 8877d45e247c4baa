/** Answers as vendors send them, for the contract and the table tests. */
import type { ModelWire } from "./model-gateway.port.ts";
import type { Usage } from "@berth/protocol";

export interface RecordedAnswer {
  readonly title: string;
  readonly wire: ModelWire;
  readonly path: string;
  readonly contentType: "text/event-stream" | "application/json";
  readonly chunks: readonly string[];
  readonly model: string;
  readonly usage: Usage;
}

const sse = (data: unknown, event?: string): string => `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;

const chunk = (delta: unknown, finish: string | null = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  model: "gpt-example",
  choices: [{ index: 0, delta, finish_reason: finish }],
  usage: null,
});
const chatUsage = { prompt_tokens: 120, completion_tokens: 45, total_tokens: 165, prompt_tokens_details: { cached_tokens: 100 }, completion_tokens_details: { reasoning_tokens: 30 } };
const OPENAI_USAGE: Usage = { inputTokens: 20, outputTokens: 45, reasoningTokens: 30, cacheReadTokens: 100, cacheWriteTokens: 0 };

const anthropicMessage = (usage: unknown, content: unknown[] = []) => ({ id: "msg_1", type: "message", role: "assistant", model: "claude-example", content, stop_reason: null, usage });
const ANTHROPIC_USAGE: Usage = { inputTokens: 12, outputTokens: 34, reasoningTokens: 0, cacheReadTokens: 56, cacheWriteTokens: 78 };
const anthropicInput = { input_tokens: 12, cache_read_input_tokens: 56, cache_creation_input_tokens: 78 };

const responsesUsage = { input_tokens: 120, input_tokens_details: { cached_tokens: 100 }, output_tokens: 45, output_tokens_details: { reasoning_tokens: 30 }, total_tokens: 165 };

const google = (text: string, more: Record<string, unknown> = {}) => ({ candidates: [{ content: { parts: [{ text }], role: "model" }, index: 0, ...more }], modelVersion: "gemini-example" });
const googleUsage = { promptTokenCount: 120, cachedContentTokenCount: 100, candidatesTokenCount: 15, thoughtsTokenCount: 30, totalTokenCount: 165 };

export const RECORDED: readonly RecordedAnswer[] = [
  {
    title: "OpenAI chat completions, streamed",
    wire: "openai-compatible",
    path: "/chat/completions",
    contentType: "text/event-stream",
    chunks: [
      sse(chunk({ role: "assistant", content: "" })),
      sse(chunk({ content: "Grüße, 世界 🚢 with the word usage" })),
      sse(chunk({}, "stop")),
      sse({ ...chunk({}), choices: [], usage: chatUsage }),
      "data: [DONE]\n\n",
    ],
    model: "gpt-example",
    usage: OPENAI_USAGE,
  },
  {
    title: "OpenAI chat completions, whole",
    wire: "openai-compatible",
    path: "/chat/completions",
    contentType: "application/json",
    chunks: [JSON.stringify({ model: "gpt-example", choices: [{ message: { role: "assistant", content: "hi" } }], usage: chatUsage })],
    model: "gpt-example",
    usage: OPENAI_USAGE,
  },
  {
    title: "OpenAI responses, streamed",
    wire: "openai",
    path: "/responses",
    contentType: "text/event-stream",
    chunks: [
      sse({ type: "response.created", response: { id: "resp_1", model: "gpt-example", usage: null } }, "response.created"),
      sse({ type: "response.output_text.delta", delta: "hi" }, "response.output_text.delta"),
      sse({ type: "response.completed", response: { id: "resp_1", model: "gpt-example", usage: responsesUsage } }, "response.completed"),
    ],
    model: "gpt-example",
    usage: OPENAI_USAGE,
  },
  {
    title: "OpenAI responses, whole",
    wire: "openai",
    path: "/responses",
    contentType: "application/json",
    chunks: [JSON.stringify({ id: "resp_1", object: "response", model: "gpt-example", output: [], usage: responsesUsage })],
    model: "gpt-example",
    usage: OPENAI_USAGE,
  },
  {
    title: "Anthropic messages, streamed",
    wire: "anthropic",
    path: "/messages",
    contentType: "text/event-stream",
    chunks: [
      sse({ type: "message_start", message: anthropicMessage({ ...anthropicInput, output_tokens: 1 }) }, "message_start"),
      sse({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }, "content_block_start"),
      sse({ type: "ping" }, "ping"),
      sse({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Grüße 🚢" } }, "content_block_delta"),
      sse({ type: "content_block_stop", index: 0 }, "content_block_stop"),
      sse({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 34 } }, "message_delta"),
      sse({ type: "message_stop" }, "message_stop"),
    ],
    model: "claude-example",
    usage: ANTHROPIC_USAGE,
  },
  {
    title: "Anthropic messages, whole",
    wire: "anthropic",
    path: "/messages",
    contentType: "application/json",
    chunks: [JSON.stringify(anthropicMessage({ ...anthropicInput, output_tokens: 34 }, [{ type: "text", text: "hi" }]))],
    model: "claude-example",
    usage: ANTHROPIC_USAGE,
  },
  {
    title: "Google streamGenerateContent, streamed with CRLF",
    wire: "google",
    path: "/models/gemini-example:streamGenerateContent?alt=sse",
    contentType: "text/event-stream",
    chunks: [
      sse({ ...google("Grüße "), usageMetadata: { promptTokenCount: 120, totalTokenCount: 120 } }).replaceAll("\n", "\r\n"),
      sse({ ...google("🚢", { finishReason: "STOP" }), usageMetadata: googleUsage }).replaceAll("\n", "\r\n"),
    ],
    model: "gemini-example",
    usage: OPENAI_USAGE,
  },
  {
    title: "Google generateContent, whole",
    wire: "google",
    path: "/models/gemini-example:generateContent",
    contentType: "application/json",
    chunks: [JSON.stringify({ ...google("hi", { finishReason: "STOP" }), usageMetadata: googleUsage }, null, 2)],
    model: "gemini-example",
    usage: OPENAI_USAGE,
  },
];
