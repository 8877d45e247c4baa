/** Bytes by key: artifacts, uploads, big tool outputs, session archives. Keys begin with the organization's id. */

export interface BlobInfo {
  readonly key: string;
  readonly size: number;
  readonly contentType: string;
  /** Hex SHA-256 of the content. */
  readonly sha256: string;
}

export interface BlobStore {
  /** Replaces. A body that ends early leaves the old content in place. */
  put(key: string, body: Uint8Array, options: { readonly contentType: string }): Promise<BlobInfo>;
  /** Null when missing. @throws PortError `invalid-argument` for a range that starts past the end */
  get(key: string, range?: { readonly offset: number; readonly length?: number }): Promise<{ readonly info: BlobInfo; readonly bytes: Uint8Array } | null>;
  head(key: string): Promise<BlobInfo | null>;
  /** In order of key. */
  list(prefix: string, page: { readonly after: string | null; readonly limit: number }): Promise<{ readonly blobs: readonly BlobInfo[]; readonly next: string | null }>;
  /** Deleting a missing one succeeds. */
  delete(key: string): Promise<void>;
}
