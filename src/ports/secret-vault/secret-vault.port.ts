/** Secrets of an organization. Values are write-only: they come back only through `use`, for Berth's own calls. */

export interface SecretRecord {
  readonly name: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly rotatedAtMs: number | null;
}

/**
 * How a secret stands to the vault's master keys: its own is not configured (`key-missing`), the configured one of that
 * version is another (`key-wrong`), or what is stored was changed (`damaged`).
 */
export type SecretState = "readable" | "key-missing" | "key-wrong" | "damaged";

export interface KeptSecret {
  readonly name: string;
  /** Of the master key it is under. */
  readonly keyVersion: number;
  readonly state: SecretState;
}

export interface KeyReport {
  /** Versions of the configured master keys, in order. */
  readonly configured: readonly number[];
  /** The one that secrets are written under now. */
  readonly newest: number;
  readonly secrets: readonly KeptSecret[];
}

export interface SecretVault {
  /** Stores or replaces; answers the new version. */
  put(orgId: string, name: string, value: string): Promise<SecretRecord>;
  /** @throws PortError `not-found`; `failed-precondition` when its master key is missing or is another; `internal` when tampered */
  use(orgId: string, name: string): Promise<string>;
  list(orgId: string): Promise<readonly SecretRecord[]>;
  /** Encrypts again under the newest key version. */
  rotate(orgId: string, name: string): Promise<SecretRecord>;
  /** Tries every secret of the organization, and answers no value. */
  inspect(orgId: string): Promise<KeyReport>;
  /** Deleting an unknown one succeeds. */
  delete(orgId: string, name: string): Promise<void>;
}
