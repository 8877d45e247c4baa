/** Collections of an organization. */
import type {
  ApiKey,
  CreateApiKey,
  CreateProviderKey,
  CreateSession,
  CreatedApiKey,
  Discovery,
  Model,
  ProviderKey,
  Run,
  Session,
  SessionEvent,
  SessionSummary,
  UpdateSession,
} from "@berth/protocol";
import type { Http, Query } from "./http.ts";
import { makeList, type List, type PageOptions } from "./page.ts";

export interface CreateOptions {
  /** The same key and body again answers the first result. Absent: one is made per call. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface SessionFilter extends PageOptions {
  /** Sessions that have all of these pairs. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly externalUserId?: string;
}

export class Sessions {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  create(input: CreateSession, options: CreateOptions = {}): Promise<Session> {
    return this.#http.post("/v1/sessions", { ...options, body: input });
  }

  /** Newest first. */
  list(filter: SessionFilter = {}): List<SessionSummary> {
    const { metadata = {}, externalUserId, ...page } = filter;
    const pairs = Object.entries(metadata).map(([key, value]) => [`metadata[${key}]`, value]);
    return makeList(this.#http, "/v1/sessions", { externalUserId, ...Object.fromEntries(pairs) } as Query, page);
  }

  get(id: string): Promise<Session> {
    return this.#http.get(`/v1/sessions/${encodeURIComponent(id)}`);
  }

  update(id: string, changes: UpdateSession): Promise<Session> {
    return this.#http.patch(`/v1/sessions/${encodeURIComponent(id)}`, { body: changes });
  }

  remove(id: string): Promise<void> {
    return this.#http.delete(`/v1/sessions/${encodeURIComponent(id)}`);
  }
}

export interface RunFilter extends PageOptions {
  readonly sessionId?: string;
}

/** The durable history: it outlives sessions. */
export class Runs {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  /** Newest first. */
  list(filter: RunFilter = {}): List<Run> {
    const { sessionId, ...page } = filter;
    return makeList(this.#http, "/v1/runs", { sessionId }, page);
  }

  get(id: string): Promise<Run> {
    return this.#http.get(`/v1/runs/${encodeURIComponent(id)}`);
  }

  /** Oldest first. */
  events(id: string, page: PageOptions = {}): List<SessionEvent> {
    return makeList(this.#http, `/v1/runs/${encodeURIComponent(id)}/events`, {}, page);
  }
}

/** Keys of model providers. They are written once and never read back. */
export class ProviderKeys {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  list(page: PageOptions = {}): List<ProviderKey> {
    return makeList(this.#http, "/v1/keys", {}, page);
  }

  /** Asks the provider for its models before it is saved, which tests the key. */
  create(input: CreateProviderKey, options: CreateOptions = {}): Promise<ProviderKey> {
    return this.#http.post("/v1/keys", { ...options, body: input });
  }

  remove(id: string): Promise<void> {
    return this.#http.delete(`/v1/keys/${encodeURIComponent(id)}`);
  }
}

export class Models {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  list(page: PageOptions = {}): List<Model> {
    return makeList(this.#http, "/v1/models", {}, page);
  }
}

/** Keys for this API. */
export class ApiKeys {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  list(page: PageOptions = {}): List<ApiKey> {
    return makeList(this.#http, "/v1/api-keys", {}, page);
  }

  /** The answer holds the key itself, the only time it is seen. */
  create(input: CreateApiKey, options: CreateOptions = {}): Promise<CreatedApiKey> {
    return this.#http.post("/v1/api-keys", { ...options, body: input });
  }

  revoke(id: string): Promise<void> {
    return this.#http.delete(`/v1/api-keys/${encodeURIComponent(id)}`);
  }
}

export interface InspectedFolder {
  readonly path: string;
  readonly isRepository: boolean;
  readonly branch: string | null;
  /** Files changed and not committed; a session starts without them. */
  readonly uncommitted: number;
}

/** The machine that Berth runs on, where that is the user's own. @throws BerthError `not-found` elsewhere */
export class Machine {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  /** Keys and model servers that were found; never their values. */
  discoveries(): List<Discovery> {
    return makeList(this.#http, "/v1/machine/discoveries", {});
  }

  /** Stores a found one in the vault. */
  import(id: string): Promise<ProviderKey> {
    return this.#http.post(`/v1/machine/discoveries/${encodeURIComponent(id)}/import`);
  }

  inspectFolder(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<InspectedFolder> {
    return this.#http.post("/v1/machine/folders/inspect", { ...options, body: { path } });
  }
}
