/** Identity by Better Auth over PostgreSQL. Runs in Node and in workerd. */
import type { Credentials, Identity, Principal, Whom } from "../../ports/identity/identity.port.ts";
import { createKey, deleteKey, hashPresentedKey, listKeys } from "./better-auth/api-keys.ts";
import { createAccounts } from "./better-auth/accounts.ts";
import { createDevices } from "./better-auth/devices.ts";
import { createDirectory } from "./better-auth/directory.ts";
import { guard } from "./better-auth/guard.ts";
import { createAuth, SIGN_IN_LIFETIME_MS, type Auth, type BetterAuthOptions } from "./better-auth/sign-in.ts";
import { firstOrganization, listOrganizations } from "./better-auth/organizations.ts";
import { ensureOwner } from "./better-auth/owner.ts";
import { activate, endSignIn, personOfSignIn, principalOfKey, principalOfKeyId, principalOfMember, principalOfSignIn, principalOfSignInId, principalOfUser } from "./better-auth/principals.ts";
import { refuse } from "./better-auth/refuse.ts";
import { storeToken, takeToken } from "./better-auth/proof-tokens.ts";

export interface BetterAuthIdentityOptions extends BetterAuthOptions {
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
}

export function createBetterAuthIdentity(options: BetterAuthIdentityOptions): Identity {
  const { db, now = Date.now } = options;
  // A request with a key needs none of Better Auth's set-up.
  let made: Auth | null = null;
  const auth = (): Auth => (made ??= createAuth(options));

  const authenticate = async (credentials: Credentials): Promise<Principal | null> => {
    if (credentials.kind === "bearer") {
      const hash = await hashPresentedKey(credentials.token);
      return hash === null ? null : principalOfKey(db, hash, now());
    }
    const token = await signInTokenOf(credentials);
    return token ? principalOfSignIn(db, token, now()) : null;
  };

  /** The token in a cookie that bears our signature. */
  const signInTokenOf = async (credentials: Credentials): Promise<string | null> => {
    const headers = credentials.kind === "cookie" ? cookieHeaders(credentials.header) : null;
    return headers && (await auth().api.readSignIn({ headers }));
  };

  const standing = async (orgId: string, { userId, keyId, signInId }: Whom): Promise<Principal | null> => {
    if (keyId !== null) return principalOfKeyId(db, orgId, keyId, now());
    return signInId === undefined ? principalOfMember(db, orgId, userId) : principalOfSignInId(db, orgId, userId, signInId, now());
  };

  const openSignIn = async (userId: string, orgId: string | null): Promise<readonly string[] | null> => {
    const body = { userId, orgId, expiresAt: new Date(now() + SIGN_IN_LIFETIME_MS) };
    const { headers, response } = await auth().api.openSignIn({ body, returnHeaders: true });
    return response === null ? null : headers.getSetCookie();
  };

  return {
    authenticate: (credentials) => guard("authenticate", () => authenticate(credentials), true),
    standing: (orgId, whom) => guard("standing", () => standing(orgId, whom), true),
    personOf: (credentials) =>
      guard("personOf", async () => {
        const token = await signInTokenOf(credentials);
        return token ? personOfSignIn(db, token, now()) : null;
      }, true),
    switchOrganization: (credentials, orgId) =>
      guard("switchOrganization", async () => {
        const token = await signInTokenOf(credentials);
        if (!token || !(await activate(db, token, orgId, now()))) refuse("switchOrganization", "not-found", "There is no such organization of this person.");
      }, true),
    directory: createDirectory(db, now),
    devices: createDevices(db, now),
    accounts: createAccounts({ db, now, openSignIn }),
    createApiKey: (principal, request) => guard("createApiKey", () => createKey(db, principal, request, now())),
    listApiKeys: (orgId, page) =>
      guard("listApiKeys", async () => {
        const found = await listKeys(db, orgId, page);
        return found ?? refuse("listApiKeys", "invalid-argument", "That is no position in the list of keys.");
      }, true),
    revokeApiKey: (orgId, keyId) =>
      guard("revokeApiKey", async () => {
        if (!(await deleteKey(db, orgId, keyId))) refuse("revokeApiKey", "not-found", "There is no such key.");
      }),
    ensureOwner: (request) =>
      guard("ensureOwner", async () => {
        const owner = await ensureOwner(db, request, now());
        return owner ?? refuse("ensureOwner", "internal", "The owner was made and is not there.");
      }, true),
    listOrganizations: (page) => guard("listOrganizations", () => listOrganizations(db, page), true),
    firstOrganization: () => guard("firstOrganization", () => firstOrganization(db), true),
    createSignInToken: (userId) =>
      guard("createSignInToken", async () => {
        if (!(await principalOfUser(db, userId))) refuse("createSignInToken", "not-found", "There is no such person in any organization.");
        return storeToken(db, "sign-in", userId, now());
      }, true),
    redeemSignInToken: (token) =>
      guard("redeemSignInToken", async () => {
        const userId = await takeToken(db, "sign-in", token, now());
        const person = userId === null ? null : await principalOfUser(db, userId);
        if (!person) return null;
        const setCookies = await openSignIn(person.userId, person.orgId);
        return setCookies && { setCookies };
      }),
    signOut: (credentials) =>
      guard("signOut", async () => {
        const headers = credentials.kind === "cookie" ? cookieHeaders(credentials.header) : null;
        if (!headers) return { setCookies: [], ended: null };
        const token = await auth().api.readSignIn({ headers });
        const ended = token ? await endSignIn(db, token) : null;
        const answer = await auth().api.clearCookies({ headers, returnHeaders: true });
        return { setCookies: answer.headers.getSetCookie(), ended };
      }, true),
  };
}

/** Null for text that no header can hold. */
function cookieHeaders(cookie: string): Headers | null {
  try {
    return new Headers({ cookie });
  } catch {
    return null;
  }
}
