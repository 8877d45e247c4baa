/** Identity in memory. */
import { scopesOfKey, scopesOfRole } from "../../core/access/scopes.ts";
import { FaultScript } from "../../core/kernel/fault.ts";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { decodePosition, newestPage, type Position } from "../../core/kernel/position.ts";
import { InMemoryAccounts } from "./accounts.fake.ts";
import { InMemoryDevices } from "./devices.fake.ts";
import { InMemoryDirectory } from "./directory.fake.ts";
import type { Person } from "./directory.port.ts";
import { IDENTITY_FAULTS } from "./identity.faults.ts";
import type { ApiKeyRecord, CreatedKey, Credentials, EndedSignIn, Identity, KeyPage, NewKey, OrganizationPage, Principal, Role, Whom } from "./identity.port.ts";

const TOKEN_LIFETIME_MS = 10 * 60 * 1000;
const SIGN_IN_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;
const COOKIE = "berth.session_token";

interface Key {
  readonly record: ApiKeyRecord;
  readonly secret: string;
  readonly orgId: string;
  /** The person's, or the service account's. */
  readonly userId: string;
}

interface Member {
  readonly orgId: string;
  readonly userId: string;
  readonly role: Role;
}

interface SignIn {
  readonly id: string;
  /** Of no organization: one that nobody is in. */
  readonly member: Pick<Member, "orgId" | "userId">;
  readonly expiresAtMs: number;
}

export interface InMemoryIdentityOptions {
  readonly now: () => number;
  /** A new text each time, of at least 32 letters and digits, that nobody can guess. */
  readonly random?: () => string;
  readonly faults?: FaultScript;
}

const placeOf = ({ createdAtMs, id }: ApiKeyRecord): Position => ({ atMs: createdAtMs, id });

export class InMemoryIdentity implements Identity {
  readonly faults: FaultScript;
  readonly #now: () => number;
  readonly #random: () => string;
  readonly directory: InMemoryDirectory;
  readonly accounts: InMemoryAccounts;
  readonly devices: InMemoryDevices;
  #keys: Key[] = [];
  readonly #tokens = new Map<string, { readonly userId: string; readonly expiresAtMs: number }>();
  readonly #signIns = new Map<string, SignIn>();

