/** What an organization has configured, and the list of its sessions. */
import type { AuditEntry, ModelDetails, NamedPort, PolicyRule, RepositoryRights, SecretHost, SecretUse, SessionSummary } from "@berth/protocol";
import type { OwnedProvider } from "../../core/providers/own-providers.ts";
import type { Resources } from "../../core/sandbox/resources.ts";
import type { ScopedSecret, SecretReach } from "../../core/secrets/secret-scope.ts";

/** With what its owner states of it. */
export interface ProviderModel extends ModelDetails {
  readonly id: string;
  readonly name: string;
}

/** A model provider of an organization, or of one person in it. Its key is in the vault under `secretName`. */
export interface ProviderConnection extends OwnedProvider {
  readonly id: string;
  readonly baseUrl: string;
  /** Null for a server that needs no key. */
  readonly secretName: string | null;
  readonly models: readonly ProviderModel[];
  readonly createdAtMs: number;
}

/** A repository that sessions of an organization may work on. Its credential is in the vault under `secretName`. */
export interface RepositoryConnection {
  readonly id: string;
  /** `host/owner/repository`; what sessions and the git broker know it by. */
  readonly name: string;
  readonly url: string;
  /** Null for one that anyone may read. */
  readonly secretName: string | null;
  readonly defaultBranch: string | null;
  readonly canPush: boolean;
  readonly rights: RepositoryRights;
  readonly createdAtMs: number;
}

/** What sessions on some repositories begin with. */
export interface EnvironmentRecord {
  readonly id: string;
  readonly name: string;
  /** Ids; empty for any session. */
  readonly repositories: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly setupScript: string;
  /** Each number and each name once. */
  readonly ports: readonly NamedPort[];
  readonly resources: Resources;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What is left out stays. */
export type EnvironmentChange = Partial<Pick<EnvironmentRecord, "name" | "repositories" | "variables" | "setupScript" | "ports" | "resources">> & Pick<EnvironmentRecord, "updatedAtMs">;

/** A secret for sessions. Its value is in the vault under `secretName`. */
export interface SessionSecretRecord extends ScopedSecret {
  readonly id: string;
  readonly readableByAgent: boolean;
  readonly hosts: readonly SecretHost[];
  readonly secretName: string;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | null;
}

export interface SecretUsePage {
  readonly uses: readonly SecretUse[];
  readonly next: string | null;
}

export interface SessionPage {
  readonly sessions: readonly SessionSummary[];
  readonly next: string | null;
}

/** Of an organization. */
export const ENVIRONMENTS_MAX = 100;
/** Secrets of one scope: the organization's, one repository's, one environment's, one person's. */
export const SECRETS_MAX = 200;
const DAY_MS = 86_400_000;
/** How long and how many are kept at least, and a hundred writes more: who uses a secret in a loop fills no table. */
export const KEPT = { usesOfSecret: 10_000, usesMs: 90 * DAY_MS, auditMs: 400 * DAY_MS } as const;

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  readonly next: string | null;
}

/** From one list of the operator's origins to another, both sorted, and the entry that tells of it. */
export interface OriginsMove {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly entry: AuditEntry;
}

/** A POST's stored answer under its `Idempotency-Key`. */
export interface StoredAnswer {
  readonly bodyHash: string;
  readonly status: number;
  /** JSON text. Secrets in it are replaced before it is stored. */
  readonly body: string;
}

export interface Catalog {
  listProviders(orgId: string): Promise<readonly ProviderConnection[]>;
  /** @throws PortError `already-exists` when the organization, or that person in it, has that provider */
  addProvider(orgId: string, connection: ProviderConnection): Promise<void>;
  /** Answers what was removed. @throws PortError `not-found` */
  removeProvider(orgId: string, id: string): Promise<ProviderConnection>;

  /** Oldest first. */
  listRepositories(orgId: string): Promise<readonly RepositoryConnection[]>;
  findRepository(orgId: string, name: string): Promise<RepositoryConnection | null>;
  /** @throws PortError `already-exists` when the organization has that repository */
  addRepository(orgId: string, repository: RepositoryConnection): Promise<void>;
  /** Answers the repository as it is then. @throws PortError `not-found` */
  setRepositoryRights(orgId: string, id: string, rights: RepositoryRights): Promise<RepositoryConnection>;
  /** Answers what was removed. @throws PortError `not-found` */
  removeRepository(orgId: string, id: string): Promise<RepositoryConnection>;

