/** The entry: one client per server and key. */
import type { Health, Me } from "@berth/protocol";
import { systemClock, type Clock } from "./clock.ts";
import { Http } from "./http.ts";
import { ApiKeys, Machine, Models, ProviderKeys, Runs, Sessions } from "./resources.ts";
import { SessionClient } from "./session.ts";
import type { WebSocketConstructor } from "./socket.ts";

export interface BerthOptions {
  /** Where Berth answers, for example `http://127.0.0.1:8787`. In a page: default its own origin. */
  readonly baseUrl?: string;
  /** A key made with `apiKeys.create`. In a page leave it out: the sign-in cookie is used. */
  readonly apiKey?: string;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Only needed for `session.stream()` where there is no global one, as in Node 20. */
  readonly WebSocket?: WebSocketConstructor;
  /** Repeats of a request that got no answer, 429 or 503. Default 3. */
  readonly maxRetries?: number;
  /** Longest wait before a repeat. Default 20 000. */
  readonly maxRetryDelayMs?: number;
  /** For one attempt, until the answer begins. Default 60 000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

export class Berth {
  readonly baseUrl: string;
  readonly sessions: Sessions;
  readonly runs: Runs;
  /** Keys of model providers. */
  readonly keys: ProviderKeys;
  readonly models: Models;
  /** Keys for this API. */
  readonly apiKeys: ApiKeys;
  readonly machine: Machine;
  readonly #http: Http;
  readonly #WebSocket: WebSocketConstructor | undefined;

  constructor(options: BerthOptions = {}) {
    const baseUrl = options.baseUrl ?? (globalThis as { location?: { origin?: string } }).location?.origin;
    if (!baseUrl) throw new TypeError("new Berth needs a baseUrl, for example http://127.0.0.1:8787");
    this.baseUrl = baseUrl;
    this.#WebSocket = options.WebSocket;
    this.#http = new Http({
      baseUrl,
      apiKey: options.apiKey,
      fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
      clock: options.clock ?? systemClock,
      maxRetries: options.maxRetries ?? 3,
      maxRetryDelayMs: options.maxRetryDelayMs ?? 20_000,
      timeoutMs: options.timeoutMs ?? 60_000,
    });
    this.sessions = new Sessions(this.#http);
    this.runs = new Runs(this.#http);
    this.keys = new ProviderKeys(this.#http);
    this.models = new Models(this.#http);
    this.apiKeys = new ApiKeys(this.#http);
    this.machine = new Machine(this.#http);
  }

  health(): Promise<Health> {
    return this.#http.get("/health");
  }

  me(): Promise<Me> {
    return this.#http.get("/v1/me");
  }

  /** Ends the sign-in of this page's cookie. With an API key it does nothing: revoke the key instead. */
  signOut(): Promise<void> {
    return this.#http.post("/sign-out");
  }

  /** A handle by id; asks nothing of the server. */
  session(id: string): SessionClient {
    return new SessionClient(this.#http, id, this.#WebSocket);
  }
}
