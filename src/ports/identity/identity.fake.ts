/** Identity in memory. */
import { FaultScript } from "../../core/kernel/fault.ts";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { decodePosition, encodePosition, newestFirst, type Position } from "../../core/kernel/position.ts";
import { IDENTITY_FAULTS } from "./identity.faults.ts";
import type { ApiKeyRecord, CreatedKey, Credentials, Identity, KeyPage, Principal, Role } from "./identity.port.ts";

const TOKEN_LIFETIME_MS = 10 * 60 * 1000;
const SIGN_IN_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;
const COOKIE = "berth.session_token";

interface Key {
  readonly record: ApiKeyRecord;
  readonly secret: string;
  readonly orgId: string;
  readonly userId: string;
}

interface Member {
  readonly orgId: string;
  readonly userId: string;
  readonly role: Role;
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
  readonly #users = new Map<string, string>();
  readonly #organizations = new Map<string, string>();
  #members: Member[] = [];
  #keys: Key[] = [];
  readonly #tokens = new Map<string, { readonly userId: string; readonly expiresAtMs: number }>();
  readonly #signIns = new Map<string, { readonly member: Pick<Member, "orgId" | "userId">; readonly expiresAtMs: number }>();

  constructor(options: InMemoryIdentityOptions) {
    this.#now = options.now;
    this.#random = options.random ?? (() => crypto.randomUUID().replaceAll("-", ""));
    this.faults = options.faults ?? new FaultScript(IDENTITY_FAULTS);
  }

  async authenticate(credentials: Credentials): Promise<Principal | null> {
    this.faults.strike("authenticate", "before-send");
    this.faults.strike("authenticate", "mid-stream");
    if (credentials.kind === "cookie") {
      const signIn = this.#signIns.get(tokenIn(credentials.header));
      return signIn && signIn.expiresAtMs > this.#now() ? this.#principal(signIn.member, null) : null;
    }
    const key = this.#keys.find(({ secret }) => secret === credentials.token);
    if (!key || (key.record.expiresAtMs !== null && key.record.expiresAtMs <= this.#now())) return null;
    const principal = this.#principal(key, key.record.id);
    if (principal) this.#replace(key, { ...key, record: { ...key.record, lastUsedAtMs: this.#now() } });
    return principal && { ...principal, ...(key.record.expiresAtMs === null ? {} : { keyEndsAtMs: key.record.expiresAtMs }) };
  }

  async createApiKey(
    principal: Principal,
    request: { readonly name: string; readonly expiresAtMs: number | null },
  ): Promise<CreatedKey> {
    this.faults.strike("createApiKey", "before-send");
    const secret = `berth_${this.#random()}`;
    const record: ApiKeyRecord = {
      id: `key_${this.#random()}`,
      name: request.name,
      start: secret.slice(0, 12),
      createdAtMs: this.#now(),
      expiresAtMs: request.expiresAtMs,
      lastUsedAtMs: null,
    };
    this.#keys.push({ record, secret, orgId: principal.orgId, userId: principal.userId });
    this.faults.strike("createApiKey", "after-apply");
    return { ...record, secret };
  }

  async listApiKeys(orgId: string, page: { readonly after: string | null; readonly limit: number }): Promise<KeyPage> {
    this.faults.strike("listApiKeys", "before-send");
    const after = page.after === null ? null : decodePosition(page.after);
    if (page.after !== null && !after) throw refused("listApiKeys", "invalid-argument", "That is no position in the list of keys.");
    const found = this.#keys
      .filter((key) => key.orgId === orgId)
      .map(({ record }) => record)
      .filter((record) => !after || newestFirst(after, placeOf(record)) < 0)
      .sort((a, b) => newestFirst(placeOf(a), placeOf(b)));
    const keys = found.slice(0, page.limit).map((record) => ({ ...record }));
    const last = keys.at(-1);
    return { keys, next: last && found.length > keys.length ? encodePosition(placeOf(last)) : null };
  }

  async revokeApiKey(orgId: string, keyId: string): Promise<void> {
    this.faults.strike("revokeApiKey", "before-send");
    const rest = this.#keys.filter((key) => key.orgId !== orgId || key.record.id !== keyId);
    if (rest.length === this.#keys.length) throw refused("revokeApiKey", "not-found", "There is no such key.");
    this.#keys = rest;
  }

  async ensureOwner(request: { readonly name: string; readonly email: string; readonly orgName: string }): Promise<Principal> {
    this.faults.strike("ensureOwner", "mid-stream");
    let owner = this.#members.find(({ role }) => role === "owner");
    if (!owner) {
      const orgId = this.#random();
      this.#organizations.set(orgId, request.orgName);
      owner = this.addMember({ orgId, userName: request.name, role: "owner" });
    }
    return this.#principal(owner, null) ?? unknownPerson("ensureOwner");
  }

  async createSignInToken(userId: string): Promise<string> {
    if (!this.#members.some((member) => member.userId === userId)) unknownPerson("createSignInToken");
    const token = this.#random();
    this.#tokens.set(token, { userId, expiresAtMs: this.#now() + TOKEN_LIFETIME_MS });
    return token;
  }

  async redeemSignInToken(token: string): Promise<{ readonly setCookies: readonly string[] } | null> {
    this.faults.strike("redeemSignInToken", "before-send");
    const stored = this.#tokens.get(token);
    this.#tokens.delete(token);
    const member = stored && this.#members.find(({ userId }) => userId === stored.userId);
    if (!member || stored.expiresAtMs <= this.#now()) return null;
    const signIn = this.#random();
    this.#signIns.set(signIn, { member, expiresAtMs: this.#now() + SIGN_IN_LIFETIME_MS });
    return { setCookies: [`${COOKIE}=${signIn}; Path=/; Max-Age=${SIGN_IN_LIFETIME_MS / 1000}; HttpOnly; SameSite=Lax`] };
  }

  async signOut(credentials: Credentials): Promise<{ readonly setCookies: readonly string[] }> {
    if (credentials.kind !== "cookie") return { setCookies: [] };
    this.#signIns.delete(tokenIn(credentials.header));
    return { setCookies: [`${COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`] };
  }

  /** Adds a person to an organization. */
  addMember(request: { readonly orgId: string; readonly userName: string; readonly role: Role }): Member {
    const member = { orgId: request.orgId, userId: this.#random(), role: request.role };
    this.#users.set(member.userId, request.userName);
    this.#members.push(member);
    return member;
  }

  setRole(orgId: string, userId: string, role: Role): void {
    this.#members = this.#members.map((member) => (member.orgId === orgId && member.userId === userId ? { ...member, role } : member));
  }

  removeMember(orgId: string, userId: string): void {
    this.#members = this.#members.filter((member) => member.orgId !== orgId || member.userId !== userId);
  }

  #principal({ orgId, userId }: Pick<Member, "orgId" | "userId">, keyId: string | null): Principal | null {
    const member = this.#members.find((each) => each.orgId === orgId && each.userId === userId);
    if (!member) return null;
    return {
      kind: keyId === null ? "user" : "api-key",
      userId,
      userName: this.#users.get(userId) ?? "",
      orgId,
      orgName: this.#organizations.get(orgId) ?? "",
      role: member.role,
      scopes: [],
      keyId,
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

function unknownPerson(operation: string): never {
  throw refused(operation, "not-found", "There is no such person in any organization.");
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "identity", operation, code, outcome: "not-applied", retry: "never", message });
}
