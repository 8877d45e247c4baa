/** A call to a provider, whoever carries it: prepares the request, counts the answer, gives up some time after the reader left. */
import type { ModelRequest, ModelResponse } from "./model-gateway.port.ts";
import { meterBody } from "./metered-body.ts";
import { readerHeaders, upstreamBody, upstreamHeaders, upstreamUrl } from "./upstream-request.ts";

export interface UpstreamCall {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Headers;
  readonly body: Uint8Array | null;
  readonly signal: AbortSignal;
}

/** How long usage is waited for after the reader left. */
export const LINGER_MS = 25_000;

export interface Carrier {
  readonly send: (call: UpstreamCall) => Promise<Response>;
  /** What is sent, and where. Default: the caller's request with the provider's key, to the provider. */
  readonly address?: (request: ModelRequest) => Omit<UpstreamCall, "signal">;
  /** What the answer says it cost, in millionths of a dollar. Absent: nobody's word on cost is taken. */
  readonly statedCost?: (headers: Headers) => number | null;
  /** As in `ModelResponse`. */
  readonly unspoken?: readonly string[];
  readonly lingerMs?: number;
}

export function toProvider(request: ModelRequest): Omit<UpstreamCall, "signal"> {
  const { upstream, method, path, headers } = request;
  return { url: upstreamUrl(upstream, path), method, headers: upstreamHeaders(upstream, headers), body: upstreamBody(request) };
}

export async function forwardMetered(request: ModelRequest, { send, address = toProvider, statedCost, unspoken = [], lingerMs = LINGER_MS }: Carrier): Promise<ModelResponse> {
  const { upstream, signal } = request;
  const givingUp = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let drain: (() => void) | undefined;
  const leave = (): void => {
    drain?.();
    timer ??= setTimeout(() => givingUp.abort(new DOMException("The reader left.", "AbortError")), lingerMs);
  };
  const settle = (): void => {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  };

  const call = address(request);
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave, { once: true });
  try {
    const answer = await send({ ...call, signal: givingUp.signal });
    const contentType = answer.headers.get("content-type");
    const counted = meterBody(answer.body, { wire: upstream.wire, contentType, statedCost: statedCost?.(answer.headers), signal: givingUp.signal, onLeave: leave });
    const { metered } = counted;
    drain = counted.drain;
    if (signal.aborted) drain();
    const response = new Response(counted.body, { status: answer.status, headers: readerHeaders(answer.headers) });
    return { response, metered: metered.finally(settle), unspoken };
  } catch (error) {
    settle();
    throw error;
  }
}
