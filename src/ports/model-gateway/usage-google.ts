/** Usage of Google's generateContent: `usageMetadata` is cumulative; the chunk with a finish reason has the last word. */
import { asCount, asName, asObject, type UsageReader } from "./usage-found.ts";

export const readGoogleUsage: UsageReader = (found, value) => {
  if (Array.isArray(value)) return value.reduce(readGoogleUsage, found);
  const body = asObject(value);
  if (!body) return found;
  const model = asName(body["modelVersion"]) ?? found.model;
  const metadata = asObject(body["usageMetadata"]);
  if (!metadata) return { ...found, model };
  const prompt = asCount(metadata["promptTokenCount"]);
  const cached = Math.min(prompt, asCount(metadata["cachedContentTokenCount"]));
  const thoughts = asCount(metadata["thoughtsTokenCount"]);
  const candidates = Array.isArray(body["candidates"]) ? body["candidates"] : [];
  const isBlocked = asObject(body["promptFeedback"])?.["blockReason"] != null;
  return {
    model,
    usage: {
      inputTokens: prompt - cached + asCount(metadata["toolUsePromptTokenCount"]),
      outputTokens: asCount(metadata["candidatesTokenCount"]) + thoughts,
      reasoningTokens: thoughts,
      cacheReadTokens: cached,
      cacheWriteTokens: 0,
    },
    complete: found.complete || isBlocked || candidates.some((candidate) => asObject(candidate)?.["finishReason"] != null),
  };
};
