/**
 * What the broker and the model list need on every call, kept for a short while so that a warm call makes no query.
 * One per process; a change made through this process evicts at once, one made elsewhere is seen within the lifetime.
 */
import type { ModelUpstream } from "../ports/model-gateway/model-gateway.port.ts";
import type { ProviderConnection } from "../ports/catalog/catalog.port.ts";

const LIFETIME_MS = 30_000;
const ENTRIES_MAX = 1_000;

interface Entry<T> {
  readonly value: Promise<T>;
  readonly expiresAtMs: number;
}

/** Bounded, oldest out first. Calls at the same time share one load; a failed load is not kept. */
class ShortCache<T> {
  readonly #entries = new Map<string, Entry<T>>();

  get(key: string, nowMs: number, load: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known && nowMs < known.expiresAtMs) return known.value;
    this.#entries.delete(key);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size >= ENTRIES_MAX && !oldest.done) this.#entries.delete(oldest.value);
    const entry = { value: load(), expiresAtMs: nowMs + LIFETIME_MS };
    this.#entries.set(key, entry);
    entry.value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry.value;
  }

  /** A load under way is forgotten too, so that it cannot bring the old value back. */
  evict(matches: (key: string) => boolean): void {
    for (const key of this.#entries.keys()) if (matches(key)) this.#entries.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }
}

/** A provider with its key in the clear: stays in memory, never logged. */
export type ResolvedUpstream = ModelUpstream | null;

export class ProviderCache {
  readonly #connections = new ShortCache<readonly ProviderConnection[]>();
  readonly #upstreams = new ShortCache<ResolvedUpstream>();

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
