/** What an organization has configured, and the list of its sessions. */
import type { ProviderKind, SessionSummary } from "@berth/protocol";

export interface ProviderModel {
  readonly id: string;
  readonly name: string;
}

/** A model provider of an organization. Its key is in the vault under `secretName`. */
export interface ProviderConnection {
  readonly id: string;
  readonly provider: string;
  readonly kind: ProviderKind;
  readonly baseUrl: string;
  /** Null for a server that needs no key. */
  readonly secretName: string | null;
  readonly models: readonly ProviderModel[];
  readonly createdAtMs: number;
}

export interface SessionPage {
  readonly sessions: readonly SessionSummary[];
  readonly next: string | null;
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
  /** @throws PortError `already-exists` when the organization has that provider */
  addProvider(orgId: string, connection: ProviderConnection): Promise<void>;
  /** Answers what was removed. @throws PortError `not-found` */
  removeProvider(orgId: string, id: string): Promise<ProviderConnection>;

  /** Inserts or updates; a summary with an older `lastSeq` than the stored one changes nothing. */
  upsertSession(orgId: string, summary: SessionSummary): Promise<void>;
  /** Newest first. `metadata` matches sessions that have all of the given pairs. */
  listSessions(
    orgId: string,
    query: {
      readonly after: string | null;
      readonly limit: number;
      readonly metadata?: Readonly<Record<string, string>>;
      readonly externalUserId?: string;
    },
  ): Promise<SessionPage>;
  removeSession(orgId: string, sessionId: string): Promise<void>;

  /** Remembers the answer for 24 h. When the key is taken, answers the first one and stores nothing. */
  rememberAnswer(orgId: string, key: string, answer: StoredAnswer): Promise<StoredAnswer>;
  findAnswer(orgId: string, key: string): Promise<StoredAnswer | null>;
}
