/** Usage on OpenAI's wires: chat completions (`prompt_tokens`) and responses (`input_tokens`), whole or streamed. */
import type { Usage } from "@berth/protocol";
import { asCount, asName, asObject, type Json, type UsageFound, type UsageReader } from "./usage-found.ts";

/** In responses the figures hang below `response`, in chat completions at the top. */
export const readOpenAiUsage: UsageReader = (found, value) => {
  const body = asObject(value);
  if (!body) return found;
  const answer = asObject(body["response"]) ?? body;
  const usage = asObject(answer["usage"]);
  const model = asName(answer["model"]) ?? found.model;
  return usage ? ({ model, usage: usageOf(usage), complete: true } satisfies UsageFound) : { ...found, model };
};

function usageOf(usage: Json): Usage {
  const input = asCount(usage["prompt_tokens"] ?? usage["input_tokens"]);
  const inputDetails = asObject(usage["prompt_tokens_details"] ?? usage["input_tokens_details"]);
  const outputDetails = asObject(usage["completion_tokens_details"] ?? usage["output_tokens_details"]);
  const cached = Math.min(input, asCount(inputDetails?.["cached_tokens"] ?? usage["prompt_cache_hit_tokens"]));
  return {
    inputTokens: input - cached,
    outputTokens: asCount(usage["completion_tokens"] ?? usage["output_tokens"]),
    reasoningTokens: asCount(outputDetails?.["reasoning_tokens"]),
    cacheReadTokens: cached,
    cacheWriteTokens: 0,
  };
}
