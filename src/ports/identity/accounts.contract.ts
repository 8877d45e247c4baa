/** How people get an account, and their ways in; part of the identity contract. */
import { verifiesOn } from "@berth/testkit";
import { describe, expect } from "vitest";
import { cookie, OWNER, STALE_MS, whoIs, type IdentityHarness } from "./identity-kit.contract.ts";
import type { Identity, Principal } from "./identity.port.ts";

type Rule = (ids: string | string[], sentence: string, body: (identity: Identity, owner: Principal) => Promise<void>) => void;

const PASSWORD = "example-password-1";
const DAY_MS = 24 * 60 * 60 * 1000;

export function describeAccounts(rule: Rule, harness: IdentityHarness): void {
  describe("accounts", () => {
    rule(["IDN29", "IDN31"], "an invited person makes an account, is a member at once, and signs in with the password from then on", async (identity, owner) => {
      const { accounts, directory } = identity;
      const { token } = await directory.createInvitation(owner.orgId, { email: "Cy@Example.com", role: "admin", invitedBy: owner.userId });
      expect(await accounts.invitation(token)).toEqual({ email: "cy@example.com", orgName: OWNER.orgName, role: "admin", hasAccount: false });
      const joined = await accounts.join(token, { name: "Cy", password: PASSWORD });
      const cy = { userId: joined.userId, userName: "Cy", userEmail: "cy@example.com", orgId: owner.orgId, role: "admin" };
      expect(await identity.authenticate(cookie(joined))).toMatchObject(cy);
      expect(await accounts.invitation(token)).toBeNull();
      await expect(accounts.join(token, { name: "Cy", password: PASSWORD })).rejects.toMatchObject({ code: "not-found" });
      const again = await accounts.signIn("CY@example.COM", PASSWORD);
      expect(again).toMatchObject({ userId: joined.userId, orgId: owner.orgId });
      expect(await identity.authenticate(cookie(again))).toMatchObject(cy);
    });

    rule("IDN29", "a wrong password, an unknown address and an account without a password are the same nothing", async ({ accounts, directory }, owner) => {
      const { token } = await directory.createInvitation(owner.orgId, { email: "cy@example.com", role: "member", invitedBy: owner.userId });
      await accounts.join(token, { name: "Cy", password: PASSWORD });
      const tries = [["cy@example.com", `${PASSWORD}x`], ["cy@example.com", ""], ["cy@example.com", PASSWORD.toUpperCase()], ["nobody@example.com", PASSWORD], [OWNER.email, PASSWORD], [OWNER.email, ""], ["", ""], ["\0", "\0"]] as const;
      for (const [email, password] of tries) expect(await accounts.signIn(email, password)).toBeNull();
    });

    rule("IDN29", "a person who is in no organization any more is signed in to none", async (identity, owner) => {
      const { accounts, directory } = identity;
      const { token } = await directory.createInvitation(owner.orgId, { email: "cy@example.com", role: "member", invitedBy: owner.userId });
      const { userId } = await accounts.join(token, { name: "Cy", password: PASSWORD });
      await directory.removeMember(owner.orgId, userId);
      const alone = await accounts.signIn("cy@example.com", PASSWORD);
      expect(alone).toMatchObject({ userId, orgId: null });
      expect(await identity.authenticate(cookie(alone))).toBeNull();
      expect(await identity.personOf(cookie(alone))).toEqual({ userId, email: "cy@example.com" });
    });

    rule("IDN39", "an address is its person's, in the organization they joined first or in none, and else nobody's", async ({ accounts, directory }, owner) => {
      const { token } = await directory.createInvitation(owner.orgId, { email: "cy@example.com", role: "member", invitedBy: owner.userId });
      const { userId } = await accounts.join(token, { name: "Cy", password: PASSWORD });
      expect(await accounts.whose("CY@example.com")).toEqual({ userId, orgId: owner.orgId });
      await directory.removeMember(owner.orgId, userId);
      expect(await accounts.whose("cy@example.com")).toEqual({ userId, orgId: null });
      for (const nobodys of ["nobody@example.com", "", "\0"]) expect(await accounts.whose(nobodys)).toBeNull();
    });

    rule("IDN31", "an invitation that is revoked, over or for an address that has an account makes none", async ({ accounts, directory }, { orgId, userId }) => {
      const invite = (email: string) => directory.createInvitation(orgId, { email, role: "member", invitedBy: userId });
      const [revoked, taken, late] = [await invite("cy@example.com"), await invite(OWNER.email), await invite("cy@example.com")];
      await directory.revokeInvitation(orgId, revoked.id);
      expect(await accounts.invitation(taken.token)).toMatchObject({ hasAccount: true });
      await expect(accounts.join(taken.token, { name: "Eve", password: PASSWORD })).rejects.toMatchObject({ code: "already-exists" });
      expect(await accounts.signIn(OWNER.email, PASSWORD)).toBeNull();
      expect(await accounts.invitation(taken.token)).not.toBeNull();
      harness.advance(7 * DAY_MS);
      for (const token of [revoked.token, late.token, "", "x", "\0"]) {
        expect(await accounts.invitation(token)).toBeNull();
        await expect(accounts.join(token, { name: "Eve", password: PASSWORD })).rejects.toMatchObject({ code: "not-found" });
      }
      expect(await accounts.signIn("cy@example.com", PASSWORD)).toBeNull();
    });

    rule("IDN31", "of several who join by one invitation at once one gets in", async ({ accounts, directory }, owner) => {
      const { token } = await directory.createInvitation(owner.orgId, { email: "cy@example.com", role: "member", invitedBy: owner.userId });
      const answers = await Promise.allSettled(["a", "b"].map((each) => accounts.join(token, { name: each, password: PASSWORD + each })));
      expect(answers.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    });

    rule("IDN33", "an account that was asked for is there once its address is proven, and not before", async (identity, owner) => {
      const { accounts } = identity;
      const wanted = { name: "Cy", email: "Cy@Example.com", password: PASSWORD, orgName: "Cy's" };
      const [token, other, late] = [await accounts.request(wanted), await accounts.request({ ...wanted, orgName: "Other" }), await accounts.request({ ...wanted, email: "di@example.com" })];
      expect(await accounts.signIn("cy@example.com", PASSWORD)).toBeNull();
      const answers = await Promise.all([accounts.confirm(token ?? ""), accounts.confirm(token ?? "")]);
      const won = answers.filter((answer) => answer !== null);
      expect(won).toHaveLength(1);
      const cy = await identity.authenticate(cookie(won[0] ?? null));
      expect(cy).toMatchObject({ userName: "Cy", userEmail: "cy@example.com", orgName: "Cy's", role: "owner" });
      expect(cy?.orgId).not.toBe(owner.orgId);
      expect(await accounts.signIn("cy@example.com", PASSWORD)).toMatchObject({ orgId: cy?.orgId });
      expect(await accounts.request(wanted)).toBeNull();
      for (const none of [token ?? "", other ?? "", "", "x"]) expect(await accounts.confirm(none)).toBeNull();
      harness.advance(DAY_MS);
      expect(await accounts.confirm(late ?? "")).toBeNull();
      expect((await identity.listOrganizations({ after: null, limit: 10 })).organizations).toHaveLength(2);
    });

    rule("IDN34", "a new password ends the old one and every sign-in, once", async (identity, owner) => {
      const { accounts, directory } = identity;
      const { token } = await directory.createInvitation(owner.orgId, { email: "cy@example.com", role: "member", invitedBy: owner.userId });
      const joined = await accounts.join(token, { name: "Cy", password: PASSWORD });
      const before = await identity.authenticate(cookie(joined));
      expect(before?.signInId).toBeDefined();
      const passwordOf = async () => (await identity.standing(owner.orgId, { userId: joined.userId, keyId: null }))?.passwordSetAtMs ?? 0;
      const firstSetAtMs = await passwordOf();
      expect(firstSetAtMs).toBeGreaterThan(0);
      harness.advance(STALE_MS);
      const [reset, late] = [await accounts.requestPassword("CY@example.com"), await accounts.requestPassword("cy@example.com")];
      expect(await accounts.confirm(reset ?? "")).toBeNull();
      expect(await identity.redeemSignInToken(reset ?? "")).toBeNull();
      const signedIn = await accounts.setPassword(reset ?? "", "example-password-2");
      expect(signedIn).toMatchObject({ userId: joined.userId, orgId: owner.orgId, ended: [{ signInId: before?.signInId, orgId: owner.orgId }] });
      harness.advance(STALE_MS);
      expect((await passwordOf()) - firstSetAtMs).toBeGreaterThanOrEqual(STALE_MS);
      expect(await identity.authenticate(cookie(joined))).toBeNull();
      expect(await identity.authenticate(cookie(signedIn))).toMatchObject({ userId: joined.userId });
      expect(await accounts.signIn("cy@example.com", PASSWORD)).toBeNull();
      expect(await accounts.signIn("cy@example.com", "example-password-2")).toMatchObject({ userId: joined.userId });
      expect(await accounts.requestPassword("nobody@example.com")).toBeNull();
      harness.advance(60 * 60 * 1000);
      for (const none of [reset ?? "", late ?? "", "", "x"]) expect(await accounts.setPassword(none, PASSWORD)).toBeNull();
    });

    rule("IDN34", "who had no password gets one", async ({ accounts }, owner) => {
      expect(await accounts.setPassword((await accounts.requestPassword(OWNER.email)) ?? "", PASSWORD)).toMatchObject({ userId: owner.userId });
      expect(await accounts.signIn(OWNER.email, PASSWORD)).toMatchObject({ userId: owner.userId, orgId: owner.orgId });
    });

    rule("IDN36", "an account elsewhere makes one here, by an invitation for its address or with an organization of its own", async (identity, owner) => {
      const { accounts, directory } = identity;
      const cy = { provider: "github", accountId: "7", name: "Cy", email: "Cy@example.com" } as const;
      expect(await accounts.signInFrom(cy)).toBeNull();
      const invite = (email: string) => directory.createInvitation(owner.orgId, { email, role: "admin", invitedBy: owner.userId });
      const [theirs, another] = [await invite("cy@example.com"), await invite("di@example.com")];
      await expect(accounts.admit(cy, { by: "invitation", token: another.token })).rejects.toMatchObject({ code: "permission-denied" });
      await expect(accounts.admit(cy, { by: "invitation", token: "x" })).rejects.toMatchObject({ code: "not-found" });
      await expect(accounts.admit(cy, { by: "claim", orgName: "Cy's" })).rejects.toMatchObject({ code: "failed-precondition" });
      expect(await accounts.signInFrom(cy)).toBeNull();
      const joined = await accounts.admit(cy, { by: "invitation", token: theirs.token });
      expect(await identity.authenticate(cookie(joined))).toMatchObject({ userName: "Cy", userEmail: "cy@example.com", orgId: owner.orgId, role: "admin" });
      const di = { ...cy, accountId: "8", email: "di@example.com" };
      const own = await identity.authenticate(cookie(await accounts.admit(di, { by: "allowed", orgName: "Di's" })));
      expect(own).toMatchObject({ orgName: "Di's", role: "owner" });
      expect(own?.orgId).not.toBe(owner.orgId);
      await expect(accounts.admit({ ...di, accountId: "9" }, { by: "allowed", orgName: "x" })).rejects.toMatchObject({ code: "already-exists" });
    });

    rule("IDN35", "an account elsewhere is the one person's it was made with, whatever its address becomes", async ({ accounts }, owner) => {
      const cy = { provider: "github", accountId: "7", name: "Cy", email: "cy@example.com" } as const;
      const { userId } = await accounts.admit(cy, { by: "allowed", orgName: "Cy's" });
      for (const email of ["cy@example.com", "new@example.com", OWNER.email, null]) expect(await accounts.signInFrom({ ...cy, email })).toMatchObject({ userId });
      for (const other of [{ ...cy, provider: "google" as const, email: null }, { ...cy, accountId: "8", email: null }]) expect(await accounts.signInFrom(other)).toBeNull();
      expect(await accounts.signInFrom({ ...cy, provider: "google", email: "CY@example.com" })).toMatchObject({ userId });
      expect(await accounts.signInFrom({ ...cy, provider: "google", email: null })).toMatchObject({ userId });
      expect(userId).not.toBe(owner.userId);
    });

    rule("IDN41", "a person's account elsewhere is told by its provider, and nobody else's", async ({ accounts }, owner) => {
      const cy = { provider: "github", accountId: "7", name: "Cy", email: "cy@example.com" } as const;
      const { userId } = await accounts.admit(cy, { by: "allowed", orgName: "Cy's" });
      await accounts.signInFrom({ ...cy, provider: "google", accountId: "g-7" });
      // Later than the first, which is the one that is told.
      harness.advance(1);
      await accounts.signInFrom({ ...cy, accountId: "8" });
      expect([await accounts.accountAt(userId, "github"), await accounts.accountAt(userId, "google")]).toEqual(["7", "g-7"]);
      for (const nobody of [owner.userId, "unknown", "", "\0"]) expect(await accounts.accountAt(nobody, "github")).toBeNull();
    });

    rule("IDN35", "is not taken together with an account whose address nobody has proven", async ({ accounts, directory }, owner) => {
      const join = async (email: string, mailed: boolean) => {
        const { token } = await directory.createInvitation(owner.orgId, { email, role: "member", invitedBy: owner.userId, mailed });
        return accounts.join(token, { name: "Cy", password: PASSWORD });
      };
      const [shown, mailed] = [await join("cy@example.com", false), await join("di@example.com", true)];
      const from = (accountId: string, email: string) => accounts.signInFrom({ provider: "google", accountId, name: "Cy", email });
      await expect(from("1", "cy@example.com")).rejects.toMatchObject({ code: "failed-precondition" });
      await expect(from("1", OWNER.email)).rejects.toMatchObject({ code: "failed-precondition" });
      expect(await from("2", "di@example.com")).toMatchObject({ userId: mailed.userId });
      await accounts.setPassword((await accounts.requestPassword("cy@example.com")) ?? "", PASSWORD);
      expect(await from("1", "cy@example.com")).toMatchObject({ userId: shown.userId });
    });

    rule("IDN30", "an instance that has an owner is claimed by nobody else", async ({ accounts }) => {
      expect(await accounts.isClaimed()).toBe(true);
      await expect(accounts.claim({ name: "Eve", email: "eve@example.com", password: PASSWORD, orgName: "Eve's" })).rejects.toMatchObject({ code: "failed-precondition" });
      expect(await accounts.signIn("eve@example.com", PASSWORD)).toBeNull();
    });

    verifiesOn(harness, "IDN30", "the first account owns the first organization, also when several are made at once", async () => {
      try {
        const identity = await harness.create();
        const { accounts } = identity;
        expect(await accounts.isClaimed()).toBe(false);
        const claims = ["Bo", "Cy"].map((name) => accounts.claim({ name, email: `${name}@Example.com`, password: PASSWORD, orgName: `${name}'s` }));
        const won = (await Promise.allSettled(claims)).flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
        expect(won).toHaveLength(1);
        const owner = await identity.authenticate(cookie(won[0] ?? null));
        expect(owner).toMatchObject({ role: "owner", orgName: `${owner?.userName}'s`, userEmail: `${owner?.userName.toLowerCase()}@example.com` });
        expect(await accounts.isClaimed()).toBe(true);
        expect(await identity.ensureOwner(OWNER)).toEqual(whoIs(owner));
      } finally {
        await harness.dispose?.();
      }
    });
  });
}
