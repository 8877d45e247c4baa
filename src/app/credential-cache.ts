/**
 * Resolved credentials, kept for a short time. Rules: kept by hash, so that no secret lies in memory longer than its
 * request; both what is valid and what is not are bounded in number and age; one lookup runs for all who ask at once;
 * whatever is revoked here or by a push is gone at once, and a lookup that began before it is not kept; a lookup that
 * failed is nobody's answer but that of those who waited for it. While the store cannot be asked nothing can be revoked in
 * it either, so who was known a few minutes ago stays known, and sessions take prompts through an outage; strangers do not
 * get in. A key that ends is nobody's from that moment on, whether the store can be asked or not.
 */
import { isPortError } from "../core/kernel/port-error.ts";
import type { Credentials, Identity, Principal } from "../ports/identity/identity.port.ts";
import { sha256 } from "./sha256.ts";
import { within } from "./within.ts";

export interface CredentialCacheOptions {
  /** How long a principal is believed, in milliseconds. */
  readonly ttlMs?: number;
  /** How long a credential counts as nobody's, in milliseconds. */
  readonly negativeTtlMs?: number;
  readonly entriesMax?: number;
  readonly negativeEntriesMax?: number;
  /** How long after that a principal is believed while the store cannot be asked, in milliseconds. */
  readonly graceMs?: number;
  /** How long the store then is not asked again for who is known, in milliseconds. */
  readonly restMs?: number;
  /** How long to wait for somebody else's lookup before starting one's own: its request may have gone away. */
  readonly joinMs?: number;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
  /** A one-way hash of any length of text. */
  readonly hash?: (text: string) => Promise<string>;
}

interface Entry {
  readonly principal: Principal | null;
  readonly untilMs: number;
}

/** Entries by the hash of their credential; one per isolate, shared by the identities of all its requests. */
export class CredentialCache {
  readonly #options: Required<CredentialCacheOptions>;
  readonly #known = new Map<string, Entry>();
  readonly #unknown = new Map<string, Entry>();
  #flights = new Map<string, Promise<Principal | null>>();
  /** Raised by each eviction. */
  #generation = 0;
  /** Until when the store counts as one that cannot be asked. */
  #restUntilMs = 0;

  constructor(options: CredentialCacheOptions = {}) {
    this.#options = {
      ttlMs: 30_000,
      graceMs: 10 * 60_000,
      restMs: 5_000,
      negativeTtlMs: 5_000,
      entriesMax: 10_000,
      negativeEntriesMax: 1_000,
      joinMs: 2_000,
      now: Date.now,
      hash: sha256,
      ...options,
    };
  }

  get size(): number {
    return this.#known.size + this.#unknown.size;
  }

  async resolve(credentials: Credentials, lookUp: () => Promise<Principal | null>): Promise<Principal | null> {
    const secret = credentials.kind === "bearer" ? credentials.token : credentials.header;
    const key = await this.#options.hash(`${credentials.kind} ${secret}`);
    const entry = this.#known.get(key) ?? this.#unknown.get(key);
    const nowMs = this.#options.now();
    if ((entry?.principal?.keyEndsAtMs ?? Infinity) <= nowMs) return null;
    if (entry && entry.untilMs > nowMs) return entry.principal;
    const isGraced = entry?.principal && entry.untilMs + this.#options.graceMs > nowMs;
    return isGraced ? this.#resolveAgain(key, lookUp) : this.#lookUp(key, lookUp);
  }

  /** Of one who was known: nobody waits long for a store that does not answer, and most do not wait at all. */
  async #resolveAgain(key: string, lookUp: () => Promise<Principal | null>): Promise<Principal | null> {
    const { now, joinMs, restMs } = this.#options;
    if (this.#restUntilMs <= now()) {
      const asked = await within(this.#lookUp(key, lookUp), joinMs).catch(unlessUnreachable);
      if (asked) return asked.value;
      this.#restUntilMs = now() + restMs;
    }
    // Asked again, since it may have been evicted meanwhile.
    const entry = this.#known.get(key);
    return entry ? entry.principal : this.#lookUp(key, lookUp);
  }

  async #lookUp(key: string, lookUp: () => Promise<Principal | null>): Promise<Principal | null> {
    const flight = this.#flights.get(key);
    if (flight) {
      const joined = await within(flight, this.#options.joinMs);
      if (joined) return joined.value;
    }
    return this.#fly(key, lookUp);
  }

  /** @param credentialId a key's id, or a person's for all their sign-ins and keys */
  evict(credentialId: string): void {
    this.#generation += 1;
    this.#flights = new Map();
    for (const [key, { principal }] of this.#known) {
      if (principal?.keyId === credentialId || principal?.userId === credentialId) this.#known.delete(key);
    }
  }

  async #fly(key: string, lookUp: () => Promise<Principal | null>): Promise<Principal | null> {
    const generation = this.#generation;
    const flights = this.#flights;
    const flight = lookUp();
    flights.set(key, flight);
    try {
      const principal = await flight;
      if (generation === this.#generation) this.#keep(key, principal);
      return principal;
    } finally {
      if (flights.get(key) === flight) flights.delete(key);
    }
  }

  #keep(key: string, principal: Principal | null): void {
    const { ttlMs, negativeTtlMs, entriesMax, negativeEntriesMax, now } = this.#options;
    this.#known.delete(key);
    this.#unknown.delete(key);
    const [entries, lifetimeMs, max] = principal ? [this.#known, ttlMs, entriesMax] : [this.#unknown, negativeTtlMs, negativeEntriesMax];
    entries.set(key, { principal, untilMs: now() + lifetimeMs });
    // A map keeps the order of insertion, so the first is the oldest.
    for (const oldest of entries.keys()) {
      if (entries.size <= max) break;
      entries.delete(oldest);
    }
  }
}

/** Null for a store that cannot be asked; what it refuses is thrown. */
function unlessUnreachable(error: unknown): null {
  if (isPortError(error) && ["unknown", "deadline-exceeded", "resource-exhausted", "canceled"].includes(error.code)) return null;
  throw error;
}

export interface CachedIdentity extends Identity {
  /** For revocations that happened elsewhere; see `CredentialCache.evict`. */
  evict(credentialId: string): void;
}

export function createCachedIdentity(identity: Identity, cache: CredentialCache): CachedIdentity {
  const authenticate = (credentials: Credentials): Promise<Principal | null> =>
    cache.resolve(credentials, () => identity.authenticate(credentials));
  return {
    authenticate,
    createApiKey: (principal, request) => identity.createApiKey(principal, request),
    listApiKeys: (orgId, page) => identity.listApiKeys(orgId, page),
    async revokeApiKey(orgId, keyId) {
      try {
        await identity.revokeApiKey(orgId, keyId);
      } finally {
        // Also when the outcome is not known.
        cache.evict(keyId);
      }
    },
    ensureOwner: (request) => identity.ensureOwner(request),
    createSignInToken: (userId) => identity.createSignInToken(userId),
    redeemSignInToken: (token) => identity.redeemSignInToken(token),
    async signOut(credentials) {
      // One sign-in may be here under several cookie headers, so all of the person's entries go.
      const principal = credentials.kind === "cookie" ? await authenticate(credentials) : null;
      try {
        return await identity.signOut(credentials);
      } finally {
        if (principal) cache.evict(principal.userId);
      }
    },
    evict: (credentialId) => cache.evict(credentialId),
  };
}
