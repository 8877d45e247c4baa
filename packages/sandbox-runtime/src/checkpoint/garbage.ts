/**
 * Deletes blobs that no checkpoint needs which may still be restored: the newest two that the session knows of, and
 * whatever is newer.
 */
import type { Blobs } from "./archive.ts";
import { blobsOf, readManifest, type Saved } from "./manifest.ts";

const KEPT = 2;

export class Garbage {
  readonly #blobs: Blobs;
  /** The same blobs; what is put there is known here. */
  readonly watched: Blobs;
  /** Newest first. */
  #saved: readonly Saved[] = [];
  /** All that may be stored; null until it was asked. */
  #stored: Set<string> | null = null;

  constructor(blobs: Blobs) {
    this.#blobs = blobs;
    this.watched = {
      ...blobs,
      put: async (name, bytes) => {
        this.#stored?.add(name);
        await blobs.put(name, bytes);
      },
    };
  }

  /** What the session begins with, which it knows of: that one and the one before it. */
  async begin(id: string): Promise<void> {
    const newest = await readManifest(id, this.#blobs);
    const { previous } = newest.manifest;
    // One that is damaged keeps nothing, and is worth nothing.
    const before = previous === null ? null : await readManifest(previous, this.#blobs).catch(() => null);
    this.#saved = before ? [newest, before] : [newest];
  }

  add(saved: Saved): void {
    this.#saved = [saved, ...this.#saved.filter(({ id }) => id !== saved.id)];
  }

  /** @param isKnown whether the session has committed it. @throws CheckpointError; what is left is deleted the next time */
  async collect(isKnown: (id: string) => boolean): Promise<void> {
    const known = this.#saved.filter(({ id }) => isKnown(id)).slice(0, KEPT);
    // Then the session may still name one that was made before this runtime.
    if (known.length === 0) return;
    this.#stored ??= new Set((await this.#blobs.list()).map(({ name }) => name));
    const oldest = known.length < KEPT ? this.#saved.length : this.#saved.indexOf(known[KEPT - 1] as Saved) + 1;
    this.#saved = this.#saved.slice(0, oldest);
    const needed = new Set(this.#saved.flatMap(blobsOf));
    for (const name of needed) this.#stored.add(name);
    for (const name of [...this.#stored].filter((stored) => !needed.has(stored))) {
      await this.#blobs.delete(name);
      this.#stored.delete(name);
    }
  }
}
