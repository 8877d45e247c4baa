/** Secrets of an organization. Values are write-only: they come back only through `use`, for Berth's own calls. */

export interface SecretRecord {
  readonly name: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly rotatedAtMs: number | null;
}

export interface SecretVault {
  /** Stores or replaces; answers the new version. */
  put(orgId: string, name: string, value: string): Promise<SecretRecord>;
  /** @throws PortError `not-found`; `failed-precondition` when the key version is unknown; `internal` when tampered */
  use(orgId: string, name: string): Promise<string>;
  list(orgId: string): Promise<readonly SecretRecord[]>;
  /** Encrypts again under the newest key version. */
  rotate(orgId: string, name: string): Promise<SecretRecord>;
  /** Deleting an unknown one succeeds. */
  delete(orgId: string, name: string): Promise<void>;
}
