/** A queue with one consumer: what is pushed before anyone reads is kept, and ending it ends the reader after the rest. */
import { invariant } from "./assert.ts";

export class AsyncQueue<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #ended = false;
  #taken = false;
  #wake: (() => void) | null = null;

  push(...items: readonly T[]): void {
    if (this.#ended) return;
    this.#items.push(...items);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    invariant(!this.#taken, "the queue has a consumer already");
    this.#taken = true;
    for (;;) {
      const items = this.#items;
      this.#items = [];
      yield* items;
      if (this.#items.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
