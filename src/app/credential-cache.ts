/**
 * Resolved credentials, kept for a short time. Rules: kept by hash, so that no secret lies in memory longer than its
 * request; both what is valid and what is not are bounded in number and age; one lookup runs for all who ask at once;
 * whatever is revoked here or by a push is gone at once, and a lookup that began before it is not kept; a lookup that
 * failed is nobody's answer but that of those who waited for it. While the store cannot be asked nothing can be revoked in
 * it either, so who was known a few minutes ago stays known, and sessions take prompts through an outage; strangers do not
 * get in. What is answered says since when it is known, so that whoever keeps it does not begin to count anew. A key that
 * ends is nobody's from that moment on, whether the store can be asked or not.
 */
import { isPortError } from "../core/kernel/port-error.ts";
import type { Accounts } from "../ports/identity/accounts.port.ts";
import type { Directory } from "../ports/identity/directory.port.ts";
import type { Credentials, Identity, Principal } from "../ports/identity/identity.port.ts";
import { BELIEVED_MS, UNREACHABLE_MS } from "./belief.ts";
import { sha256 } from "./sha256.ts";
import { within } from "./within.ts";

export interface CredentialCacheOptions {
  /** How long a principal is believed, in milliseconds. */
  readonly ttlMs?: number;
  /** How long a credential counts as nobody's, in milliseconds. */
  readonly negativeTtlMs?: number;
  readonly entriesMax?: number;
  readonly negativeEntriesMax?: number;
  /** How long a principal is believed in all while the store cannot be asked, in milliseconds. */
  readonly unreachableMs?: number;
  /** How long the store then is not asked again for who is known, in milliseconds. */
  readonly restMs?: number;
  /** How long to wait for somebody else's lookup before starting one's own: its request may have gone away. */
  readonly joinMs?: number;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
  /** A one-way hash of any length of text. */
  readonly hash?: (text: string) => Promise<string>;
}

/** As the store answered it. */
type Known = Principal & { readonly knownAtMs: number };

interface Entry {
  readonly principal: Known | null;
  readonly untilMs: number;
}

/** Entries by the hash of their credential; one per isolate, shared by the identities of all its requests. */
export class CredentialCache {
  readonly #options: Required<CredentialCacheOptions>;
  readonly #known = new Map<string, Entry>();
  readonly #unknown = new Map<string, Entry>();
  #flights = new Map<string, Promise<Known | null>>();
  /** Raised by each eviction. */
  #generation = 0;
  /** Until when the store counts as one that cannot be asked. */
  #restUntilMs = 0;

  constructor(options: CredentialCacheOptions = {}) {
    this.#options = {
      ttlMs: BELIEVED_MS,
      unreachableMs: UNREACHABLE_MS,
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

  /** Whether it was somebody's not long ago. */
  async remembers(credentials: Credentials): Promise<boolean> {
    return this.#known.has(await this.#keyOf(credentials));
  }

  #keyOf(credentials: Credentials): Promise<string> {
    const secret = credentials.kind === "bearer" ? credentials.token : credentials.header;
    return this.#options.hash(`${credentials.kind} ${secret}`);
  }

  async resolve(credentials: Credentials, lookUp: () => Promise<Principal | null>): Promise<Known | null> {
    const key = await this.#keyOf(credentials);
    const entry = this.#known.get(key) ?? this.#unknown.get(key);
    const nowMs = this.#options.now();
    if ((entry?.principal?.keyEndsAtMs ?? Infinity) <= nowMs) return null;
    if (entry && entry.untilMs > nowMs) return entry.principal;
    const isOutlasting = entry?.principal && entry.principal.knownAtMs + this.#options.unreachableMs > nowMs;
    return isOutlasting ? this.#resolveAgain(key, lookUp) : this.#lookUp(key, lookUp);
  }

  /** Of one who was known: nobody waits long for a store that does not answer, and most do not wait at all. */
  async #resolveAgain(key: string, lookUp: () => Promise<Principal | null>): Promise<Known | null> {
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

  async #lookUp(key: string, lookUp: () => Promise<Principal | null>): Promise<Known | null> {
    const flight = this.#flights.get(key);
    if (flight) {
      const joined = await within(flight, this.#options.joinMs);
      if (joined) return joined.value;
    }
    return this.#fly(key, lookUp);
  }

  /** @param credentialId a key's or sign-in's id, or a person's or an organization's for all of theirs */
  evict(credentialId: string): void {
    this.#generation += 1;
    this.#flights = new Map();
    for (const [key, { principal }] of this.#known) {
      if (principal && isOf(principal, credentialId)) this.#known.delete(key);
    }
  }

  async #fly(key: string, lookUp: () => Promise<Principal | null>): Promise<Known | null> {
    const generation = this.#generation;
    const flights = this.#flights;
    // However long the answer takes, it may be of the moment in which it was asked.
    const knownAtMs = this.#options.now();
    const flight = lookUp().then((principal) => principal && { ...principal, knownAtMs });
    flights.set(key, flight);
    try {
      const principal = await flight;
      if (generation === this.#generation) this.#keep(key, principal, knownAtMs);
      return principal;
    } finally {
      if (flights.get(key) === flight) flights.delete(key);
    }
  }

  #keep(key: string, principal: Known | null, askedAtMs: number): void {
    const { ttlMs, negativeTtlMs, entriesMax, negativeEntriesMax } = this.#options;
    this.#known.delete(key);
    this.#unknown.delete(key);
    const [entries, lifetimeMs, max] = principal ? [this.#known, ttlMs, entriesMax] : [this.#unknown, negativeTtlMs, negativeEntriesMax];
    entries.set(key, { principal, untilMs: askedAtMs + lifetimeMs });
    // A map keeps the order of insertion, so the first is the oldest.
    for (const oldest of entries.keys()) {
      if (entries.size <= max) break;
      entries.delete(oldest);
    }
  }
}