  /** Oldest first. */
  listEnvironments(orgId: string): Promise<readonly EnvironmentRecord[]>;
  findEnvironment(orgId: string, id: string): Promise<EnvironmentRecord | null>;
  /** @throws PortError `already-exists` when the organization has one of that name; `resource-exhausted` when it has as many as there may be */
  addEnvironment(orgId: string, environment: EnvironmentRecord): Promise<void>;
  /** Answers the environment as it is then. @throws PortError `not-found`; `already-exists` when another has that name */
  changeEnvironment(orgId: string, id: string, change: EnvironmentChange): Promise<EnvironmentRecord>;
  /** Answers what was removed. @throws PortError `not-found` */
  removeEnvironment(orgId: string, id: string): Promise<EnvironmentRecord>;

  /** Oldest first. */
  /** @param reach only those that it reaches */
  listSecrets(orgId: string, reach?: SecretReach): Promise<readonly SessionSecretRecord[]>;
  /** @throws PortError `already-exists` when its scope has one of that name; `resource-exhausted` when it has as many as there may be */
  addSecret(orgId: string, secret: SessionSecretRecord): Promise<void>;
  /** Answers what was removed. What it was used for stays. @throws PortError `not-found` */
  removeSecret(orgId: string, id: string): Promise<SessionSecretRecord>;
  /** Also says when each of these secrets was used last. All or nothing; the same one again changes nothing. */
  addSecretUses(orgId: string, uses: readonly SecretUse[]): Promise<void>;
  /** Newest first. */
  listSecretUses(orgId: string, query: { readonly secretId: string; readonly after: string | null; readonly limit: number }): Promise<SecretUsePage>;

  /**
   * Inserts or updates; a summary with an older `lastSeq` or `revision` than the stored one changes nothing.
   * @param readers principals and teams that may read it besides who administers; null for everybody
   * @param revision of the readers, which may change while `lastSeq` does not
   */
  upsertSession(orgId: string, summary: SessionSummary, readers?: readonly string[] | null, revision?: number): Promise<void>;
  /** Newest first. `metadata` matches sessions that have all of the given pairs. */
  listSessions(
    orgId: string,
    query: {
      readonly after: string | null;
      readonly limit: number;
      readonly metadata?: Readonly<Record<string, string>>;
      readonly externalUserId?: string;
      /** Only what one of these may read, a principal and its teams; absent: all. */
      readonly readableBy?: readonly string[];
    },
  ): Promise<SessionPage>;
  /** Of these sessions those that one of `readableBy` may read, removed ones included. One that never reported itself is none. */
  readableSessions(orgId: string, sessionIds: readonly string[], readableBy: readonly string[]): Promise<readonly string[]>;
  removeSession(orgId: string, sessionId: string): Promise<void>;

  /** Origins of pages from which client tokens of the organization work. */
  clientOrigins(orgId: string): Promise<readonly string[]>;
  setClientOrigins(orgId: string, origins: readonly string[]): Promise<void>;

  /** `report` until it was set. */
  policyRule(orgId: string): Promise<PolicyRule>;
  setPolicyRule(orgId: string, rule: PolicyRule): Promise<void>;

  /** Remembers the answer for 24 h. When the key is taken, answers the first one and stores nothing. */
  rememberAnswer(orgId: string, key: string, answer: StoredAnswer): Promise<StoredAnswer>;
  findAnswer(orgId: string, key: string): Promise<StoredAnswer | null>;

  /** Writing down the same entry again changes nothing. */
  addAudit(orgId: string, entry: AuditEntry): Promise<void>;
  /** The operator's origins that the organization was last told of, sorted; none before. */
  operatorOrigins(orgId: string): Promise<readonly string[]>;
  /** Writes the entry down and remembers `to`, both or neither, and neither where what is remembered is not `from` (any more). */
  moveOperatorOrigins(orgId: string, move: OriginsMove): Promise<void>;
  /** Newest first. @param query.actorId only what that one did */
  listAudit(orgId: string, query: { readonly after: string | null; readonly limit: number; readonly actorId?: string }): Promise<AuditPage>;
}
