/** Answers by name that are asked for more often than they change. */
import { within } from "./within.ts";

const ENTRIES_MAX = 1_000;

/** How long a load that another request began is waited for before one of one's own, in milliseconds. */
const JOIN_MS = 2_000;

interface Entry<T> {
  readonly value: T;
  readonly expiresAtMs: number;
}

/**
 * Bounded, oldest out first. Calls at the same time share one load, as long as its request lives; what is kept is the
 * answer and never the promise of another request, and a failed load is not kept.
 */
export class ShortCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #flights = new Map<string, Promise<T>>();
  readonly #lifetimeMs: number;
  readonly #joinMs: number;

  /** @param lifetimeMs how long an answer is believed, in milliseconds */
  constructor({ lifetimeMs, joinMs = JOIN_MS }: { readonly lifetimeMs: number; readonly joinMs?: number }) {
    this.#lifetimeMs = lifetimeMs;
    this.#joinMs = joinMs;
  }

  async get(key: string, nowMs: number, load: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known && nowMs < known.expiresAtMs) return known.value;
    const flight = this.#flights.get(key);
    const joined = flight && (await within(flight, this.#joinMs));
    return joined ? joined.value : this.#fly(key, nowMs, load);
  }

  /** A load under way is forgotten too, so that it cannot bring the old value back. */
  evict(matches: (key: string) => boolean): void {
    for (const key of this.#entries.keys()) if (matches(key)) this.#entries.delete(key);
    for (const key of this.#flights.keys()) if (matches(key)) this.#flights.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }

  async #fly(key: string, nowMs: number, load: () => Promise<T>): Promise<T> {
    const flight = load();
    this.#flights.set(key, flight);
    try {
      const value = await flight;
      if (this.#flights.get(key) === flight) this.#keep(key, { value, expiresAtMs: nowMs + this.#lifetimeMs });
      return value;
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    }
  }

  #keep(key: string, entry: Entry<T>): void {
    this.#entries.delete(key);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size >= ENTRIES_MAX && !oldest.done) this.#entries.delete(oldest.value);
    this.#entries.set(key, entry);
  }
}