function isOf({ keyId, signInId, userId, orgId }: Principal, credentialId: string): boolean {
  return [keyId, signInId, userId, orgId].includes(credentialId);
}

/** Null for a store that cannot be asked; what it refuses is thrown. */
function unlessUnreachable(error: unknown): null {
  if (isPortError(error) && ["unknown", "deadline-exceeded", "resource-exhausted", "canceled"].includes(error.code)) return null;
  throw error;
}

/** Changes of somebody's rights or name end what is believed of them here. Of a team's end nobody is told: it ages out. */
function evicting(directory: Directory, cache: CredentialCache): Directory {
  const after = async <T>(principalId: string, work: Promise<T>): Promise<T> => work.finally(() => cache.evict(principalId));
  return {
    renameOrganization: (orgId, name) => after(orgId, directory.renameOrganization(orgId, name)),
    renameMember: (orgId, userId, name) => after(userId, directory.renameMember(orgId, userId, name)),
    listMembers: (orgId, page) => directory.listMembers(orgId, page),
    member: (orgId, userId) => directory.member(orgId, userId),
    setRole: (orgId, userId, role) => after(userId, directory.setRole(orgId, userId, role)),
    removeMember: (orgId, userId) => after(userId, directory.removeMember(orgId, userId)),
    createServiceAccount: (orgId, request) => directory.createServiceAccount(orgId, request),
    listServiceAccounts: (orgId) => directory.listServiceAccounts(orgId),
    updateServiceAccount: (orgId, id, changes) => after(id, directory.updateServiceAccount(orgId, id, changes)),
    removeServiceAccount: (orgId, id) => after(id, directory.removeServiceAccount(orgId, id)),
    createTeam: (orgId, request) => directory.createTeam(orgId, request),
    listTeams: (orgId) => directory.listTeams(orgId),
    renameTeam: (orgId, teamId, name) => directory.renameTeam(orgId, teamId, name),
    removeTeam: (orgId, teamId) => directory.removeTeam(orgId, teamId),
    listTeamMembers: (orgId, teamId) => directory.listTeamMembers(orgId, teamId),
    addTeamMember: (orgId, teamId, principalId) => after(principalId, directory.addTeamMember(orgId, teamId, principalId)),
    removeTeamMember: (orgId, teamId, principalId) => after(principalId, directory.removeTeamMember(orgId, teamId, principalId)),
    createInvitation: (orgId, request) => directory.createInvitation(orgId, request),
    listInvitations: (orgId) => directory.listInvitations(orgId),
    revokeInvitation: (orgId, id) => directory.revokeInvitation(orgId, id),
    acceptInvitation: (token, person) => after(person.userId, directory.acceptInvitation(token, person)),
  };
}

/** A new password ends every sign-in of its person. */
function evictingAccounts(accounts: Accounts, cache: CredentialCache): Accounts {
  return {
    isClaimed: () => accounts.isClaimed(),
    signIn: (email, password) => accounts.signIn(email, password),
    whose: (email) => accounts.whose(email),
    claim: (account) => accounts.claim(account),
    invitation: (token) => accounts.invitation(token),
    join: (token, account) => accounts.join(token, account),
    request: (account) => accounts.request(account),
    confirm: (token) => accounts.confirm(token),
    signInFrom: (profile) => accounts.signInFrom(profile),
    accountAt: (userId, provider) => accounts.accountAt(userId, provider),
    admit: (profile, how) => accounts.admit(profile, how),
    requestPassword: (email) => accounts.requestPassword(email),
    async setPassword(token, password) {
      const signedIn = await accounts.setPassword(token, password);
      for (const { signInId } of signedIn?.ended ?? []) cache.evict(signInId);
      // What they made by them is asked about by who they are.
      if (signedIn) cache.evict(signedIn.userId);
      return signedIn;
    },
  };
}

export function createCachedIdentity(identity: Identity, cache: CredentialCache): Identity {
  const authenticate = (credentials: Credentials): Promise<Principal | null> =>
    cache.resolve(credentials, () => identity.authenticate(credentials));
  return {
    authenticate,
    standing: (orgId, who) => cache.resolve({ kind: "bearer", token: `standing ${orgId} ${who.userId} ${who.keyId ?? ""} ${who.signInId ?? ""}` }, () => identity.standing(orgId, who)),
    personOf: (credentials) => identity.personOf(credentials),
    async switchOrganization(credentials, orgId) {
      const person = await identity.personOf(credentials);
      try {
        await identity.switchOrganization(credentials, orgId);
      } finally {
        if (person) cache.evict(person.userId);
      }
    },
    directory: evicting(identity.directory, cache),
    devices: identity.devices,
    accounts: evictingAccounts(identity.accounts, cache),
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
    listOrganizations: (page) => identity.listOrganizations(page),
    firstOrganization: () => identity.firstOrganization(),
    createSignInToken: (userId) => identity.createSignInToken(userId),
    redeemSignInToken: (token) => identity.redeemSignInToken(token),
    async signOut(credentials) {
      // One sign-in may be here under several cookie headers, and also when the outcome is not known.
      const principal = credentials.kind === "cookie" ? await authenticate(credentials) : null;
      try {
        return await identity.signOut(credentials);
      } finally {
        if (principal) cache.evict(principal.signInId ?? principal.userId);
      }
    },
  };
}
