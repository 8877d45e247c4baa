/** Feed in memory. */
import { dropUpTo, startReading } from "../../core/feed/feed-page.ts";
import { FaultScript } from "../../core/kernel/fault.ts";
import { EVENT_BUS_FAULTS } from "./event-bus.faults.ts";
import { FEED_RETAINED, type EventBus, type FeedChange, type FeedEvent, type FeedPage } from "./event-bus.port.ts";

export class InMemoryEventBus implements EventBus {
  readonly faults: FaultScript;
  readonly #now: () => number;
  /** By dedupe key; texts, so that nobody holds a reference into the feed. */
  readonly #held = new Map<string, { readonly seq: number; readonly text: string }>();
  #last = 0;

  constructor(options: { readonly now: () => number; readonly faults?: FaultScript }) {
    this.#now = options.now;
    this.faults = options.faults ?? new FaultScript(EVENT_BUS_FAULTS);
  }

  async publish(change: FeedChange, dedupeKey: string): Promise<number> {
    this.faults.strike("publish", "before-send");
    const seq = this.#held.get(dedupeKey)?.seq ?? this.#append(change, dedupeKey);
    this.faults.strike("publish", "after-apply");
    return seq;
  }

  async read(after: number, limit: number): Promise<FeedPage> {
    this.faults.strike("read", "before-send");
    const held = [...this.#held.values()];
    const start = startReading(after, { first: held[0]?.seq ?? 1, last: this.#last });
    const events = held.filter(({ seq }) => seq > start.after).slice(0, limit);
    return { events: events.map(({ text }) => JSON.parse(text) as FeedEvent), reset: start.reset };
  }

  #append(change: FeedChange, dedupeKey: string): number {
    this.#last += 1;
    const event = { ...change, seq: this.#last, at: new Date(this.#now()).toISOString() };
    this.#held.set(dedupeKey, { seq: this.#last, text: JSON.stringify(event) });
    const oldest = this.#held.entries().next().value;
    if (oldest && oldest[1].seq <= dropUpTo(this.#last, FEED_RETAINED)) this.#held.delete(oldest[0]);
    return this.#last;
  }
}
