/** People and keys of two organizations, `org-a` and `org-b`, without any secret that is one. */
import { PortError } from "../../src/core/kernel/port-error.ts";
import type { CreatedKey, Credentials, Identity, KeyPage, Principal, Role } from "../../src/ports/identity/identity.port.ts";

const AT_MS = Date.parse("2026-01-02T03:04:05.000Z");

export class MemoryIdentity implements Identity {
  readonly created: CreatedKey[] = [];
  readonly #bearers = new Map<string, Principal>();
  readonly #signInTokens = new Set<string>();
  down = false;

  constructor() {
    for (const orgId of ["org-a", "org-b"]) this.admit(this.keyOf(orgId), orgId, "owner");
  }

  keyOf(orgId: string): string {
    return `example-key-of-${orgId}`;
  }

  admit(token: string, orgId: string, role: Role): Principal {
    const principal: Principal = { kind: "api-key", userId: "usr_1", userName: "Ada Łoś", orgId, orgName: orgId, role, scopes: [], keyId: `key_${orgId}` };
    this.#bearers.set(token, principal);
    return principal;
  }

  async authenticate(credentials: Credentials): Promise<Principal | null> {
    if (this.down) throw new PortError({ port: "identity", operation: "authenticate", code: "unknown", outcome: "unknown", retry: "same-request", message: "The store said: secret detail" });
    if (credentials.kind === "bearer") return this.#bearers.get(credentials.token) ?? null;
    const principal = this.#bearers.get(this.keyOf("org-a"));
    return credentials.header.includes("session=good") && principal ? { ...principal, kind: "user", keyId: null, userEmail: "ada@example.com" } : null;
  }

  async createApiKey(_principal: Principal, request: { readonly name: string; readonly expiresAtMs: number | null }): Promise<CreatedKey> {
    const id = `key_${this.created.length + 1}`;
    const key: CreatedKey = { ...request, id, start: "brt_exam", createdAtMs: AT_MS, lastUsedAtMs: null, secret: `brt_example_${id}` };
    this.created.push(key);
    return key;
  }

  async listApiKeys(_orgId: string, page: { readonly after: string | null; readonly limit: number }): Promise<KeyPage> {
    const start = page.after === null ? 0 : this.created.findIndex(({ id }) => id === page.after) + 1;
    const keys = this.created.slice(start, start + page.limit);
    return { keys, next: start + page.limit < this.created.length ? (keys.at(-1)?.id ?? null) : null };
  }

  async revokeApiKey(_orgId: string, keyId: string): Promise<void> {
    if (this.created.some(({ id }) => id === keyId)) return;
    throw new PortError({ port: "identity", operation: "revokeApiKey", code: "not-found", outcome: "not-applied", retry: "never", message: `no ${keyId}` });
  }

  async ensureOwner(): Promise<Principal> {
    return this.admit(this.keyOf("org-a"), "org-a", "owner");
  }

  async createSignInToken(userId: string): Promise<string> {
    const token = `once for ${userId}`;
    this.#signInTokens.add(token);
    return token;
  }

  async redeemSignInToken(token: string): Promise<{ readonly setCookies: readonly string[] } | null> {
    return this.#signInTokens.delete(token) ? { setCookies: ["session=good; HttpOnly; Path=/", "other=1; Path=/"] } : null;
  }

  async signOut(): Promise<{ readonly setCookies: readonly string[] }> {
    return { setCookies: ["session=; Max-Age=0; Path=/"] };
  }
}
