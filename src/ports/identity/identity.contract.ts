/** What every identity keeps; run by each implementation and by the credential cache around one. */
import { SCOPES, type Scope } from "@berth/protocol";
import { verifiesOn } from "@berth/testkit";
import { describe, expect } from "vitest";
import { scopesOfRole } from "../../core/access/scopes.ts";
import { describeAccounts } from "./accounts.contract.ts";
import { describeDevices } from "./devices.contract.ts";
import { describeDirectory } from "./directory.contract.ts";
import { describeIdentityFaults } from "./identity-faults.contract.ts";
import { bearer, cookie, OWNER, signIn, STALE_MS, whoIs, type IdentityHarness } from "./identity-kit.contract.ts";
import type { Identity, Principal } from "./identity.port.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export function describeIdentityContract(harness: IdentityHarness): void {
  describe(`identity contract: ${harness.name}`, () => {
    const rule: Rule = (ids, sentence, body) =>
      verifiesOn(harness, ids, sentence, async () => {
        try {
          const identity = await harness.create();
          await body(identity, await identity.ensureOwner(OWNER));
        } finally {
          await harness.dispose?.();
        }
      });
    describeKeys(rule, harness);
    describeSignIn(rule, harness);
    describeMembers(rule, harness);
    describeDirectory(rule, harness);
    describeAccounts(rule, harness);
    describeDevices(rule, harness);
    describeIdentityFaults(harness);
  });
}

type Rule = (ids: string | string[], sentence: string, body: (identity: Identity, owner: Principal) => Promise<void>) => void;

