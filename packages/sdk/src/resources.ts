/** Collections of an organization. */
import type {
  ApiKey,
  AuditEntry,
  CreateApiKey,
  CreateEnvironment,
  CreateProviderKey,
  CreateRepository,
  CreateSecret,
  CreateSession,
  CreatedApiKey,
  DetectedEnvironment,
  Discovery,
  Environment,
  Model,
  ProviderKey,
  Repository,
  Run,
  Secret,
  SecretUse,
  Session,
  SessionEvent,
  SessionSummary,
  UpdateEnvironment,
  UpdateRepository,
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

export class Repositories {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  list(page: PageOptions = {}): List<Repository> {
    return makeList(this.#http, "/v1/repos", {}, page);
  }

  /** Its branches are listed before it is saved, which tests the address and the credential. */
  create(input: CreateRepository, options: CreateOptions = {}): Promise<Repository> {
    return this.#http.post("/v1/repos", { ...options, body: input });
  }

  /** `person` needs a host that people sign in with, such as GitHub. */
  update(id: string, input: UpdateRepository): Promise<Repository> {
    return this.#http.patch(`/v1/repos/${encodeURIComponent(id)}`, { body: input });
  }

  remove(id: string): Promise<void> {
    return this.#http.delete(`/v1/repos/${encodeURIComponent(id)}`);
  }
}

/** Everybody in the organization reads their variables: what is secret belongs into `secrets`. */
export class Environments {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  list(page: PageOptions = {}): List<Environment> {
    return makeList(this.#http, "/v1/environments", {}, page);
  }

  create(input: CreateEnvironment, options: CreateOptions = {}): Promise<Environment> {
    return this.#http.post("/v1/environments", { ...options, body: input });
  }

  /** Looks at a repository's files at its host; nothing is kept. @param repository id or name */
  detect(repository: string, options: { readonly signal?: AbortSignal } = {}): Promise<DetectedEnvironment> {
    return this.#http.post("/v1/environments/detect", { ...options, body: { repository } });
  }

  get(id: string): Promise<Environment> {
    return this.#http.get(`/v1/environments/${encodeURIComponent(id)}`);
  }

  /** What is left out stays; a sandbox that is running keeps what it began with. */
  update(id: string, input: UpdateEnvironment): Promise<Environment> {
    return this.#http.patch(`/v1/environments/${encodeURIComponent(id)}`, { body: input });
  }

  /** Sessions in it keep what their sandbox began with, and go on without in the next one. */
  remove(id: string): Promise<void> {
    return this.#http.delete(`/v1/environments/${encodeURIComponent(id)}`);
  }
}

/** For sessions. Values are never read back. */
export class Secrets {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  list(page: PageOptions = {}): List<Secret> {
    return makeList(this.#http, "/v1/secrets", {}, page);
  }

  create(input: CreateSecret, options: CreateOptions = {}): Promise<Secret> {
    return this.#http.post("/v1/secrets", { ...options, body: input });
  }

  /** Name, scope and hosts stay. A sandbox that has the old value in its environment keeps it until its agent starts again. */
  replaceValue(id: string, value: string): Promise<Secret> {
    return this.#http.put(`/v1/secrets/${encodeURIComponent(id)}/value`, { body: { value } });
  }

  remove(id: string): Promise<void> {
    return this.#http.delete(`/v1/secrets/${encodeURIComponent(id)}`);
  }

  /** Newest first. */
  uses(id: string, page: PageOptions = {}): List<SecretUse> {
    return makeList(this.#http, `/v1/secrets/${encodeURIComponent(id)}/uses`, {}, page);
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

/** Who did what; for owners and admins. */
export class Audit {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  /** Newest first. */
  list({ actorId, ...page }: PageOptions & { readonly actorId?: string } = {}): List<AuditEntry> {
    return makeList(this.#http, "/v1/audit", actorId === undefined ? {} : { actorId }, page);
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
