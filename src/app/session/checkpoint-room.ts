/**
 * How much a session's checkpoints take, kept by its object: who stores asks here first, so that what arrives at once is counted
 * together, and the store is listed once and not with each blob.
 */
import { LIMITS } from "@berth/protocol";
import type { BlobStore } from "../../ports/blob-store/blob-store.port.ts";
import type { RoomAnswer, RoomRequest } from "../session-handle.ts";
import { checkpointKey, type SessionName } from "./blob-keys.ts";

/** While one checkpoint takes the place of another, both are stored. */
export const STORED_BYTES_MAX = 2 * LIMITS.checkpointBytesMax;
const LIST_PAGE = 1_000;
/** Whoever asked for room and said nothing after that is gone; what they stored is found when the store is listed again. */
const PENDING_MS = 10 * 60_000;

interface Pending {
  readonly name: string;
  readonly bytes: number;
  readonly atMs: number;
}

export class CheckpointRoom {
  readonly #blobs: BlobStore;
  readonly #nowMs: () => number;
  /** Bytes by name, of what is stored. */
  #stored: Promise<Map<string, number>> | null = null;
  readonly #pending = new Map<number, Pending>();
  /** Of no earlier object of this session. */
  #ids: number;

  constructor(blobs: BlobStore, nowMs: () => number) {
    this.#blobs = blobs;
    this.#nowMs = nowMs;
    this.#ids = nowMs();
  }

  /** @throws PortError where the store cannot be listed */
  async ask(session: SessionName, request: RoomRequest): Promise<RoomAnswer> {
    const stored = await this.#list(session);
    if (request.do === "take") return this.#take(stored, request.name, request.bytes);
    if (request.do === "deleted") {
      stored.delete(request.name);
      return { ok: true, id: 0 };
    }
    const pending = this.#pending.get(request.id);
    this.#pending.delete(request.id);
    if (pending && request.isStored) stored.set(pending.name, pending.bytes);
    // It was asked for before this object was here, or too long ago.
    if (!pending && request.isStored) this.#stored = null;
    return { ok: true, id: request.id };
  }

  #take(stored: ReadonlyMap<string, number>, name: string, bytes: number): RoomAnswer {
    const atMs = this.#nowMs();
    for (const [id, pending] of this.#pending) {
      if (pending.atMs + PENDING_MS > atMs) continue;
      this.#pending.delete(id);
      this.#stored = null;
    }
    const waiting = [...this.#pending.values()];
    const names = new Set([...stored.keys(), ...waiting.map((each) => each.name), name]);
    if (names.size > LIMITS.checkpointBlobsMax) return { ok: false, over: "blobs" };
    let sum = bytes - (stored.get(name) ?? 0);
    for (const size of stored.values()) sum += size;
    for (const each of waiting) sum += each.bytes;
    if (sum > STORED_BYTES_MAX) return { ok: false, over: "bytes" };
    const id = ++this.#ids;
    this.#pending.set(id, { name, bytes, atMs });
    return { ok: true, id };
  }

  #list(session: SessionName): Promise<Map<string, number>> {
    const listing = (this.#stored ??= this.#listAll(checkpointKey(session, "")));
    listing.catch(() => {
      if (this.#stored === listing) this.#stored = null;
    });
    return listing;
  }

  async #listAll(prefix: string): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for (let after: string | null = null, isFirst = true; isFirst || after !== null; isFirst = false) {
      const page: Awaited<ReturnType<BlobStore["list"]>> = await this.#blobs.list(prefix, { after, limit: LIST_PAGE });
      for (const { key, size } of page.blobs) sizes.set(key.slice(prefix.length), size);
      after = page.next;
    }
    return sizes;
  }
}
