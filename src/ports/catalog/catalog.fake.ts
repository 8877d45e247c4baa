/** The catalog in memory. */
import type { AuditEntry, PolicyRule, RepositoryRights, SecretUse, SessionSummary } from "@berth/protocol";
import { FaultScript } from "../../core/kernel/fault.ts";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { decodePosition, newestPage, type Position } from "../../core/kernel/position.ts";
import { CATALOG_FAULTS } from "./catalog.faults.ts";
import { reaches, type SecretReach } from "../../core/secrets/secret-scope.ts";
import { ENVIRONMENTS_MAX, KEPT, SECRETS_MAX, type AuditPage, type Catalog, type EnvironmentChange, type EnvironmentRecord, type OriginsMove, type ProviderConnection, type RepositoryConnection, type SecretUsePage, type SessionPage, type SessionSecretRecord, type StoredAnswer } from "./catalog.port.ts";

const ANSWER_LIFETIME_MS = 24 * 60 * 60 * 1000;

interface Tables {
  readonly providers: Map<string, ProviderConnection>;
  readonly repositories: Map<string, RepositoryConnection>;
  readonly environments: Map<string, EnvironmentRecord>;
  readonly secrets: Map<string, SessionSecretRecord>;
  readonly secretUses: Map<string, SecretUse>;
  /** Null for a removed session: a late summary does not bring it back. */
  readonly sessions: Map<string, SessionSummary | null>;
  readonly audit: Map<string, AuditEntry>;
  readonly origins: string[];
  policyRule: PolicyRule;
  operatorOrigins: readonly string[];
  /** Also of removed ones; null is everybody. */
  readonly readers: Map<string, readonly string[] | null>;
  readonly revisions: Map<string, number>;
  readonly answers: Map<string, { readonly answer: StoredAnswer; readonly atMs: number }>;
}

const placeOf = (session: SessionSummary): Position => ({ atMs: Date.parse(session.createdAt), id: session.id });

export class InMemoryCatalog implements Catalog {
  readonly faults: FaultScript;
  readonly #now: () => number;
  readonly #organizations = new Map<string, Tables>();

  constructor(options: { readonly now: () => number; readonly faults?: FaultScript }) {
    this.#now = options.now;
    this.faults = options.faults ?? new FaultScript(CATALOG_FAULTS);
  }

