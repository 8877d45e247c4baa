/** What goes to a provider and what comes back, header by header. Lists of what may pass, so that new ones stay out. */
import { PortError } from "../../core/kernel/port-error.ts";
import type { ModelRequest, ModelUpstream, ModelWire } from "./model-gateway.port.ts";

const REQUEST_HEADERS = ["accept", "content-type", "anthropic-beta", "anthropic-version", "openai-beta"];
const RESPONSE_HEADERS = ["content-type", "cache-control", "retry-after", "retry-after-ms", "request-id", "x-request-id", "openai-processing-ms"];
const RESPONSE_PREFIXES = ["x-ratelimit-", "anthropic-ratelimit-"];
const ANTHROPIC_VERSION = "2023-06-01";

const KEY_HEADER: { readonly [W in ModelWire]: (key: string) => readonly [string, string] } = {
  "openai-compatible": (key) => ["authorization", `Bearer ${key}`],
  openai: (key) => ["authorization", `Bearer ${key}`],
  anthropic: (key) => ["x-api-key", key],
  google: (key) => ["x-goog-api-key", key],
};

/** Where a provider of this wire looks for its key. */
export function keyHeader(wire: ModelWire, key: string): readonly [name: string, value: string] {
  return KEY_HEADER[wire](key);
}

export function upstreamHeaders({ wire, key }: ModelUpstream, inbound: Headers): Headers {
  const headers = new Headers();
  for (const name of REQUEST_HEADERS) {
    const value = inbound.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (wire === "anthropic" && !headers.has("anthropic-version")) headers.set("anthropic-version", ANTHROPIC_VERSION);
  if (key !== null) headers.set(...keyHeader(wire, key));
  return headers;
}

export function readerHeaders(upstream: Headers): Headers {
  const headers = new Headers();
  upstream.forEach((value, name) => {
    if (RESPONSE_HEADERS.includes(name) || RESPONSE_PREFIXES.some((prefix) => name.startsWith(prefix))) headers.set(name, value);
  });
  return headers;
}

/** @throws PortError `invalid-argument` when the path leads out of the base address */
export function upstreamUrl({ baseUrl }: ModelUpstream, path: string): string {
  const base = new URL(`${baseUrl}/`);
  const url = URL.canParse(baseUrl + path) ? new URL(baseUrl + path) : null;
  const isBelow = url?.origin === base.origin && url.pathname.startsWith(base.pathname) && url.username === "" && url.password === "";
  if (!path.startsWith("/") || !url || !isBelow || /%2e%2e|%2f|%5c/i.test(url.pathname)) {
    throw new PortError({
      port: "model-gateway",
      operation: "forward",
      code: "invalid-argument",
      outcome: "not-applied",
      retry: "never",
      message: "The path is not below the provider's address.",
    });
  }
  url.searchParams.delete("key");
  return url.href;
}

/** Bytes to send: the caller's, unless it streams a chat completion without asking for usage. */
export function upstreamBody({ upstream, path, body }: ModelRequest): Uint8Array | null {
  const isChat = (upstream.wire === "openai-compatible" || upstream.wire === "openai") && path.startsWith("/chat/completions");
  if (!isChat || body === null) return body;
  try {
    const json = JSON.parse(new TextDecoder().decode(body)) as { stream?: unknown; stream_options?: { include_usage?: unknown } | null };
    if (json.stream !== true || json.stream_options?.include_usage === true) return body;
    return new TextEncoder().encode(JSON.stringify({ ...json, stream_options: { ...json.stream_options, include_usage: true } }));
  } catch {
    return body;
  }
}
