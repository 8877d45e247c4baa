/**
 * Requests to the API. A POST carries an Idempotency-Key of its own, so that a repeat after a lost answer is the same
 * request; what may be repeated is repeated, bounded, and everything else is thrown as {@link BerthError}.
 */
import type { Problem } from "@berth/protocol";
import { backoffMs, parseRetryAfter, type Clock } from "./clock.ts";
import { BerthError, clientError, problemError } from "./errors.ts";

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface HttpOptions {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  readonly maxRetries: number;
  /** Longest wait before a repeat; a server that asks for more gets no repeat. */
  readonly maxRetryDelayMs: number;
  /** For one attempt, until the headers of the answer. */
  readonly timeoutMs: number;
}

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export class Http {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  url(path: string, query: Query = {}): string {
    const url = new URL(this.#options.baseUrl.replace(/\/+$/, "") + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url.href;
  }

  get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json<T>("GET", path, options);
  }

  post<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json<T>("POST", path, { ...options, idempotencyKey: options.idempotencyKey ?? crypto.randomUUID() });
  }

  put<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json<T>("PUT", path, options);
  }

  patch<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json<T>("PATCH", path, options);
  }

  delete<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json<T>("DELETE", path, options);
  }

  /** One GET whose answer is bytes. */
  async bytes(path: string, options: RequestOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await (await this.#send("GET", path, options)).arrayBuffer());
  }

  /** One PUT whose body is bytes. */
  async putBytes<T>(path: string, bytes: Blob | Uint8Array<ArrayBuffer>, options: RequestOptions = {}): Promise<T> {
    return (await (await this.#send("PUT", path, { ...options, bytes })).json()) as T;
  }

  /** One GET whose answer is plain text. */
  async text(path: string, options: RequestOptions = {}): Promise<string> {
    return (await this.#send("GET", path, options)).text();
  }

  /** One GET whose body stays open. Not repeated: the caller knows where it was. @throws BerthError */
  async open(path: string, accept: string, query: Query, signal: AbortSignal): Promise<Response> {
    const response = await this.#attempt("GET", this.url(path, query), { accept }, undefined, signal);
    if (!response.ok) throw await this.#failure(response);
    return response;
  }

  async #json<T>(method: Method, path: string, options: RequestOptions): Promise<T> {
    const response = await this.#send(method, path, options);
    if (response.status === 204) return undefined as T;
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw clientError("bad-answer", "The answer is not JSON. Is this the address of a Berth server?", cause);
    }
  }

  async #send(method: Method, path: string, options: RequestOptions & { readonly bytes?: Blob | Uint8Array<ArrayBuffer> }): Promise<Response> {
    const { clock, maxRetries, maxRetryDelayMs } = this.#options;
    const headers: Record<string, string> = { accept: "application/json" };
    let body: string | Blob | Uint8Array<ArrayBuffer> | undefined = options.bytes;
    if (body !== undefined) headers["content-type"] = "application/octet-stream";
    if (options.body !== undefined) {
      headers["content-type"] = "application/json";
      body = JSON.stringify(options.body);
    }
    if (options.idempotencyKey !== undefined) headers["idempotency-key"] = options.idempotencyKey;
    for (let attempt = 0; ; attempt++) {
      const outcome: unknown = await this.#attempt(method, this.url(path, options.query), headers, body, options.signal)
        .then(async (response) => (response.ok ? response : await this.#failure(response)))
        .catch((error: unknown) => error);
      if (outcome instanceof Response) return outcome;
      // A DELETE whose first answer was lost finds nothing the second time, which is what was asked for.
      if (method === "DELETE" && attempt > 0 && BerthError.is(outcome) && outcome.status === 404) {
        return new Response(null, { status: 204 });
      }
      const delay = retryDelay(outcome, attempt, clock.random());
      if (delay === null || attempt >= maxRetries || delay > maxRetryDelayMs) throw outcome;
      await clock.sleep(delay, options.signal);
      if (options.signal?.aborted) throw clientError("aborted", "The request was aborted", options.signal.reason);
    }
  }

  async #attempt(
    method: Method,
    url: string,
    headers: Record<string, string>,
    body: string | Blob | Uint8Array<ArrayBuffer> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    if (signal?.aborted) throw clientError("aborted", "The request was aborted", signal.reason);
    const { apiKey, clock, timeoutMs } = this.#options;
    const attempt = new AbortController();
    const answered = new AbortController();
    let timedOut = false;
    void clock.sleep(timeoutMs, answered.signal).then(() => {
      if (answered.signal.aborted) return;
      timedOut = true;
      attempt.abort();
    });
    try {
      return await this.#options.fetch(url, {
        method,
        headers: apiKey ? { ...headers, authorization: `Bearer ${apiKey}` } : headers,
        ...(body === undefined ? {} : { body }),
        // The caller's signal stays attached, so that aborting also ends a body that is still open.
        signal: signal ? AbortSignal.any([signal, attempt.signal]) : attempt.signal,
      });
    } catch (cause) {
      if (signal?.aborted) throw clientError("aborted", "The request was aborted", cause);
      if (timedOut) throw clientError("timeout", `Berth did not answer within ${timeoutMs} ms`, cause);
      throw clientError("network", "Berth could not be reached", cause);
    } finally {
      answered.abort();
    }
  }

  async #failure(response: Response): Promise<BerthError> {
    const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), this.clock.now());
    const body: unknown = await response.json().catch(() => null);
    if (isProblem(body)) return problemError(body, retryAfterMs);
    const detail = `The server answered ${response.status} without a reason`;
    return problemError({ type: "about:blank/bad-answer", title: detail, status: response.status, detail }, retryAfterMs);
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "type" in value && "status" in value && "title" in value;
}

/** Null: not to be repeated. A full queue is the caller's to handle, unless the server says when there will be room. */
function retryDelay(error: unknown, attempt: number, random: number): number | null {
  if (!BerthError.is(error)) return null;
  if (error.code === "network" || error.code === "timeout") return backoffMs(attempt, random);
  if (error.status !== 429 && error.status !== 503) return null;
  if (error.retryAfterMs !== undefined) return error.retryAfterMs;
  return error.code === "queue-full" ? null : backoffMs(attempt, random);
}
