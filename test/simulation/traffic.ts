/**
 * Everything that is under way between the parts of a world: frames, calls, answers. Each channel keeps its order; which
 * channel goes next is drawn.
 */
import type { Prng } from "../../src/core/kernel/prng.ts";

interface Item {
  readonly label: string;
  readonly detail: unknown;
  readonly run: () => void;
}

export class Channel {
  readonly items: Item[] = [];
  readonly #ready: Channel[];

  constructor(ready: Channel[]) {
    this.#ready = ready;
  }

  push(label: string, run: () => void, detail?: unknown): void {
    if (this.items.length === 0) this.#ready.push(this);
    this.items.push({ label, detail, run });
  }

  /** What was on its way from here on never arrives. */
  truncate(keep: number): void {
    if (this.items.length <= keep) return;
    this.items.length = keep;
    if (keep === 0) remove(this.#ready, this);
  }
}

export class Traffic {
  readonly #ready: Channel[] = [];

  channel(): Channel {
    return new Channel(this.#ready);
  }

  /** Something that is in order with nothing else. */
  once(label: string, run: () => void, detail?: unknown): void {
    new Channel(this.#ready).push(label, run, detail);
  }

  get isEmpty(): boolean {
    return this.#ready.length === 0;
  }

  /** Takes the head of a channel that is drawn. */
  take(prng: Prng): Item | null {
    if (this.#ready.length === 0) return null;
    const channel = this.#ready[prng.int(this.#ready.length)] as Channel;
    const item = channel.items.shift() as Item;
    if (channel.items.length === 0) remove(this.#ready, channel);
    return item;
  }
}

function remove(ready: Channel[], channel: Channel): void {
  const at = ready.indexOf(channel);
  if (at >= 0) ready.splice(at, 1);
}
