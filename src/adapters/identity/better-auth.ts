/** Identity by Better Auth over PostgreSQL. Runs in Node and in workerd. */
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { toPortError } from "../../db/pg/classify.ts";
import type { Credentials, Identity, Principal } from "../../ports/identity/identity.port.ts";
import { createKey, deleteKey, hashPresentedKey, listKeys } from "./better-auth/api-keys.ts";
import { createAuth, SIGN_IN_LIFETIME_MS, type Auth, type BetterAuthOptions } from "./better-auth/sign-in.ts";
import { ensureOwner } from "./better-auth/owner.ts";
import { endSignIn, principalOfKey, principalOfSignIn, principalOfUser } from "./better-auth/principals.ts";
import { storeToken, takeToken } from "./better-auth/sign-in-tokens.ts";

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
    const headers = cookieHeaders(credentials.header);
    const token = headers && (await auth().api.readSignIn({ headers }));
    return token ? principalOfSignIn(db, token, now()) : null;
  };

  return {
    authenticate: (credentials) => guard("authenticate", () => authenticate(credentials), true),
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
    createSignInToken: (userId) =>
      guard("createSignInToken", async () => {
        if (!(await principalOfUser(db, userId))) refuse("createSignInToken", "not-found", "There is no such person in any organization.");
        return storeToken(db, userId, now());
      }, true),
    redeemSignInToken: (token) =>
      guard("redeemSignInToken", async () => {
        const userId = await takeToken(db, token, now());
        const person = userId === null ? null : await principalOfUser(db, userId);
        if (!person) return null;
        const body = { userId: person.userId, orgId: person.orgId, expiresAt: new Date(now() + SIGN_IN_LIFETIME_MS) };
        const { headers, response } = await auth().api.openSignIn({ body, returnHeaders: true });
        return response === null ? null : { setCookies: headers.getSetCookie() };
      }),
    signOut: (credentials) =>
      guard("signOut", async () => {
        const headers = credentials.kind === "cookie" ? cookieHeaders(credentials.header) : null;
        if (!headers) return { setCookies: [] };
        const token = await auth().api.readSignIn({ headers });
        if (token) await endSignIn(db, token);
        const answer = await auth().api.clearCookies({ headers, returnHeaders: true });
        return { setCookies: answer.headers.getSetCookie() };
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

/** @param repeatable may be sent again when it is not known whether it was applied */
async function guard<T>(operation: string, work: () => Promise<T>, repeatable = false): Promise<T> {
  try {
    return await work();
  } catch (raw) {
    throw toPortError("identity", operation, raw, repeatable);
  }
}

function refuse(operation: string, code: PortErrorCode, message: string): never {
  throw new PortError({ port: "identity", operation, code, outcome: "not-applied", retry: "never", message });
}
