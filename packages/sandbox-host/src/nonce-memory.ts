/** Nonces seen within the window in which a request could be repeated. Bounded: when it is full, nothing new is let in. */
export class NonceMemory {
  readonly #seen = new Map<string, number>();
  readonly #windowMs: number;
  readonly #max: number;

  constructor(windowMs: number, max = 100_000) {
    this.#windowMs = windowMs;
    this.#max = max;
  }

  /** @returns `seen` for a repeat, `full` when there is no room to remember it */
  take(nonce: string, nowMs: number): "new" | "seen" | "full" {
    this.#forget(nowMs);
    if (this.#seen.has(nonce)) return "seen";
    if (this.#seen.size >= this.#max) return "full";
    this.#seen.set(nonce, nowMs);
    return "new";
  }

  /** Oldest first, as a map keeps its order. */
  #forget(nowMs: number): void {
    for (const [nonce, seenMs] of this.#seen) {
      if (nowMs - seenMs <= this.#windowMs) return;
      this.#seen.delete(nonce);
    }
  }
}
