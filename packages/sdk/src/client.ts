/** The entry: one client per server and key. */
import type { ClientToken, Health, Me, Organization, UpdateMe, UpdateOrganization } from "@berth/protocol";
import { systemClock, type Clock } from "./clock.ts";
import { Http } from "./http.ts";
import { Budgets, UsageReports } from "./budgets.ts";
import { Devices } from "./devices.ts";
import { ClientOriginList, PolicyRuleSetting, Invitations, Members, ServiceAccounts, Teams } from "./organization.ts";
import { ApiKeys, Audit, Environments, Machine, Models, ProviderKeys, Repositories, Runs, Secrets, Sessions } from "./resources.ts";
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
  /** What sessions may work on, beside folders. */
  readonly repos: Repositories;
  /** What sessions on a repository begin with. */
  readonly environments: Environments;
  readonly secrets: Secrets;
  /** Keys for this API. */
  readonly apiKeys: ApiKeys;
  /** Caps of the organization, its users and its sessions. */
  readonly budgets: Budgets;
  readonly usage: UsageReports;
  readonly audit: Audit;
  readonly machine: Machine;
  readonly members: Members;
  readonly serviceAccounts: ServiceAccounts;
  readonly teams: Teams;
  readonly invitations: Invitations;
  /** Keys for programs without a browser. */
  readonly devices: Devices;
  readonly policyRule: PolicyRuleSetting;
  readonly clientOrigins: ClientOriginList;
  readonly #http: Http;
  readonly #connect: (apiKey: string) => Http;
  readonly #WebSocket: WebSocketConstructor | undefined;

  constructor(options: BerthOptions = {}) {
    const baseUrl = options.baseUrl ?? (globalThis as { location?: { origin?: string } }).location?.origin;
    if (!baseUrl) throw new TypeError("new Berth needs a baseUrl, for example http://127.0.0.1:8787");
    this.baseUrl = baseUrl;
    this.#WebSocket = options.WebSocket;
    const connect = (apiKey: string | undefined): Http => new Http({
      baseUrl,
      apiKey,
      fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
      clock: options.clock ?? systemClock,
      maxRetries: options.maxRetries ?? 3,
      maxRetryDelayMs: options.maxRetryDelayMs ?? 20_000,
      timeoutMs: options.timeoutMs ?? 60_000,
    });
    this.#connect = connect;
    this.#http = connect(options.apiKey);
    this.sessions = new Sessions(this.#http);
    this.runs = new Runs(this.#http);
    this.keys = new ProviderKeys(this.#http);
    this.models = new Models(this.#http);
    this.repos = new Repositories(this.#http);
    this.environments = new Environments(this.#http);
    this.secrets = new Secrets(this.#http);
    this.apiKeys = new ApiKeys(this.#http);
    this.budgets = new Budgets(this.#http);
    this.usage = new UsageReports(this.#http);
    this.audit = new Audit(this.#http);
    this.machine = new Machine(this.#http);
    this.members = new Members(this.#http);
    this.serviceAccounts = new ServiceAccounts(this.#http);
    this.teams = new Teams(this.#http);
    this.invitations = new Invitations(this.#http);
    this.devices = new Devices(this.#http, options.clock ?? systemClock);
    this.policyRule = new PolicyRuleSetting(this.#http);
    this.clientOrigins = new ClientOriginList(this.#http);
  }

  health(): Promise<Health> {
    return this.#http.get("/health");
  }

  me(): Promise<Me> {
    return this.#http.get("/v1/me");
  }

  /** Changes the name of who is signed in, in every organization of theirs. A key has none. */
  rename(name: string): Promise<Me> {
    return this.#http.patch("/v1/me", { body: { name } satisfies UpdateMe });
  }

  /** What belongs to the organization stays as it is. */
  renameOrganization(name: string): Promise<Organization> {
    return this.#http.patch("/v1/organization", { body: { name } satisfies UpdateOrganization });
  }

  /** Makes the sign-in of this page act in another organization of its person. */
  switchOrganization(organizationId: string): Promise<void> {
    return this.#http.post("/v1/me/organization", { body: { organizationId } });
  }

  /** Ends the sign-in of this page's cookie. With an API key it does nothing: revoke the key instead. */
  signOut(): Promise<void> {
    return this.#http.post("/sign-out");
  }

  /** Takes one use of a link to a session for a token that is this client's `apiKey` for that session. */
  redeemShareLink(token: string): Promise<ClientToken> {
    return this.#connect(token).post("/v1/share-links/redeem");
  }

  /** A handle by id; asks nothing of the server. */
  session(id: string): SessionClient {
    return new SessionClient(this.#http, id, this.#WebSocket);
  }
}
