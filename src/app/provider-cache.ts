/**
 * What the broker and the model list need on every call, kept for a short while so that a warm call makes no query.
 * One per process; a change made through this process evicts at once, one made elsewhere is seen within the lifetime.
 */
import type { ModelUpstream } from "../ports/model-gateway/model-gateway.port.ts";
import type { ProviderConnection } from "../ports/catalog/catalog.port.ts";
import { ShortCache } from "./short-cache.ts";

const LIFETIME_MS = 30_000;

/** A provider with its key in the clear: stays in memory, never logged. */
export type ResolvedUpstream = (ModelUpstream & Pick<ProviderConnection, "models" | "userId">) | null;

export class ProviderCache {
  readonly #connections: ShortCache<readonly ProviderConnection[]>;
  readonly #upstreams: ShortCache<ResolvedUpstream>;

  constructor({ joinMs }: { readonly joinMs?: number } = {}) {
    const options = { lifetimeMs: LIFETIME_MS, ...(joinMs === undefined ? {} : { joinMs }) };
    this.#connections = new ShortCache(options);
    this.#upstreams = new ShortCache(options);
  }

  connections(orgId: string, nowMs: number, load: () => Promise<readonly ProviderConnection[]>): Promise<readonly ProviderConnection[]> {
    return this.#connections.get(orgId, nowMs, load);
  }

  upstream(orgId: string, { provider, userId }: Pick<ProviderConnection, "provider" | "userId">, nowMs: number, load: () => Promise<ResolvedUpstream>): Promise<ResolvedUpstream> {
    return this.#upstreams.get(`${orgId}\n${provider}\n${userId ?? ""}`, nowMs, load);
  }

  /** All that is known of the organization, or of one of its providers. */
  evict(orgId: string, provider?: string): void {
    this.#connections.evict((key) => key === orgId);
    this.#upstreams.evict((key) => (provider === undefined ? key.startsWith(`${orgId}\n`) : key.startsWith(`${orgId}\n${provider}\n`)));
  }

  get size(): { readonly connections: number; readonly upstreams: number } {
    return { connections: this.#connections.size, upstreams: this.#upstreams.size };
  }
}
