/**
 * Everything that is under way between the parts of a world: frames, calls, answers. Each channel keeps its order; which
 * channel goes next is drawn.
 */
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

  /** How many channels have something. */
  get channels(): number {
    return this.#ready.length;
  }

  /** All that is under way by now: what arrives together where nothing else happens in between. */
  takeAll(): readonly Item[] {
    return this.#ready.splice(0).flatMap(({ items }) => items.splice(0));
  }

  /** Takes the head of one of them. */
  take(index: number): readonly Item[] {
    const channel = this.#ready[index];
    const item = channel?.items.shift();
    if (!channel || !item) return [];
    // The next of it comes after what others have sent by now.
    remove(this.#ready, channel);
    if (channel.items.length > 0) this.#ready.push(channel);
    return [item];
  }
}

function remove(ready: Channel[], channel: Channel): void {
  const at = ready.indexOf(channel);
  if (at >= 0) ready.splice(at, 1);
}
