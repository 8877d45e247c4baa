/** Straight to the provider with `fetch`. Runs in workerd and in Node. */
import { PortError } from "../../core/kernel/port-error.ts";
import { forwardMetered, type UpstreamCall } from "../../ports/model-gateway/forward-metered.ts";
import type { ModelGateway, ModelInfo, ModelUpstream } from "../../ports/model-gateway/model-gateway.port.ts";
import { MODELS_PATH, readModels } from "../../ports/model-gateway/model-list.ts";
import { upstreamHeaders, upstreamUrl } from "../../ports/model-gateway/upstream-request.ts";
import { classifyFailure, classifyRefusal, type Verdict } from "./direct-classify.ts";

export interface DirectModelGatewayDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** How long usage is waited for after the reader left. */
  readonly lingerMs?: number;
  /** How long the first byte of an answer may take. Reasoning models think for minutes. */
  readonly answerTimeoutMs?: number;
}

const ANSWER_TIMEOUT_MS = 10 * 60_000;
const LIST_TIMEOUT_MS = 15_000;
const LIST_UNITS_MAX = 8 * 1024 * 1024;

export function createDirectModelGateway({ fetch, lingerMs, answerTimeoutMs = ANSWER_TIMEOUT_MS }: DirectModelGatewayDeps): ModelGateway {
  /** The deadline is for the first byte alone, so its timer is taken away once the answer begins. */
  async function send(call: UpstreamCall, operation: string, provider: string, timeoutMs: number): Promise<Response> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new DOMException("No answer in time.", "TimeoutError")), timeoutMs);
    const { url, method, headers, body } = call;
    const signal = AbortSignal.any([call.signal, deadline.signal]);
    try {
      // Redirects are not followed: the key would go with them.
      return await fetch(url, { method, headers, body: body as BodyInit | null, signal, redirect: "manual" });
    } catch (error) {
      throw failure(operation, provider, classifyFailure(signal.aborted ? signal.reason : error), error);
    } finally {
      clearTimeout(timer);
    }
  }

  async function listModels(upstream: ModelUpstream, signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const { wire, provider } = upstream;
    const url = upstreamUrl(upstream, MODELS_PATH[wire]);
    const headers = upstreamHeaders(upstream, new Headers({ accept: "application/json" }));
    const answer = await send({ url, method: "GET", headers, body: null, signal }, "listModels", provider, LIST_TIMEOUT_MS);
    const text = await readText(answer).catch((error: unknown) => {
      throw failure("listModels", provider, classifyFailure(signal.aborted ? signal.reason : error), error);
    });
    if (!answer.ok) throw failure("listModels", provider, classifyRefusal(answer.status, answer.headers.get("retry-after"), text));
    const models = readModels(wire, parseJson(text));
    if (models) return models;
    throw failure("listModels", provider, { code: "failed-precondition", outcome: "not-applied", retry: "never", says: "answered, but not with a list of models; check the address" });
  }

  return {
    forward: (request) =>
      forwardMetered(request, {
        send: (call) => send(call, "forward", request.upstream.provider, answerTimeoutMs),
        ...(lingerMs === undefined ? {} : { lingerMs }),
      }),
    listModels,
  };
}

function failure(operation: string, provider: string, { says, ...verdict }: Verdict, cause?: unknown): PortError {
  return new PortError({ port: "model-gateway", operation, ...verdict, message: `${provider} ${says}.`, cause });
}

async function readText(answer: Response): Promise<string> {
  if (!answer.body) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LIST_UNITS_MAX) break;
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
