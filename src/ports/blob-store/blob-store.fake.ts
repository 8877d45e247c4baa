/** Blob store in memory. */
import { FaultScript } from "../../core/kernel/fault.ts";
import { BLOB_STORE_FAULTS } from "./blob-store.faults.ts";
import type { BlobInfo, BlobStore } from "./blob-store.port.ts";
import { checkContentType, checkKey, checkPrefix, checkRange, clampLimit, resolveRange, sha256Hex, type ByteRange } from "./blob-values.ts";

export class InMemoryBlobStore implements BlobStore {
  readonly faults: FaultScript;
  readonly #blobs = new Map<string, { readonly info: BlobInfo; readonly bytes: Uint8Array }>();

  constructor(options: { readonly faults?: FaultScript } = {}) {
    this.faults = options.faults ?? new FaultScript(BLOB_STORE_FAULTS);
  }

  async put(key: string, body: Uint8Array, options: { readonly contentType: string }): Promise<BlobInfo> {
    checkKey("put", key);
    checkContentType(options.contentType);
    this.faults.strike("put", "before-send");
    const bytes = body.slice();
    const info: BlobInfo = { key, size: bytes.length, contentType: options.contentType, sha256: await sha256Hex(bytes) };
    this.faults.strike("put", "mid-stream");
    this.#blobs.set(key, { info, bytes });
    this.faults.strike("put", "after-apply");
    return info;
  }

  async get(key: string, range?: ByteRange) {
    checkKey("get", key);
    if (range) checkRange(range);
    this.faults.strike("get", "before-send");
    const blob = this.#blobs.get(key);
    if (!blob) return null;
    const { offset, length } = resolveRange(range, blob.info.size);
    this.faults.strike("get", "mid-stream");
    this.faults.strike("get", "after-apply");
    return { info: blob.info, bytes: blob.bytes.slice(offset, offset + length) };
  }

  async head(key: string): Promise<BlobInfo | null> {
    checkKey("head", key);
    return this.#blobs.get(key)?.info ?? null;
  }

  async list(prefix: string, page: { readonly after: string | null; readonly limit: number }) {
    checkPrefix(prefix);
    const limit = clampLimit(page.limit);
    const keys = [...this.#blobs.keys()].filter((key) => key.startsWith(prefix) && (page.after === null || key > page.after)).toSorted();
    const blobs = keys.slice(0, limit).flatMap((key) => this.#blobs.get(key)?.info ?? []);
    return { blobs, next: keys.length > limit ? (blobs.at(-1)?.key ?? null) : null };
  }

  async delete(key: string): Promise<void> {
    checkKey("delete", key);
    this.#blobs.delete(key);
  }
}