function describeKeys(rule: Rule, harness: IdentityHarness): void {
  rule(["IDN2", "IDN3"], "a key stands for its organization and its maker, and is seen once", async (identity, owner) => {
    const { secret, ...record } = await identity.createApiKey(owner, { name: "laptop", expiresAtMs: null, scopes: SCOPES });
    expect(secret).toMatch(/^berth_[A-Za-z0-9]{32,}$/);
    expect(record).toMatchObject({ name: "laptop", start: secret.slice(0, 12), expiresAtMs: null, lastUsedAtMs: null });
    expect(record.createdAtMs).toBe(harness.now());
    expect(whoIs(await identity.authenticate(bearer(secret)))).toStrictEqual({ ...owner, kind: "api-key", keyId: record.id });
    expect(JSON.stringify(await identity.listApiKeys(owner.orgId, { after: null, limit: 10 }))).not.toContain(secret);
  });

  rule("IDN19", "a key has the scopes it was given, as far as its maker's role has them", async (identity, owner) => {
    const scopes: readonly Scope[] = ["runs:read", "sessions:write", "keys:write"];
    const { secret, ...record } = await identity.createApiKey(owner, { name: "k", expiresAtMs: null, scopes });
    expect(new Set(record.scopes)).toEqual(new Set(scopes));
    expect((await identity.listApiKeys(owner.orgId, { after: null, limit: 1 })).keys[0]?.scopes).toEqual(record.scopes);
    expect((await identity.authenticate(bearer(secret)))?.scopes).toEqual(["sessions:read", "sessions:write", "runs:read", "keys:write"]);
    expect(owner.scopes).toEqual(SCOPES);
    const userId = await harness.addMember(owner.orgId, "Bo", "member");
    const bo = await identity.authenticate(await signIn(identity, userId));
    expect(bo?.scopes).toEqual(scopesOfRole("member"));
    if (!bo) return;
    const theirs = await identity.createApiKey(bo, { name: "bo's", expiresAtMs: null, scopes: SCOPES });
    expect((await identity.authenticate(bearer(theirs.secret)))?.scopes).toEqual(scopesOfRole("member"));
    const none = await identity.createApiKey(bo, { name: "none", expiresAtMs: null, scopes: [] });
    expect((await identity.authenticate(bearer(none.secret)))?.scopes).toEqual([]);
    await harness.setRole(owner.orgId, userId, "viewer");
    harness.advance(STALE_MS);
    expect((await identity.authenticate(bearer(theirs.secret)))?.scopes).toEqual(scopesOfRole("viewer"));
  });

  rule("IDN4", "what is not a valid credential is nobody's", async (identity, owner) => {
    const { secret } = await identity.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES });
    const odd = ["", "berth_", "x", secret.slice(0, -1), `${secret}x`, secret.toUpperCase(), ` ${secret}`, "berth_' or 1=1 --", "berth_\0", "x".repeat(10_000)];
    for (const token of odd) expect(await identity.authenticate(bearer(token))).toBeNull();
    const signedIn = await signIn(identity, owner.userId);
    const headers = ["", "a=b", `a=${secret}`, signedIn.header.slice(0, -3), `${signedIn.header}x`, signedIn.header.replace("=", "=x"), "; ;=;", "berth.session_token=%E0%A4%A"];
    for (const header of headers) expect(await identity.authenticate({ kind: "cookie", header })).toBeNull();
  });

  rule("IDN5", "a key ends when it said it would", async (identity, owner) => {
    const ends = await identity.createApiKey(owner, { name: "ends", expiresAtMs: harness.now() + MINUTE_MS, scopes: SCOPES });
    const stays = await identity.createApiKey(owner, { name: "stays", expiresAtMs: null, scopes: SCOPES });
    expect(ends.expiresAtMs).toBe(harness.now() + MINUTE_MS);
    harness.advance(MINUTE_MS - 1);
    expect((await identity.authenticate(bearer(ends.secret)))?.keyEndsAtMs).toBe(ends.expiresAtMs);
    harness.advance(1 + STALE_MS);
    expect(await identity.authenticate(bearer(ends.secret))).toBeNull();
    harness.advance(365 * DAY_MS);
    expect(await identity.authenticate(bearer(stays.secret))).not.toBeNull();
  });

  rule("IDN6", "a key is revoked at once, once, and by its own organization", async (identity, owner) => {
    const key = await identity.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES });
    expect(await identity.authenticate(bearer(key.secret))).not.toBeNull();
    await expect(identity.revokeApiKey("another", key.id)).rejects.toMatchObject({ code: "not-found" });
    expect(await identity.authenticate(bearer(key.secret))).not.toBeNull();
    await identity.revokeApiKey(owner.orgId, key.id);
    expect(await identity.authenticate(bearer(key.secret))).toBeNull();
    await expect(identity.revokeApiKey(owner.orgId, key.id)).rejects.toMatchObject({ code: "not-found" });
    expect((await identity.listApiKeys(owner.orgId, { after: null, limit: 10 })).keys).toEqual([]);
  });

  rule("IDN7", "keys are listed newest first, by pages, to their own organization", async (identity, owner) => {
    const made: string[] = [];
    for (const name of ["a", "b", "c"]) {
      made.unshift((await identity.createApiKey(owner, { name, expiresAtMs: null, scopes: SCOPES })).id);
      harness.advance(1_000);
    }
    const first = await identity.listApiKeys(owner.orgId, { after: null, limit: 2 });
    const second = await identity.listApiKeys(owner.orgId, { after: first.next, limit: 2 });
    expect([...first.keys, ...second.keys].map(({ id }) => id)).toEqual(made);
    expect(second.next).toBeNull();
    expect(await identity.listApiKeys("another", { after: null, limit: 2 })).toEqual({ keys: [], next: null });
    await expect(identity.listApiKeys(owner.orgId, { after: "nonsense", limit: 2 })).rejects.toMatchObject({ code: "invalid-argument" });
  });

  rule("IDN40", "the organizations of the instance are listed", async (identity, owner) => {
    const { organizations, next } = await identity.listOrganizations({ after: null, limit: 2 });
    expect({ organizations, next }).toEqual({ organizations: [{ id: owner.orgId, name: OWNER.orgName }], next: null });
    expect(await identity.listOrganizations({ after: owner.orgId, limit: 2 })).toEqual({ organizations: [], next: null });
  });

  rule("IDN8", "a key's last use is known", async (identity, owner) => {
    const { secret } = await identity.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES });
    const lastUsed = async () => (await identity.listApiKeys(owner.orgId, { after: null, limit: 1 })).keys[0]?.lastUsedAtMs;
    await identity.authenticate(bearer(secret));
    expect(await lastUsed()).toBe(harness.now());
    harness.advance(10 * MINUTE_MS);
    await identity.authenticate(bearer(secret));
    expect(harness.now() - ((await lastUsed()) ?? 0)).toBeLessThanOrEqual(2 * MINUTE_MS);
  });
}

