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

export async function forwardMetered(
  request: ModelRequest,
  { send, lingerMs = LINGER_MS }: { readonly send: (call: UpstreamCall) => Promise<Response>; readonly lingerMs?: number },
): Promise<ModelResponse> {
  const { upstream, method, path, headers, signal } = request;
  const givingUp = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const leave = (): void => {
    timer ??= setTimeout(() => givingUp.abort(new DOMException("The reader left.", "AbortError")), lingerMs);
  };
  const settle = (): void => {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  };

  const url = upstreamUrl(upstream, path);
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave, { once: true });
  try {
    const answer = await send({ url, method, headers: upstreamHeaders(upstream, headers), body: upstreamBody(request), signal: givingUp.signal });
    const contentType = answer.headers.get("content-type");
    const { body, metered } = meterBody(answer.body, { wire: upstream.wire, contentType, signal: givingUp.signal, onLeave: leave });
    const response = new Response(body, { status: answer.status, headers: readerHeaders(answer.headers) });
    return { response, metered: metered.finally(settle) };
  } catch (error) {
    settle();
    throw error;
  }
}
