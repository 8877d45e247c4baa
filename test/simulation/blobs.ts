/** A blob store without hashing, so that a world costs little; it fails as the catalog says. */
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import type { BlobInfo, BlobStore } from "../../src/ports/blob-store/blob-store.port.ts";
import type { World } from "./world.ts";

export class SimBlobs implements BlobStore {
  readonly #world: World;
  readonly #faults: FaultScript;
  readonly held = new Map<string, { readonly info: BlobInfo; readonly bytes: Uint8Array }>();

  constructor(world: World, faults: FaultScript) {
    this.#world = world;
    this.#faults = faults;
  }

  async put(key: string, body: Uint8Array, { contentType }: { readonly contentType: string }): Promise<BlobInfo> {
    this.#faults.strike("put", "before-send");
    await this.#world.gate("a blob arrives");
    this.#faults.strike("put", "mid-stream");
    const info: BlobInfo = { key, size: body.length, contentType, sha256: "0".repeat(64) };
    this.held.set(key, { info, bytes: body.slice() });
    this.#faults.strike("put", "after-apply");
    await this.#world.gate("a blob is stored");
    return info;
  }

  async get(key: string, range?: { readonly offset: number; readonly length?: number }) {
    const struck = this.#faults.strike("get", "before-send");
    await this.#world.gate("a blob is read");
    if (struck?.id === "blob-store:get:missing") return null;
    const blob = this.held.get(key);
    if (!blob) return null;
    this.#faults.strike("get", "mid-stream");
    if (this.#faults.strike("get", "after-apply")) await this.#world.gate("a slow blob", 3_000);
    const bytes = range === undefined ? blob.bytes : blob.bytes.slice(range.offset, range.length === undefined ? undefined : range.offset + range.length);
    return { info: blob.info, bytes };
  }

  async head(key: string): Promise<BlobInfo | null> {
    return this.held.get(key)?.info ?? null;
  }

  async list(prefix: string, { after, limit }: { readonly after: string | null; readonly limit: number }) {
    this.#faults.strike("list", "before-send");
    await this.#world.gate("blobs are listed");
    const keys = [...this.held.keys()].filter((key) => key.startsWith(prefix) && (after === null || key > after)).toSorted();
    const blobs = keys.slice(0, limit).flatMap((key) => this.held.get(key)?.info ?? []);
    return { blobs, next: keys.length > limit ? (blobs.at(-1)?.key ?? null) : null };
  }

  async delete(key: string): Promise<void> {
    await this.#world.gate("a blob is removed");
    this.held.delete(key);
  }
}
