/**
 * What the broker and the model list need on every call, kept for a short while so that a warm call makes no query.
 * One per process; a change made through this process evicts at once, one made elsewhere is seen within the lifetime.
 */
import type { ModelUpstream } from "../ports/model-gateway/model-gateway.port.ts";
import type { ProviderConnection } from "../ports/catalog/catalog.port.ts";
import { within } from "./within.ts";

const LIFETIME_MS = 30_000;
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
class ShortCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #flights = new Map<string, Promise<T>>();
  readonly #joinMs: number;

  constructor(joinMs: number) {
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
      if (this.#flights.get(key) === flight) this.#keep(key, { value, expiresAtMs: nowMs + LIFETIME_MS });
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

/** A provider with its key in the clear: stays in memory, never logged. */
export type ResolvedUpstream = ModelUpstream | null;

export class ProviderCache {
  readonly #connections: ShortCache<readonly ProviderConnection[]>;
  readonly #upstreams: ShortCache<ResolvedUpstream>;

  constructor({ joinMs = JOIN_MS }: { readonly joinMs?: number } = {}) {
    this.#connections = new ShortCache(joinMs);
    this.#upstreams = new ShortCache(joinMs);
  }

  connections(orgId: string, nowMs: number, load: () => Promise<readonly ProviderConnection[]>): Promise<readonly ProviderConnection[]> {
    return this.#connections.get(orgId, nowMs, load);
  }

  upstream(orgId: string, provider: string, nowMs: number, load: () => Promise<ResolvedUpstream>): Promise<ResolvedUpstream> {
    return this.#upstreams.get(`${orgId}\n${provider}`, nowMs, load);
  }

  /** All that is known of the organization, or of one of its providers. */
  evict(orgId: string, provider?: string): void {
    this.#connections.evict((key) => key === orgId);
    this.#upstreams.evict((key) => (provider === undefined ? key.startsWith(`${orgId}\n`) : key === `${orgId}\n${provider}`));
  }

  get size(): { readonly connections: number; readonly upstreams: number } {
    return { connections: this.#connections.size, upstreams: this.#upstreams.size };
  }
}
