/** The accounts of the identity port. A password is hashed before its transaction begins: that takes a while. */
import { defaultKeyHasher } from "@better-auth/api-key";
import { hashPassword } from "better-auth/crypto";
import { eq } from "drizzle-orm";
import type { Database } from "../../../db/pg/database.ts";
import { member } from "../../../db/pg/schema/identity.ts";
import type { Accounts, SignedIn } from "../../../ports/identity/accounts.port.ts";
import { guard } from "./guard.ts";
import { holdInvitation, showInvitation, useInvitation } from "./invitations.ts";
import { linkOutside, makeOutsider, outsideOfPerson, personOfOutside } from "./outside.ts";
import { firstOwner, makeOrganization } from "./owner.ts";
import { addressOf, makePerson, personOfAddress, personOfPassword, replacePassword } from "./passwords.ts";
import { principalOfUser } from "./principals.ts";
import { storeToken, takeToken } from "./proof-tokens.ts";
import { refuse } from "./refuse.ts";

export interface AccountsOptions {
  readonly db: Database;
  readonly now: () => number;
  /** `Set-Cookie` values; null when the person is gone. */
  readonly openSignIn: (userId: string, orgId: string | null) => Promise<readonly string[] | null>;
}

export function createAccounts({ db, now, openSignIn }: AccountsOptions): Accounts {
  const signedIn = async (userId: string, orgId: string | null): Promise<SignedIn | null> => {
    const setCookies = await openSignIn(userId, orgId);
    return setCookies && { userId, orgId, setCookies };
  };
  const mustSignIn = async (operation: string, userId: string, orgId: string): Promise<SignedIn> =>
    (await signedIn(userId, orgId)) ?? refuse(operation, "internal", "The account was made and is not there.");

  const joinedFirst = async (userId: string): Promise<string | null> => (await principalOfUser(db, userId))?.orgId ?? null;

  return {
    isClaimed: () => guard("isClaimed", async () => (await db.select({ id: member.id }).from(member).where(eq(member.role, "owner")).limit(1)).length > 0, true),
    signIn: (email, password) =>
      guard("signIn", async () => {
        const userId = await personOfPassword(db, email, password);
        return userId === null ? null : signedIn(userId, await joinedFirst(userId));
      }, true),
    whose: (email) =>
      guard("whose", async () => {
        const userId = await personOfAddress(db, email);
        return userId === null ? null : { userId, orgId: await joinedFirst(userId) };
      }, true),
    claim: ({ name, email, password, orgName }) =>
      guard("claim", async () => {
        const hash = await hashPassword(password);
        const createdAt = new Date(now());
        const { userId, orgId } = await db.transaction(async (tx) => {
          if ((await firstOwner(tx)) !== null) refuse("claim", "failed-precondition", "This instance has an owner.");
          const made = (await makePerson(tx, { name, email, hash, emailVerified: false }, createdAt)) ?? taken("claim");
          return { userId: made, orgId: await makeOrganization(tx, made, orgName, createdAt) };
        });
        return mustSignIn("claim", userId, orgId);
      }),
    invitation: (token) => guard("invitation", () => showInvitation(db, token, now()), true),
    join: (token, { name, password }) =>
      guard("join", async () => {
        const [hash, tokenHash] = await Promise.all([hashPassword(password), defaultKeyHasher(token)]);
        const { userId, orgId } = await db.transaction(async (tx) => {
          const found = (await holdInvitation(tx, tokenHash, now())) ?? refuse("join", "not-found", "There is no such invitation.");
          const made = (await makePerson(tx, { name, email: found.email, hash, emailVerified: found.mailed }, new Date(now()))) ?? taken("join");
          return { userId: made, orgId: (await useInvitation(tx, found, made, now())).orgId };
        });
        return mustSignIn("join", userId, orgId);
      }),
    request: ({ name, email, password, orgName }) =>
      guard("request", async () => {
        const wanted: Wanted = { name, email: addressOf(email), hash: await hashPassword(password), orgName };
        // Written for every address, so that one with an account takes as long.
        const token = await storeToken(db, "account", JSON.stringify(wanted), now());
        return (await personOfAddress(db, email)) === null ? token : null;
      }),
    confirm: (token) =>
      guard("confirm", async () => {
        const createdAt = new Date(now());
        const made = await db.transaction(async (tx) => {
          const taken = await takeToken(tx, "account", token, now());
          if (taken === null) return null;
          const { orgName, ...wanted } = JSON.parse(taken) as Wanted;
          const userId = await makePerson(tx, { ...wanted, emailVerified: true }, createdAt);
          return userId === null ? null : { userId, orgId: await makeOrganization(tx, userId, orgName, createdAt) };
        });
        return made && signedIn(made.userId, made.orgId);
      }),
    requestPassword: (email) =>
      guard("requestPassword", async () => {
        const userId = await personOfAddress(db, email);
        const token = await storeToken(db, "password", userId ?? "", now());
        return userId === null ? null : token;
      }),
    setPassword: (token, password) =>
      guard("setPassword", async () => {
        const hash = await hashPassword(password);
        const changed = await db.transaction(async (tx) => {
          const userId = await takeToken(tx, "password", token, now());
          const ended = userId ? await replacePassword(tx, userId, hash, new Date(now())) : null;
          return userId && ended && { userId, ended };
        });
        if (!changed) return null;
        const opened = await signedIn(changed.userId, await joinedFirst(changed.userId));
        return opened && { ...opened, ended: changed.ended };
      }),
    signInFrom: (profile) =>
      guard("signInFrom", async () => {
        const userId = (await personOfOutside(db, profile)) ?? (await linkOutside(db, profile, new Date(now())));
        return userId === null ? null : signedIn(userId, await joinedFirst(userId));
      }),
    accountAt: (userId, provider) => guard("accountAt", () => outsideOfPerson(db, userId, provider)),
    admit: (profile, how) =>
      guard("admit", async () => {
        const createdAt = new Date(now());
        const tokenHash = how.by === "invitation" ? await defaultKeyHasher(how.token) : "";
        const { userId, orgId } = await db.transaction(async (tx) => {
          if (how.by === "claim" && (await firstOwner(tx)) !== null) refuse("admit", "failed-precondition", "This instance has an owner.");
          const invited = how.by === "invitation" ? ((await holdInvitation(tx, tokenHash, now())) ?? refuse("admit", "not-found", "There is no such invitation.")) : null;
          if (invited && invited.email !== addressOf(profile.email)) refuse("admit", "permission-denied", "The invitation was made for another address.");
          const made = (await makeOutsider(tx, profile, createdAt)) ?? taken("admit");
          if (invited) return { userId: made, orgId: (await useInvitation(tx, invited, made, now())).orgId };
          return { userId: made, orgId: await makeOrganization(tx, made, how.by === "invitation" ? "" : how.orgName, createdAt) };
        });
        return mustSignIn("admit", userId, orgId);
      }),
  };
}

/** What is kept of an account until its address is proven. */
interface Wanted {
  readonly name: string;
  readonly email: string;
  readonly hash: string;
  readonly orgName: string;
}

function taken(operation: string): never {
  return refuse(operation, "already-exists", "The address has an account.");
}