  constructor(options: InMemoryIdentityOptions) {
    this.#now = options.now;
    this.#random = options.random ?? (() => crypto.randomUUID().replaceAll("-", ""));
    this.faults = options.faults ?? new FaultScript(IDENTITY_FAULTS);
    this.directory = new InMemoryDirectory({ now: this.#now, random: this.#random, onGone: (orgId, principalId) => this.#gone(orgId, principalId) });
    this.devices = new InMemoryDevices({ now: this.#now, random: this.#random });
    this.accounts = new InMemoryAccounts({ now: this.#now, random: this.#random, directory: this.directory, openSignIn: (userId, orgId) => this.#openSignIn(userId, orgId), endSignIns: (userId) => this.#endSignIns(userId) });
  }

  async authenticate(credentials: Credentials): Promise<Principal | null> {
    this.faults.strike("authenticate", "before-send");
    this.faults.strike("authenticate", "mid-stream");
    if (credentials.kind === "cookie") {
      const signIn = this.#signInOf(credentials);
      return signIn && this.#signInPrincipal(signIn);
    }
    const key = this.#keys.find(({ secret }) => secret === credentials.token);
    if (!key || (key.record.expiresAtMs !== null && key.record.expiresAtMs <= this.#now())) return null;
    const principal = this.#keyPrincipal(key);
    if (principal) this.#replace(key, { ...key, record: { ...key.record, lastUsedAtMs: this.#now() } });
    return principal;
  }

  async createApiKey(principal: Principal, request: NewKey): Promise<CreatedKey> {
    this.faults.strike("createApiKey", "before-send");
    const serviceAccountId = request.serviceAccountId ?? (principal.isServiceAccount ? principal.userId : null);
    if (serviceAccountId !== null && !this.#accountOf(principal.orgId, serviceAccountId)) throw refused("createApiKey", "not-found", "There is no such service account.");
    const secret = `berth_${this.#random()}`;
    const record: ApiKeyRecord = {
      id: `key_${this.#random()}`,
      name: request.name,
      start: secret.slice(0, 12),
      scopes: [...request.scopes],
      serviceAccountId,
      createdAtMs: this.#now(),
      expiresAtMs: request.expiresAtMs,
      lastUsedAtMs: null,
    };
    this.#keys.push({ record, secret, orgId: principal.orgId, userId: serviceAccountId ?? principal.userId });
    this.faults.strike("createApiKey", "after-apply");
    return { ...record, secret };
  }

  async listApiKeys(orgId: string, page: { readonly after: string | null; readonly limit: number }): Promise<KeyPage> {
    this.faults.strike("listApiKeys", "before-send");
    const after = page.after === null ? null : decodePosition(page.after);
    if (page.after !== null && !after) throw refused("listApiKeys", "invalid-argument", "That is no position in the list of keys.");
    const records = this.#keys.filter((key) => key.orgId === orgId).map(({ record }) => record);
    const { items, next } = newestPage(records, { after, limit: page.limit }, placeOf);
    return { keys: items.map((record) => ({ ...record, scopes: [...record.scopes] })), next };
  }

  async revokeApiKey(orgId: string, keyId: string): Promise<void> {
    this.faults.strike("revokeApiKey", "before-send");
    const rest = this.#keys.filter((key) => key.orgId !== orgId || key.record.id !== keyId);
    if (rest.length === this.#keys.length) throw refused("revokeApiKey", "not-found", "There is no such key.");
    this.#keys = rest;
  }

  async ensureOwner(request: { readonly name: string; readonly email: string; readonly orgName: string }): Promise<Principal> {
    this.faults.strike("ensureOwner", "mid-stream");
    let owner: Member | undefined = this.directory.members.find(({ role }) => role === "owner");
    if (!owner) {
      const orgId = this.#random();
      this.directory.organizations.set(orgId, request.orgName);
      owner = this.addMember({ orgId, userName: request.name, role: "owner", email: request.email });
    }
    return this.#principal(owner) ?? unknownPerson("ensureOwner");
  }

  async listOrganizations({ after, limit }: { readonly after: string | null; readonly limit: number }): Promise<OrganizationPage> {
    const ids = new Set([...this.directory.organizations.keys(), ...this.directory.members.map(({ orgId }) => orgId)]);
    const found = [...ids].filter((id) => after === null || id > after).sort();
    const organizations = found.slice(0, limit).map((id) => ({ id, name: this.directory.organizations.get(id) ?? "" }));
    return { organizations, next: found.length > limit ? (organizations.at(-1)?.id ?? null) : null };
  }

  async firstOrganization(): Promise<string | null> {
    return this.directory.members[0]?.orgId ?? null;
  }

  async createSignInToken(userId: string): Promise<string> {
    if (!this.directory.members.some((member) => member.userId === userId)) unknownPerson("createSignInToken");
    const token = this.#random();
    this.#tokens.set(token, { userId, expiresAtMs: this.#now() + TOKEN_LIFETIME_MS });
    return token;
  }

  async redeemSignInToken(token: string): Promise<{ readonly setCookies: readonly string[] } | null> {
    this.faults.strike("redeemSignInToken", "before-send");
    const stored = this.#tokens.get(token);
    this.#tokens.delete(token);
    const member = stored && this.directory.members.find(({ userId }) => userId === stored.userId);
    if (!member || stored.expiresAtMs <= this.#now()) return null;
    return { setCookies: this.#openSignIn(member.userId, member.orgId) };
  }

  async signOut(credentials: Credentials): Promise<{ readonly setCookies: readonly string[]; readonly ended: EndedSignIn | null }> {
    if (credentials.kind !== "cookie") return { setCookies: [], ended: null };
    const token = tokenIn(credentials.header);
    const ended = this.#signIns.get(token);
    this.#signIns.delete(token);
    return { setCookies: [`${COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`], ended: ended ? endedSignIn(ended) : null };
  }

  /** Adds a person to an organization. */
  addMember(request: { readonly orgId: string; readonly userName: string; readonly role: Role; readonly email?: string }): Member {
    const { orgId, role, userName: name } = request;
    const userId = this.#random();
    this.directory.members.push({ orgId, userId, name, email: request.email ?? `${userId}@example.com`, role, joinedAtMs: this.#now() });
    return { orgId, userId, role };
  }

  /** As the directory does it, without asking whether an owner is left. */
  setRole(orgId: string, userId: string, role: Role): void {
    this.directory.members = this.directory.members.map((member) => (member.orgId === orgId && member.userId === userId ? { ...member, role } : member));
  }

  removeMember(orgId: string, userId: string): void {
    this.directory.members = this.directory.members.filter((member) => member.orgId !== orgId || member.userId !== userId);
  }

  async standing(orgId: string, { userId, keyId, signInId }: Whom): Promise<Principal | null> {
    this.faults.strike("authenticate", "before-send");
    if (keyId === null && signInId !== undefined) {
      const signIn = [...this.#signIns.values()].find(({ id, member }) => id === signInId && member.orgId === orgId && member.userId === userId);
      return signIn && signIn.expiresAtMs > this.#now() ? this.#signInPrincipal(signIn) : null;
    }
    if (keyId === null) {
      const [principal, passwordSetAtMs] = [this.#principal({ orgId, userId }), this.accounts.passwordSetAtMs(userId)];
      return principal && { ...principal, ...(passwordSetAtMs === null ? {} : { passwordSetAtMs }) };
    }
    const key = this.#keys.find((each) => each.orgId === orgId && each.record.id === keyId);
    return key && (key.record.expiresAtMs ?? Infinity) > this.#now() ? this.#keyPrincipal(key) : null;
  }

  #signInPrincipal({ id, member }: SignIn): Principal | null {
    const principal = this.#principal(member);
    return principal && { ...principal, signInId: id };
  }

  #keyPrincipal(key: Key): Principal | null {
    const principal = this.#principal(key, key.record);
    return principal && { ...principal, ...(key.record.expiresAtMs === null ? {} : { keyEndsAtMs: key.record.expiresAtMs }) };
  }

  async personOf(credentials: Credentials): Promise<Person | null> {
    const userId = this.#signInOf(credentials)?.member.userId;
    const person = userId === undefined ? null : this.accounts.find(userId);
    return person && { userId: person.userId, email: person.email };
  }

  async switchOrganization(credentials: Credentials, orgId: string): Promise<void> {
    const signIn = this.#signInOf(credentials);
    if (!signIn || credentials.kind !== "cookie" || !this.directory.find(orgId, signIn.member.userId)) {
      throw refused("switchOrganization", "not-found", "There is no such organization of this person.");
    }
    this.#signIns.set(tokenIn(credentials.header), { ...signIn, member: { userId: signIn.member.userId, orgId } });
  }

  #endSignIns(userId: string): readonly EndedSignIn[] {
    const theirs = [...this.#signIns].filter(([, { member }]) => member.userId === userId);
    for (const [token] of theirs) this.#signIns.delete(token);
    return theirs.map(([, signIn]) => endedSignIn(signIn));
  }

  #openSignIn(userId: string, orgId: string | null): readonly string[] {
    const signIn = this.#random();
    this.#signIns.set(signIn, { id: `sgn_${this.#random()}`, member: { userId, orgId: orgId ?? "" }, expiresAtMs: this.#now() + SIGN_IN_LIFETIME_MS });
    return [`${COOKIE}=${signIn}; Path=/; Max-Age=${SIGN_IN_LIFETIME_MS / 1000}; HttpOnly; SameSite=Lax`];
  }

  #signInOf(credentials: Credentials): SignIn | null {
    const signIn = credentials.kind === "cookie" ? this.#signIns.get(tokenIn(credentials.header)) : undefined;
    return signIn && signIn.expiresAtMs > this.#now() ? signIn : null;
  }

  #accountOf(orgId: string, id: string) {
    return this.directory.serviceAccounts.find((each) => each.orgId === orgId && each.id === id) ?? null;
  }

  #gone(orgId: string, principalId: string): void {
    this.#keys = this.#keys.filter((key) => key.orgId !== orgId || key.userId !== principalId);
    for (const [token, { member }] of this.#signIns) if (member.orgId === orgId && member.userId === principalId) this.#signIns.delete(token);
  }

  #principal({ orgId, userId }: Pick<Member, "orgId" | "userId">, key: ApiKeyRecord | null = null): Principal | null {
    const isServiceAccount = key !== null && key.serviceAccountId !== null;
    const member = isServiceAccount ? this.#accountOf(orgId, userId) : this.directory.find(orgId, userId);
    if (!member) return null;
    return {
      kind: key === null ? "user" : "api-key",
      userId,
      userName: member.name,
      ...("email" in member ? { userEmail: member.email } : { isServiceAccount }),
      orgId,
      orgName: this.directory.organizations.get(orgId) ?? "",
      teamIds: this.directory.teamIdsOf(orgId, userId),
      role: member.role,
      scopes: key === null ? scopesOfRole(member.role) : scopesOfKey(key.scopes, member.role),
      keyId: key?.id ?? null,
    };
  }

  #replace(before: Key, after: Key): void {
    this.#keys = this.#keys.map((key) => (key === before ? after : key));
  }
}

function tokenIn(header: string): string {
  const pair = header.split(";").find((part) => part.trim().startsWith(`${COOKIE}=`));
  return pair?.trim().slice(COOKIE.length + 1) ?? "";
}

function endedSignIn({ id, member }: SignIn): EndedSignIn {
  return { signInId: id, orgId: member.orgId === "" ? null : member.orgId };
}

function unknownPerson(operation: string): never {
  throw refused(operation, "not-found", "There is no such person in any organization.");
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "identity", operation, code, outcome: "not-applied", retry: "never", message });
}
