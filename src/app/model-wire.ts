/** What each wire allows through the broker, and how it says no. Pure. */
import type { ModelWire } from "../ports/model-gateway/model-gateway.port.ts";

interface Operation {
  readonly method: "GET" | "POST";
  readonly path: RegExp;
  /** False for calls that generate nothing, which are not charged. */
  readonly metered: boolean;
}

const post = (path: RegExp, metered = true): Operation => ({ method: "POST", path, metered });
const MODELS: Operation = { method: "GET", path: /^\/models(\/[^/]+)?$/, metered: false };
const CHAT = post(/^\/chat\/completions$/);

const OPERATIONS: { readonly [W in ModelWire]: readonly Operation[] } = {
  "openai-compatible": [CHAT, MODELS],
  openai: [CHAT, post(/^\/responses$/), MODELS],
  anthropic: [post(/^\/messages$/), post(/^\/messages\/count_tokens$/, false), MODELS],
  google: [post(/^\/models\/[^/]+:(generateContent|streamGenerateContent)$/), post(/^\/models\/[^/]+:countTokens$/, false), MODELS],
};

export function findOperation(wire: ModelWire, method: string, path: string): Operation | null {
  return OPERATIONS[wire].find((operation) => operation.method === method && operation.path.test(path)) ?? null;
}

/** The wire a path belongs to, for a refusal before the provider is known. */
export function guessWire(path: string): ModelWire {
  if (path.startsWith("/messages")) return "anthropic";
  return /^\/models\/[^/]+:/.test(path) ? "google" : "openai-compatible";
}

interface Refusal {
  readonly openai: string;
  readonly anthropic: string;
  readonly google: string;
}

/** The vendors' own words per status, which their clients understand. */
const WORDS: Readonly<Record<number, Refusal>> = {
  401: { openai: "authentication_error", anthropic: "authentication_error", google: "UNAUTHENTICATED" },
  402: { openai: "insufficient_quota", anthropic: "billing_error", google: "FAILED_PRECONDITION" },
  404: { openai: "not_found_error", anthropic: "not_found_error", google: "NOT_FOUND" },
  413: { openai: "request_too_large", anthropic: "request_too_large", google: "INVALID_ARGUMENT" },
  502: { openai: "upstream_error", anthropic: "api_error", google: "UNAVAILABLE" },
  503: { openai: "upstream_error", anthropic: "api_error", google: "UNAVAILABLE" },
  504: { openai: "upstream_error", anthropic: "api_error", google: "DEADLINE_EXCEEDED" },
};
const OTHER: Refusal = { openai: "invalid_request_error", anthropic: "invalid_request_error", google: "INVALID_ARGUMENT" };

/**
 * A refusal of the broker as the wire says it. Agents look for figures such as a status and for words such as "rate limit"
 * in the text and then repeat the call, so a refusal that must not be repeated holds neither.
 */
export function wireError(wire: ModelWire, status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  const words = WORDS[status] ?? OTHER;
  const init = { status, headers };
  if (wire === "anthropic") return Response.json({ type: "error", error: { type: words.anthropic, message } }, init);
  if (wire === "google") return Response.json({ error: { code: status, message, status: words.google } }, init);
  return Response.json({ error: { message, type: words.openai, param: null, code: null } }, init);
}
