/**
 * A model gateway over `fetch`, whoever carries the calls; the three products differ in their route alone. Runs in workerd
 * and in Node.
 */
import { classifyFetchFailure, type Verdict } from "../../core/kernel/fetch-failure.ts";
import { PortError } from "../../core/kernel/port-error.ts";
import { forwardMetered, type UpstreamCall } from "../../ports/model-gateway/forward-metered.ts";
import type { ModelGateway, ModelInfo, ModelRequest, ModelUpstream } from "../../ports/model-gateway/model-gateway.port.ts";
import { classifyRefusal } from "./classify-refusal.ts";

export interface FetchGatewayDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** How long usage is waited for after the reader left. */
  readonly lingerMs?: number;
  /** How long the first byte of an answer may take. Reasoning models think for minutes. */
  readonly answerTimeoutMs?: number;
}

export interface Route {
  /** Who is asked, in what people read. */
  name(upstream: ModelUpstream): string;
  address(request: ModelRequest): Omit<UpstreamCall, "signal">;
  /** How models are asked for, and what an answer lists; null when it is no list. */
  list(upstream: ModelUpstream): { readonly url: string; readonly headers: Headers; readonly read: (answer: unknown) => readonly ModelInfo[] | null };
  /** In place of the usual words when the list is refused for the key. */
  readonly keyRefused?: string;
  /** As in `Carrier`. */
  readonly statedCost?: (headers: Headers) => number | null;
  /** As in `Carrier`. */
  readonly unspoken?: readonly string[];
  /** Puts the hints of a refusal where providers have them. */
  readonly withHints?: (answer: Response) => Response | Promise<Response>;
}

const ANSWER_TIMEOUT_MS = 10 * 60_000;
const LIST_TIMEOUT_MS = 15_000;
const LIST_UNITS_MAX = 8 * 1024 * 1024;

export function createFetchGateway(route: Route, { fetch, lingerMs, answerTimeoutMs = ANSWER_TIMEOUT_MS }: FetchGatewayDeps): ModelGateway {
  const { statedCost, unspoken = [], withHints = (answer) => answer } = route;

  /** The deadline is for the first byte alone, so its timer is taken away once the answer begins. */
  async function send(call: UpstreamCall, operation: string, asked: string, timeoutMs: number): Promise<Response> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new DOMException("No answer in time.", "TimeoutError")), timeoutMs);
    const { url, method, headers, body } = call;
    const signal = AbortSignal.any([call.signal, deadline.signal]);
    try {
      // Redirects are not followed: the key would go with them.
      return await fetch(url, { method, headers, body: body as BodyInit | null, signal, redirect: "manual" });
    } catch (error) {
      throw failure(operation, asked, classifyFetchFailure(signal.aborted ? signal.reason : error), error);
    } finally {
      clearTimeout(timer);
    }
  }

  async function listModels(upstream: ModelUpstream, signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const asked = route.name(upstream);
    const { url, headers, read } = route.list(upstream);
    const answer = await send({ url, method: "GET", headers, body: null, signal }, "listModels", asked, LIST_TIMEOUT_MS);
    const text = await readText(answer).catch((error: unknown) => {
      throw failure("listModels", asked, classifyFetchFailure(signal.aborted ? signal.reason : error), error);
    });
    if (!answer.ok) {
      const refusal = classifyRefusal(answer.status, answer.headers.get("retry-after"), text);
      const says = refusal.code === "permission-denied" ? (route.keyRefused ?? refusal.says) : refusal.says;
      throw failure("listModels", asked, { ...refusal, says });
    }
    const models = read(parseJson(text));
    if (models) return models;
    throw failure("listModels", asked, { code: "failed-precondition", outcome: "not-applied", retry: "never", says: "answered, but not with a list of models; check the address" });
  }

  return {
    forward: (request) =>
      forwardMetered(request, {
        send: async (call) => withHints(await send(call, "forward", route.name(request.upstream), answerTimeoutMs)),
        address: route.address,
        unspoken,
        ...(statedCost === undefined ? {} : { statedCost }),
        ...(lingerMs === undefined ? {} : { lingerMs }),
      }),
    listModels,
  };
}

function failure(operation: string, asked: string, { says, ...verdict }: Verdict, cause?: unknown): PortError {
  return new PortError({ port: "model-gateway", operation, ...verdict, message: `${asked} ${says}.`, cause });
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