  async listProviders(orgId: string): Promise<readonly ProviderConnection[]> {
    this.faults.strike("listProviders", "before-send");
    const providers = [...this.#of(orgId).providers.values()];
    return asStored(providers.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)));
  }

  async addProvider(orgId: string, connection: ProviderConnection): Promise<void> {
    this.faults.strike("addProvider", "before-send");
    const { providers } = this.#of(orgId);
    const taken = [...providers.values()].some(({ id, provider, userId }) => id === connection.id || (provider === connection.provider && userId === connection.userId));
    if (taken) throw refused("addProvider", "already-exists", "The organization has that provider already.");
    providers.set(connection.id, asStored(connection));
    this.faults.strike("addProvider", "after-apply");
  }

  async removeProvider(orgId: string, id: string): Promise<ProviderConnection> {
    this.faults.strike("removeProvider", "before-send");
    const { providers } = this.#of(orgId);
    const found = providers.get(id);
    if (!found) throw refused("removeProvider", "not-found", "There is no such provider.");
    providers.delete(id);
    return found;
  }

  async listRepositories(orgId: string): Promise<readonly RepositoryConnection[]> {
    this.faults.strike("listRepositories", "before-send");
    const repositories = [...this.#of(orgId).repositories.values()];
    return structuredClone(repositories.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)));
  }

  async findRepository(orgId: string, name: string): Promise<RepositoryConnection | null> {
    this.faults.strike("findRepository", "before-send");
    return structuredClone([...this.#of(orgId).repositories.values()].find((repository) => repository.name === name) ?? null);
  }

  async addRepository(orgId: string, repository: RepositoryConnection): Promise<void> {
    this.faults.strike("addRepository", "before-send");
    const { repositories } = this.#of(orgId);
    const taken = [...repositories.values()].some(({ id, name }) => id === repository.id || name === repository.name);
    if (taken) throw refused("addRepository", "already-exists", "The organization has that repository already.");
    repositories.set(repository.id, structuredClone(repository));
    this.faults.strike("addRepository", "after-apply");
  }

  async setRepositoryRights(orgId: string, id: string, rights: RepositoryRights): Promise<RepositoryConnection> {
    this.faults.strike("setRepositoryRights", "before-send");
    const { repositories } = this.#of(orgId);
    const found = repositories.get(id);
    if (!found) throw refused("setRepositoryRights", "not-found", "There is no such repository.");
    const changed = { ...found, rights };
    repositories.set(id, changed);
    return structuredClone(changed);
  }

  async removeRepository(orgId: string, id: string): Promise<RepositoryConnection> {
    this.faults.strike("removeRepository", "before-send");
    const { repositories } = this.#of(orgId);
    const found = repositories.get(id);
    if (!found) throw refused("removeRepository", "not-found", "There is no such repository.");
    repositories.delete(id);
    return found;
  }

  async listEnvironments(orgId: string): Promise<readonly EnvironmentRecord[]> {
    this.faults.strike("listEnvironments", "before-send");
    const environments = [...this.#of(orgId).environments.values()];
    return asStored(environments.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)));
  }

  async findEnvironment(orgId: string, id: string): Promise<EnvironmentRecord | null> {
    this.faults.strike("findEnvironment", "before-send");
    return asStored(this.#of(orgId).environments.get(id) ?? null);
  }

  async addEnvironment(orgId: string, environment: EnvironmentRecord): Promise<void> {
    this.faults.strike("addEnvironment", "before-send");
    const { environments } = this.#of(orgId);
    const taken = [...environments.values()].some(({ id, name }) => id === environment.id || name === environment.name);
    if (taken) throw refused("addEnvironment", "already-exists", "The organization has that environment already.");
    if (environments.size >= ENVIRONMENTS_MAX) throw refused("addEnvironment", "resource-exhausted", `The organization has ${ENVIRONMENTS_MAX} environments.`);
    environments.set(environment.id, asStored(environment));
  }

  async changeEnvironment(orgId: string, id: string, change: EnvironmentChange): Promise<EnvironmentRecord> {
    this.faults.strike("changeEnvironment", "before-send");
    const { environments } = this.#of(orgId);
    const found = environments.get(id);
    if (!found) throw refused("changeEnvironment", "not-found", "There is no such environment.");
    const taken = [...environments.values()].some((each) => each.id !== id && each.name === change.name);
    if (taken) throw refused("changeEnvironment", "already-exists", "The organization has an environment of that name already.");
    const changed = asStored({ ...found, ...asStored(change) });
    environments.set(id, changed);
    return asStored(changed);
  }

  async removeEnvironment(orgId: string, id: string): Promise<EnvironmentRecord> {
    this.faults.strike("removeEnvironment", "before-send");
    const { environments } = this.#of(orgId);
    const found = environments.get(id);
    if (!found) throw refused("removeEnvironment", "not-found", "There is no such environment.");
    environments.delete(id);
    return found;
  }

  async upsertSession(orgId: string, summary: SessionSummary, readers: readonly string[] | null = null, revision = 0): Promise<void> {
    this.faults.strike("upsertSession", "before-send");
    const { sessions, readers: allReaders, revisions } = this.#of(orgId);
    const stored = sessions.get(summary.id);
    if (stored !== null && (!stored || (stored.lastSeq <= summary.lastSeq && (revisions.get(summary.id) ?? 0) <= revision))) {
      revisions.set(summary.id, revision);
      sessions.set(summary.id, asStored({ ...summary, visibility: readers === null ? undefined : "private" }));
      allReaders.set(summary.id, readers && [...readers]);
    }
    this.faults.strike("upsertSession", "after-apply");
  }

  async listSessions(orgId: string, query: Parameters<Catalog["listSessions"]>[1]): Promise<SessionPage> {
    this.faults.strike("listSessions", "before-send");
    this.faults.strike("listSessions", "mid-stream");
    const after = query.after === null ? null : decodePosition(query.after);
    if (query.after !== null && !after) {
      throw refused("listSessions", "invalid-argument", "That is no position in the list of sessions.");
    }
    const pairs = Object.entries(query.metadata ?? {});
    const { readableBy } = query;
    const found = [...this.#of(orgId).sessions.values()]
      .filter((session) => session !== null)
      .filter((session) => pairs.every(([key, value]) => Object.hasOwn(session.metadata, key) && session.metadata[key] === value))
      .filter((session) => query.externalUserId === undefined || session.externalUserId === query.externalUserId)
      .filter((session) => readableBy === undefined || this.#isReadable(orgId, session.id, readableBy));
    const { items, next } = newestPage(found, { after, limit: query.limit }, placeOf);
    return { sessions: asStored(items), next };
  }

  async readableSessions(orgId: string, sessionIds: readonly string[], readableBy: readonly string[]): Promise<readonly string[]> {
    return sessionIds.filter((id) => this.#isReadable(orgId, id, readableBy));
  }

  #isReadable(orgId: string, sessionId: string, readableBy: readonly string[]): boolean {
    const readers = this.#of(orgId).readers.get(sessionId);
    return readers === null || (readers ?? []).some((reader) => readableBy.includes(reader));
  }

  async removeSession(orgId: string, sessionId: string): Promise<void> {
    this.#of(orgId).sessions.set(sessionId, null);
  }

  async clientOrigins(orgId: string): Promise<readonly string[]> {
    return [...this.#of(orgId).origins];
  }

  async setClientOrigins(orgId: string, origins: readonly string[]): Promise<void> {
    const tables = this.#of(orgId);
    tables.origins.splice(0, tables.origins.length, ...origins);
  }

  async policyRule(orgId: string): Promise<PolicyRule> {
    return { ...this.#of(orgId).policyRule };
  }

  async setPolicyRule(orgId: string, rule: PolicyRule): Promise<void> {
    this.#of(orgId).policyRule = { ...rule };
  }

  async rememberAnswer(orgId: string, key: string, answer: StoredAnswer): Promise<StoredAnswer> {
    const stored = this.#answer(orgId, key);
    if (stored) return { ...stored };
    this.#of(orgId).answers.set(key, { answer: { ...answer }, atMs: this.#now() });
    const repeated = this.faults.strike("rememberAnswer", "after-apply");
    return repeated ? this.rememberAnswer(orgId, key, answer) : { ...answer };
  }

  async findAnswer(orgId: string, key: string): Promise<StoredAnswer | null> {
    const stored = this.#answer(orgId, key);
    return stored && { ...stored };
  }

  async addAudit(orgId: string, entry: AuditEntry): Promise<void> {
    this.faults.strike("addAudit", "before-send");
    const { audit } = this.#of(orgId);
    if (!audit.has(entry.id)) audit.set(entry.id, asStored(entry));
    for (const { id, at } of audit.values()) if (Date.parse(at) < Date.parse(entry.at) - KEPT.auditMs) audit.delete(id);
    this.faults.strike("addAudit", "after-apply");
  }

  async operatorOrigins(orgId: string): Promise<readonly string[]> {
    this.faults.strike("operatorOrigins", "before-send");
    return [...this.#of(orgId).operatorOrigins];
  }

  async moveOperatorOrigins(orgId: string, { from, to, entry }: OriginsMove): Promise<void> {
    const tables = this.#of(orgId);
    if (JSON.stringify(tables.operatorOrigins) !== JSON.stringify(from)) return;
    tables.operatorOrigins = [...to];
    tables.audit.set(entry.id, asStored(entry));
    this.faults.strike("moveOperatorOrigins", "after-apply");
  }

  async listAudit(orgId: string, query: Parameters<Catalog["listAudit"]>[1]): Promise<AuditPage> {
    const { items, next } = momentsPage([...this.#of(orgId).audit.values()].filter((entry) => query.actorId === undefined || entry.actor.id === query.actorId), "listAudit", query);
    return { entries: items, next };
  }

  async listSecrets(orgId: string, reach?: SecretReach): Promise<readonly SessionSecretRecord[]> {
    this.faults.strike("listSecrets", "before-send");
    const secrets = [...this.#of(orgId).secrets.values()].filter((secret) => reach === undefined || reaches(secret, reach));
    return asStored(secrets.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)));
  }

  async addSecret(orgId: string, secret: SessionSecretRecord): Promise<void> {
    this.faults.strike("addSecret", "before-send");
    const { secrets } = this.#of(orgId);
    const placeOfSecret = ({ scope, scopeOf, name }: SessionSecretRecord): string => JSON.stringify([scope, scopeOf, name]);
    const taken = [...secrets.values()].some((known) => known.id === secret.id || placeOfSecret(known) === placeOfSecret(secret));
    if (taken) throw refused("addSecret", "already-exists", "There is a secret of that name already.");
    const sameScope = [...secrets.values()].filter(({ scope, scopeOf }) => scope === secret.scope && scopeOf === secret.scopeOf);
    if (sameScope.length >= SECRETS_MAX) throw refused("addSecret", "resource-exhausted", `That scope has ${SECRETS_MAX} secrets.`);
    secrets.set(secret.id, asStored(secret));
    this.faults.strike("addSecret", "after-apply");
  }

  async removeSecret(orgId: string, id: string): Promise<SessionSecretRecord> {
    this.faults.strike("removeSecret", "before-send");
    const { secrets } = this.#of(orgId);
    const found = secrets.get(id);
    if (!found) throw refused("removeSecret", "not-found", "There is no such secret.");
    secrets.delete(id);
    return found;
  }

  async addSecretUses(orgId: string, uses: readonly SecretUse[]): Promise<void> {
    this.faults.strike("addSecretUses", "before-send");
    const { secrets, secretUses } = this.#of(orgId);
    for (const use of uses) {
      if (secretUses.has(use.id)) continue;
      secretUses.set(use.id, asStored(use));
      const secret = secrets.get(use.secretId);
      if (secret) secrets.set(secret.id, { ...secret, lastUsedAtMs: Math.max(secret.lastUsedAtMs ?? 0, Date.parse(use.at)) });
    }
    for (const id of new Set(uses.map(({ secretId }) => secretId))) {
      const newest = [...secretUses.values()].filter(({ secretId }) => secretId === id).toSorted((a, b) => (a.at < b.at ? 1 : -1));
      const oldest = Date.parse(newest[0]?.at ?? "") - KEPT.usesMs;
      for (const [at, use] of newest.entries()) if (at >= KEPT.usesOfSecret || Date.parse(use.at) < oldest) secretUses.delete(use.id);
    }
  }

  async listSecretUses(orgId: string, query: Parameters<Catalog["listSecretUses"]>[1]): Promise<SecretUsePage> {
    const { items, next } = momentsPage([...this.#of(orgId).secretUses.values()].filter(({ secretId }) => secretId === query.secretId), "listSecretUses", query);
    return { uses: items, next };
  }

  #answer(orgId: string, key: string): StoredAnswer | null {
    const { answers } = this.#of(orgId);
    const oldest = this.#now() - ANSWER_LIFETIME_MS;
    for (const [each, { atMs }] of answers) if (atMs <= oldest) answers.delete(each);
    return answers.get(key)?.answer ?? null;
  }

  #of(orgId: string): Tables {
    let tables = this.#organizations.get(orgId);
    if (!tables) {
      tables = { providers: new Map(), repositories: new Map(), environments: new Map(), secrets: new Map(), secretUses: new Map(), sessions: new Map(), readers: new Map(), revisions: new Map(), origins: [], policyRule: { onMismatch: "report" }, operatorOrigins: [], audit: new Map(), answers: new Map() };
      this.#organizations.set(orgId, tables);
    }
    return tables;
  }
}

function momentsPage<T extends { readonly id: string; readonly at: string }>(all: readonly T[], operation: string, query: { readonly after: string | null; readonly limit: number }) {
  const after = query.after === null ? null : decodePosition(query.after);
  if (query.after !== null && !after) throw refused(operation, "invalid-argument", "That is no position in the list.");
  return asStored(newestPage(all, { after, limit: query.limit }, ({ at, id }) => ({ atMs: Date.parse(at), id })));
}

/** What a database gives back of it. */
function asStored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "catalog", operation, code, outcome: "not-applied", retry: "never", message });
}
