/** What suites and rigs of the model gateway share: a provider that answers as scripted, and a plain request. */
import type { ModelGateway, ModelRequest, ModelUpstream, ModelWire } from "./model-gateway.port.ts";

export interface SeenCall {
  readonly method: string;
  /** From the root, with the query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks: readonly string[];
  /** The last chunk waits for it. */
  readonly beforeLast?: Promise<void>;
}

export interface ModelGatewayRig {
  /** Gives up `LINGER_MS` after the reader left. */
  readonly gateway: ModelGateway;
  upstream(wire: ModelWire): ModelUpstream;
  /** The headers that say who calls, as the next hop must receive them for a provider with this key. */
  credentials(wire: ModelWire, key: string | null): Readonly<Record<string, string>>;
  /** Whether the next hop is to receive the provider's key. */
  readonly passesKey: boolean;
  /** A gateway that writes answers anew: what they say is compared, not their bytes. */
  readonly rewrites?: true;
  /** How the provider answers from now on. */
  answer(script: ScriptedAnswer): void;
  /** What the next hop received: the provider itself, or the gateway before it. */
  readonly seen: readonly SeenCall[];
  /** Settles when the provider saw its call aborted. */
  readonly aborted: Promise<void>;
  close(): Promise<void>;
}

/** Short, so that giving up is seen without waiting. */
export const RIG_LINGER_MS = 30;
export const KEY = "example-key-1";

export function chatRequest(rig: ModelGatewayRig, more: Partial<ModelRequest> = {}): ModelRequest {
  const body = new TextEncoder().encode('{"model":"m","messages":[]}');
  const headers = new Headers({ "content-type": "application/json" });
  return { upstream: rig.upstream("openai-compatible"), method: "POST", path: "/chat/completions", headers, body, signal: new AbortController().signal, ...more };
}

/** Every header that proves who somebody is, to a provider or to a gateway. */
export const CREDENTIALS: readonly string[] = ["authorization", "x-api-key", "x-goog-api-key", "api-key", "x-litellm-api-key", "x-bf-vk", "x-bf-direct-key", "x-bf-api-key"];

/** As a provider wants its key. */
export function providerCredentials(wire: ModelWire, key: string | null): Record<string, string> {
  if (key === null) return {};
  if (wire === "anthropic") return { "x-api-key": key };
  return wire === "google" ? { "x-goog-api-key": key } : { authorization: `Bearer ${key}` };
}

/** A script as the body of a provider in memory. */
export function scriptedBody({ chunks, beforeLast }: ScriptedAnswer): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent === chunks.length - 1) await beforeLast;
      controller.enqueue(new TextEncoder().encode(chunks[sent++]));
      if (sent === chunks.length) controller.close();
    },
  });
}
