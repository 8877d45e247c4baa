/** Who belongs to the organization. */
import type {
  ClientOrigins,
  PolicyRule,
  CreatedInvitation,
  CreateInvitation,
  CreateServiceAccount,
  CreateTeam,
  Invitation,
  Member,
  AcceptedInvitation,
  Role,
  ServiceAccount,
  Team,
  TeamMember,
  UpdateServiceAccount,
  UpdateTeam,
} from "@berth/protocol";
import type { Http } from "./http.ts";
import { makeList, type List, type PageOptions } from "./page.ts";
import type { CreateOptions } from "./resources.ts";

const at = (path: string, ...ids: readonly string[]): string => ids.reduce((address, id) => address.replace("*", encodeURIComponent(id)), path);

export class Members {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  /** Oldest first. */
  list(page: PageOptions = {}): List<Member> {
    return makeList(this.#http, "/v1/members", {}, page);
  }

  setRole(userId: string, role: Role): Promise<Member> {
    return this.#http.patch(at("/v1/members/*", userId), { body: { role } });
  }

  remove(userId: string): Promise<void> {
    return this.#http.delete(at("/v1/members/*", userId));
  }
}

/** Principals that are no persons; make their keys with `apiKeys.create({serviceAccountId})`. */
export class ServiceAccounts {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  list(): List<ServiceAccount> {
    return makeList(this.#http, "/v1/service-accounts", {});
  }

  create(input: CreateServiceAccount, options: CreateOptions = {}): Promise<ServiceAccount> {
    return this.#http.post("/v1/service-accounts", { ...options, body: input });
  }

  update(id: string, changes: UpdateServiceAccount): Promise<ServiceAccount> {
    return this.#http.patch(at("/v1/service-accounts/*", id), { body: changes });
  }

  remove(id: string): Promise<void> {
    return this.#http.delete(at("/v1/service-accounts/*", id));
  }
}

export class Teams {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  list(): List<Team> {
    return makeList(this.#http, "/v1/teams", {});
  }

  create(input: CreateTeam, options: CreateOptions = {}): Promise<Team> {
    return this.#http.post("/v1/teams", { ...options, body: input });
  }

  rename(id: string, name: string): Promise<Team> {
    return this.#http.patch(at("/v1/teams/*", id), { body: { name } satisfies UpdateTeam });
  }

  remove(id: string): Promise<void> {
    return this.#http.delete(at("/v1/teams/*", id));
  }

  members(id: string): List<TeamMember> {
    return makeList(this.#http, at("/v1/teams/*/members", id), {});
  }

  /** A person or a service account. Adding somebody twice changes nothing. */
  addMember(id: string, principalId: string): Promise<void> {
    return this.#http.put(at("/v1/teams/*/members/*", id, principalId));
  }

  removeMember(id: string, principalId: string): Promise<void> {
    return this.#http.delete(at("/v1/teams/*/members/*", id, principalId));
  }
}

export class Invitations {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  /** Those that wait. */
  list(): List<Invitation> {
    return makeList(this.#http, "/v1/invitations", {});
  }

  /** The answer holds the link, the only time it is seen. */
  create(input: CreateInvitation, options: CreateOptions = {}): Promise<CreatedInvitation> {
    return this.#http.post("/v1/invitations", { ...options, body: input });
  }

  revoke(id: string): Promise<void> {
    return this.#http.delete(at("/v1/invitations/*", id));
  }

  /** In a page, by the sign-in of the person it was made for. */
  accept(token: string): Promise<AcceptedInvitation> {
    return this.#http.post("/v1/invitations/accept", { body: { token } });
  }
}

/** What becomes of a session whose sandbox is not kept as declared. */
export class PolicyRuleSetting {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  get(): Promise<PolicyRule> {
    return this.#http.get("/v1/policy-rule");
  }

  /** For owners and admins; holds from the next measurement on. */
  set(onMismatch: PolicyRule["onMismatch"]): Promise<PolicyRule> {
    return this.#http.put("/v1/policy-rule", { body: { onMismatch } });
  }
}

/** Origins of your own pages, from which client tokens work. */
export class ClientOriginList {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  async get(): Promise<readonly string[]> {
    return (await this.#http.get<ClientOrigins>("/v1/client-origins")).origins;
  }

  async set(origins: readonly string[]): Promise<readonly string[]> {
    return (await this.#http.put<ClientOrigins>("/v1/client-origins", { body: { origins } })).origins;
  }
}
