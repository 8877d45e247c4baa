/** Model providers whose keys people keep in their environment or in OpenCode's own file, and where each is reached. */
import type { ProviderKind } from "@berth/protocol";

export interface KnownProvider {
  readonly provider: string;
  readonly kind: ProviderKind;
  /** Null for the vendor's own address, which the gateway knows. */
  readonly baseUrl: string | null;
  /** Environment variables, the first that is set wins. */
  readonly variables: readonly string[];
}

const compatible = (provider: string, baseUrl: string, ...variables: string[]): KnownProvider => ({ provider, kind: "openai-compatible", baseUrl, variables });

export const KNOWN_PROVIDERS: readonly KnownProvider[] = [
  { provider: "anthropic", kind: "anthropic", baseUrl: null, variables: ["ANTHROPIC_API_KEY"] },
  { provider: "openai", kind: "openai", baseUrl: null, variables: ["OPENAI_API_KEY"] },
  { provider: "google", kind: "google", baseUrl: null, variables: ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"] },
  compatible("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
  compatible("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
  compatible("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
  compatible("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
  compatible("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
  compatible("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
  compatible("fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
  compatible("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
  compatible("moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
];

/** Servers that people run on their own machine; their usual ports. */
export const LOCAL_SERVERS = [
  { provider: "ollama", title: "Ollama", port: 11434 },
  { provider: "lmstudio", title: "LM Studio", port: 1234 },
  { provider: "llamacpp", title: "llama.cpp", port: 8080 },
] as const;
export type LocalServerName = (typeof LOCAL_SERVERS)[number]["provider"];
