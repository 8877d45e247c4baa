/** The place in a session's log that every transport shares: drops what was seen, notices what is missing. Pure. */
import type { SessionEvent } from "@berth/protocol";

export interface Accepted {
  readonly events: readonly SessionEvent[];
  /** True when something between was not delivered: the connection cannot be trusted and is opened again. */
  readonly gap: boolean;
}

export class LogCursor {
  #seq: number;

  constructor(after: number) {
    this.#seq = after;
  }

  /** The newest `seq` seen without a gap; give it as `after`. */
  get seq(): number {
    return this.#seq;
  }

  accept(events: readonly SessionEvent[]): Accepted {
    const fresh: SessionEvent[] = [];
    for (const event of events) {
      if (event.seq <= this.#seq) continue;
      if (event.seq !== this.#seq + 1) return { events: fresh, gap: true };
      this.#seq = event.seq;
      fresh.push(event);
    }
    return { events: fresh, gap: false };
  }

  /**
   * The server goes on with `from`: it holds nothing before, or the position never was and goes back. Answers whether the
   * position changed.
   */
  reset(from: number): boolean {
    if (from - 1 === this.#seq) return false;
    this.#seq = from - 1;
    return true;
  }
}