function describeSignIn(rule: Rule, harness: IdentityHarness): void {
  rule("IDN9", "a token signs in once, also when several redeem it at once", async (identity, owner) => {
    const token = await identity.createSignInToken(owner.userId);
    const answers = await Promise.all([1, 2, 3].map(() => identity.redeemSignInToken(token)));
    const won = answers.filter((answer) => answer !== null);
    expect(won).toHaveLength(1);
    expect(whoIs(await identity.authenticate(cookie(won[0] ?? null)))).toStrictEqual(owner);
    expect(await identity.redeemSignInToken(token)).toBeNull();
    for (const unknown of ["", "x", `${token}x`, "\0"]) expect(await identity.redeemSignInToken(unknown)).toBeNull();
  });

  rule("IDN9", "a token is good for ten minutes", async (identity, owner) => {
    const [early, late] = [await identity.createSignInToken(owner.userId), await identity.createSignInToken(owner.userId)];
    harness.advance(10 * MINUTE_MS - 1);
    expect(await identity.redeemSignInToken(early)).not.toBeNull();
    harness.advance(1);
    expect(await identity.redeemSignInToken(late)).toBeNull();
  });

  rule("IDN10", "nobody else can be signed in", async (identity) => {
    await expect(identity.createSignInToken("unknown")).rejects.toMatchObject({ code: "not-found" });
  });

  rule("IDN11", "signing out ends one sign-in and clears the cookie", async (identity, owner) => {
    const [one, other] = [await signIn(identity, owner.userId), await signIn(identity, owner.userId)];
    const [first, second] = [await identity.authenticate(one), await identity.authenticate(other)];
    expect([whoIs(first), whoIs(second)]).toStrictEqual([owner, owner]);
    expect(first?.signInId).not.toBe(second?.signInId);
    const { setCookies, ended } = await identity.signOut(one);
    expect(ended).toEqual({ signInId: first?.signInId, orgId: owner.orgId });
    expect(setCookies.length).toBeGreaterThan(0);
    for (const each of setCookies) expect(each).toMatch(/=;.*Max-Age=0/i);
    expect(await identity.authenticate(one)).toBeNull();
    expect(await identity.authenticate(other)).toStrictEqual(second);
    for (const none of [one, cookie({ setCookies: ["nothing=here"] })]) expect((await identity.signOut(none)).ended).toBeNull();
    expect(await identity.signOut(bearer("berth_x"))).toEqual({ setCookies: [], ended: null });
  });

  rule("IDN14", "a sign-in ends after thirty days", async (identity, owner) => {
    const signedIn = await signIn(identity, owner.userId);
    harness.advance(30 * DAY_MS - MINUTE_MS);
    expect(await identity.authenticate(signedIn)).not.toBeNull();
    harness.advance(MINUTE_MS + STALE_MS);
    expect(await identity.authenticate(signedIn)).toBeNull();
  });

  rule("IDN15", "scripts cannot read the cookie, and other sites cannot send it", async (identity, owner) => {
    const answer = await identity.redeemSignInToken(await identity.createSignInToken(owner.userId));
    for (const each of answer?.setCookies ?? []) {
      expect(each).toMatch(/; HttpOnly/i);
      expect(each).toMatch(/; SameSite=Lax/i);
      expect(each).toMatch(/; Path=\//i);
    }
  });
}

function describeMembers(rule: Rule, harness: IdentityHarness): void {
  rule("IDN1", "there is one first owner, whoever asks", async (identity, owner) => {
    expect(owner).toMatchObject({ kind: "user", userName: "Ada", orgName: "Ada's team", role: "owner", keyId: null });
    const others = ["Bo", "Cy", "Di"].map((name) => identity.ensureOwner({ name, email: `${name}@example.com`, orgName: name }));
    for (const other of await Promise.all(others)) expect(other).toStrictEqual(owner);
  });

  verifiesOn(harness, "IDN1", "several first starts at once make one owner", async () => {
    try {
      const identity = await harness.create();
      const owners = await Promise.all(["Bo", "Cy"].map((name) => identity.ensureOwner({ name, email: `${name}@example.com`, orgName: name })));
      expect(owners[0]).toStrictEqual(owners[1]);
    } finally {
      await harness.dispose?.();
    }
  });

  rule("IDN45", "the first organization is the first one, whoever makes another", async (identity, owner) => {
    harness.advance(1_000);
    const token = await identity.accounts.request({ name: "Bo", email: "bo@example.com", password: "example-password-1", orgName: "Bo's" });
    await identity.accounts.confirm(token ?? "");
    expect((await identity.listOrganizations({ after: null, limit: 5 })).organizations).toHaveLength(2);
    expect(await identity.firstOrganization()).toBe(owner.orgId);
  });

  verifiesOn(harness, "IDN45", "before there is one, none is the first", async () => {
    try {
      expect(await (await harness.create()).firstOrganization()).toBeNull();
    } finally {
      await harness.dispose?.();
    }
  });

  rule("IDN12", "who is taken out is nobody, with keys and sign-ins, and the others stay", async (identity, owner) => {
    const userId = await harness.addMember(owner.orgId, "Bo", "member");
    const signedIn = await signIn(identity, userId);
    const bo = await identity.authenticate(signedIn);
    expect(bo).toMatchObject({ userId, userName: "Bo", orgId: owner.orgId, role: "member" });
    if (!bo) return;
    const { secret } = await identity.createApiKey(bo, { name: "bo's", expiresAtMs: null, scopes: SCOPES });
    expect(await identity.authenticate(bearer(secret))).toMatchObject({ userId, role: "member" });
    await harness.removeMember(owner.orgId, userId);
    harness.advance(STALE_MS);
    expect(await identity.authenticate(signedIn)).toBeNull();
    expect(await identity.authenticate(bearer(secret))).toBeNull();
    await expect(identity.createSignInToken(userId)).rejects.toMatchObject({ code: "not-found" });
    expect(whoIs(await identity.authenticate(await signIn(identity, owner.userId)))).toStrictEqual(owner);
  });

  rule("IDN13", "a change of role reaches keys and sign-ins", async (identity, owner) => {
    const userId = await harness.addMember(owner.orgId, "Bo", "viewer");
    const signedIn = await signIn(identity, userId);
    expect(await identity.authenticate(signedIn)).toMatchObject({ role: "viewer" });
    await harness.setRole(owner.orgId, userId, "admin");
    harness.advance(STALE_MS);
    expect(await identity.authenticate(signedIn)).toMatchObject({ role: "admin" });
  });
}
