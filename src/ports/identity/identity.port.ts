/** Who asks: request credentials → principal. */

export type Role = "owner" | "admin" | "member" | "viewer";

export interface Principal {
  readonly kind: "user" | "api-key";
  /** The person; for an organization's key, the person who made it. */
  readonly userId: string;
  readonly userName: string;
  readonly userEmail?: string;
  readonly orgId: string;
  readonly orgName: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  /** Set for `api-key`. */
  readonly keyId: string | null;
  /** When the key ends, in milliseconds since the Unix epoch; absent where it has no end. */
  readonly keyEndsAtMs?: number;
}

/** What a request carries. Values are secrets: never log them. */
export type Credentials =
  | { readonly kind: "bearer"; readonly token: string }
  | { readonly kind: "cookie"; readonly header: string };

export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly start: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

export interface CreatedKey extends ApiKeyRecord {
  /** The only time it is seen. */
  readonly secret: string;
}

export interface KeyPage {
  readonly keys: readonly ApiKeyRecord[];
  /** Position to go on from, or null at the end. */
  readonly next: string | null;
}

export interface Identity {
  /** Null when the credentials are not valid. @throws PortError `unknown` when the store does not answer */
  authenticate(credentials: Credentials): Promise<Principal | null>;
  createApiKey(
    principal: Principal,
    request: { readonly name: string; readonly expiresAtMs: number | null },
  ): Promise<CreatedKey>;
  listApiKeys(orgId: string, page: { readonly after: string | null; readonly limit: number }): Promise<KeyPage>;
  /** Unknown or another org's: `not-found`. */
  revokeApiKey(orgId: string, keyId: string): Promise<void>;
  /** First start: makes the owner and the organization when there is none. Idempotent; answers who owns it. */
  ensureOwner(request: { readonly name: string; readonly email: string; readonly orgName: string }): Promise<Principal>;
  /** A token that signs that person in once, within ten minutes. */
  createSignInToken(userId: string): Promise<string>;
  /** Exchanges it for a cookie (`Set-Cookie` values). Null when used or expired. */
  redeemSignInToken(token: string): Promise<{ readonly setCookies: readonly string[] } | null>;
  signOut(credentials: Credentials): Promise<{ readonly setCookies: readonly string[] }>;
}
