/** Usage of Anthropic messages: input in `message_start`, the running output in `message_delta`, both in a whole body. */
import { NO_USAGE } from "@berth/protocol";
import { asCount, asName, asObject, type UsageReader } from "./usage-found.ts";

export const readAnthropicUsage: UsageReader = (found, value) => {
  const body = asObject(value);
  if (!body) return found;
  const message = asObject(body["message"]) ?? body;
  const usage = asObject(message["usage"]);
  const model = asName(message["model"]) ?? found.model;
  if (!usage) return { ...found, model };
  const known = found.usage ?? NO_USAGE;
  const latest = (name: string, before: number): number => (usage[name] == null ? before : asCount(usage[name]));
  return {
    model,
    usage: {
      inputTokens: latest("input_tokens", known.inputTokens),
      outputTokens: latest("output_tokens", known.outputTokens),
      reasoningTokens: known.reasoningTokens,
      cacheReadTokens: latest("cache_read_input_tokens", known.cacheReadTokens),
      cacheWriteTokens: latest("cache_creation_input_tokens", known.cacheWriteTokens),
    },
    complete: found.complete || body["type"] !== "message_start",
  };
};
