/** Model providers that can be chosen by name. Any other with an OpenAI-compatible address works too. */
import type { ProviderKind } from "@berth/sdk";

export interface ProviderPreset {
  readonly id: string;
  readonly label: string;
  readonly kind: Exclude<ProviderKind, "demo">;
  readonly baseUrl: string;
  readonly needsKey: boolean;
  readonly keyHint: string;
}

export const PROVIDER_PRESETS: readonly ProviderPreset[] = [
  { id: "anthropic", label: "Anthropic", kind: "anthropic", baseUrl: "", needsKey: true, keyHint: "sk-ant-…" },
  { id: "openai", label: "OpenAI", kind: "openai", baseUrl: "", needsKey: true, keyHint: "sk-…" },
  { id: "google", label: "Google Gemini", kind: "google", baseUrl: "", needsKey: true, keyHint: "AIza…" },
  { id: "openrouter", label: "OpenRouter", kind: "openai-compatible", baseUrl: "https://openrouter.ai/api/v1", needsKey: true, keyHint: "sk-or-…" },
  { id: "groq", label: "Groq", kind: "openai-compatible", baseUrl: "https://api.groq.com/openai/v1", needsKey: true, keyHint: "gsk_…" },
  { id: "mistral", label: "Mistral", kind: "openai-compatible", baseUrl: "https://api.mistral.ai/v1", needsKey: true, keyHint: "" },
  { id: "deepseek", label: "DeepSeek", kind: "openai-compatible", baseUrl: "https://api.deepseek.com/v1", needsKey: true, keyHint: "sk-…" },
  { id: "xai", label: "xAI", kind: "openai-compatible", baseUrl: "https://api.x.ai/v1", needsKey: true, keyHint: "xai-…" },
  { id: "ollama", label: "Ollama (local)", kind: "openai-compatible", baseUrl: "http://127.0.0.1:11434/v1", needsKey: false, keyHint: "" },
  { id: "lmstudio", label: "LM Studio (local)", kind: "openai-compatible", baseUrl: "http://127.0.0.1:1234/v1", needsKey: false, keyHint: "" },
];

/** A provider's name as people write it. */
export function providerLabel(id: string): string {
  if (id === "demo") return "Built in";
  return PROVIDER_PRESETS.find((preset) => preset.id === id)?.label ?? id;
}
