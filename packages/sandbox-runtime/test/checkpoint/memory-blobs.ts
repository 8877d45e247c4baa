/** Blobs in memory, which can be damaged, lost, or not reached. */
import type { Blobs, Piece } from "../../src/checkpoint/archive.ts";

export class MemoryBlobs implements Blobs {
  readonly stored = new Map<string, Uint8Array>();
  /** Thrown by every call while it is set. */
  failure: Error | null = null;
  /** Awaited before every put. */
  gate: Promise<void> = Promise.resolve();
  puts = 0;

  async put(name: string, bytes: Uint8Array): Promise<void> {
    await this.gate;
    this.#check();
    this.puts += 1;
    this.stored.set(name, bytes);
  }

  async get(name: string): Promise<Uint8Array | null> {
    this.#check();
    return this.stored.get(name) ?? null;
  }

  async delete(name: string): Promise<void> {
    this.#check();
    this.stored.delete(name);
  }

  async list(): Promise<readonly Piece[]> {
    this.#check();
    return [...this.stored].map(([name, { length }]) => ({ name, bytes: length }));
  }

  /** One bit of it is another. */
  damage(name: string): void {
    const bytes = Uint8Array.from(this.stored.get(name) ?? []);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    this.stored.set(name, bytes);
  }

  #check(): void {
    if (this.failure) throw this.failure;
  }
}
