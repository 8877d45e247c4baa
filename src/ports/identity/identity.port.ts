/** Who asks: request credentials → principal. */
import type { Role, Scope } from "@berth/protocol";
import type { Accounts } from "./accounts.port.ts";
import type { Devices } from "./devices.port.ts";
import type { Directory, Person } from "./directory.port.ts";

export type { Role } from "@berth/protocol";

export interface Principal {
  /** `client-token`: somebody with a token of one session, who is no principal of the organization. */
  readonly kind: "user" | "api-key" | "client-token";
  /** The person; for a key, the person who made it or the service account it is of. */
  readonly userId: string;
  readonly userName: string;
  readonly userEmail?: string;
  readonly orgId: string;
  readonly orgName: string;
  readonly role: Role;
  /** What they may do: all that the role allows, or of that what the key was made for. */
  readonly scopes: readonly Scope[];
  /** Teams of the organization they are in. */
  readonly teamIds: readonly string[];
  /** Whether `userId` is a service account's. */
  readonly isServiceAccount?: boolean;
  /** Set for `client-token`. */
  readonly client?: { readonly tokenId: string; readonly sessionId: string };
  /** Set for `api-key`, and for a `client-token` that was made by one. */
  readonly keyId: string | null;
  /** When the key ends, in milliseconds since the Unix epoch; absent where it has no end. */
  readonly keyEndsAtMs?: number;
  /** The sign-in they came by: a name for it that opens nothing. Absent for a key, and where who one is was asked without one. */
  readonly signInId?: string;
  /** When the person got the password they have, in milliseconds since the Unix epoch. Only `standing` of a person says so; absent for who has none. */
  readonly passwordSetAtMs?: number;
  /** When the store said so, in milliseconds since the Unix epoch; absent: just now. */
  readonly knownAtMs?: number;
}

/** Who is asked about: a person, or what they came by. */
export interface Whom {
  readonly userId: string;
  readonly keyId: string | null;
  readonly signInId?: string;
}

/** A sign-in that is over. */
export interface EndedSignIn {
  readonly signInId: string;
  /** Where it acted; null for one of a person of no organization. */
  readonly orgId: string | null;
}

/** What a request carries. Values are secrets: never log them. */
export type Credentials =
  | { readonly kind: "bearer"; readonly token: string }
  | { readonly kind: "cookie"; readonly header: string };

export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly start: string;
  /** As they were given. */
  readonly scopes: readonly Scope[];
  /** Null for a person's. */
  readonly serviceAccountId: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

export interface NewKey {
  readonly name: string;
  readonly expiresAtMs: number | null;
  readonly scopes: readonly Scope[];
  /** Whose key it becomes; absent: that of whoever makes it. */
  readonly serviceAccountId?: string;
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

export interface OrganizationPage {
  /** In the order of their ids. */
  readonly organizations: readonly { readonly id: string; readonly name: string }[];
  /** Position to go on from, or null at the end. */
  readonly next: string | null;
}

export interface Identity {
  /** Null when the credentials are not valid. @throws PortError `unknown` when the store does not answer */
  authenticate(credentials: Credentials): Promise<Principal | null>;
  /** Who a person, key or sign-in is now; null for one that is nobody in that organization any more. */
  standing(orgId: string, who: Whom): Promise<Principal | null>;
  /** The person of a sign-in, also one who belongs to no organization. Null for anything but a valid sign-in. */
  personOf(credentials: Credentials): Promise<Person | null>;
  /** Makes that sign-in act in another of the person's organizations. @throws PortError `not-found` where they are no member */
  switchOrganization(credentials: Credentials, orgId: string): Promise<void>;
  /** Members, service accounts, teams and invitations. */
  readonly directory: Directory;
  /** How people come to have an account, and their ways in. */
  readonly accounts: Accounts;
  /** Programs that ask for a key. */
  readonly devices: Devices;
  /** @throws PortError `not-found` for a service account that the organization does not have */
  createApiKey(principal: Principal, request: NewKey): Promise<CreatedKey>;
  listApiKeys(orgId: string, page: { readonly after: string | null; readonly limit: number }): Promise<KeyPage>;
  /** Unknown or another org's: `not-found`. */
  revokeApiKey(orgId: string, keyId: string): Promise<void>;
  /** First start: makes the owner and the organization when there is none. Idempotent; answers who owns it. */
  ensureOwner(request: { readonly name: string; readonly email: string; readonly orgName: string }): Promise<Principal>;
  /** Every organization of the instance, for the operator's work on all of them: nothing of a tenant reads it. */
  listOrganizations(page: { readonly after: string | null; readonly limit: number }): Promise<OrganizationPage>;
  /** The organization that was made first, whose the instance's machine is; null before there is one. */
  firstOrganization(): Promise<string | null>;
  /** A token that signs that person in once, within ten minutes. */
  createSignInToken(userId: string): Promise<string>;
  /** Exchanges it for a cookie (`Set-Cookie` values). Null when used or expired. */
  redeemSignInToken(token: string): Promise<{ readonly setCookies: readonly string[] } | null>;
  /** `ended` is null where there was no sign-in to end. */
  signOut(credentials: Credentials): Promise<{ readonly setCookies: readonly string[]; readonly ended: EndedSignIn | null }>;
}
