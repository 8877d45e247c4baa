/** The proofs of the identity port's catalogued faults. */
import { SCOPES } from "@berth/protocol";
import { createFaultProofs } from "@berth/testkit/fault-proof";
import { expect } from "vitest";
import { bearer, OWNER, signIn, STALE_MS, type IdentityHarness } from "./identity-kit.contract.ts";
import { IDENTITY_FAULTS } from "./identity.faults.ts";

export function describeIdentityFaults(harness: IdentityHarness): void {
  const proves = createFaultProofs(harness, IDENTITY_FAULTS);

  for (const id of ["identity:authenticate:down", "identity:authenticate:cut"] as const) {
    proves([id, "IDN17"], "is an error and no stranger, for a key and for a cookie, and the next call answers", async (proof) => {
      const { subject, arm, failsAsCatalogued } = proof;
      const owner = await subject.ensureOwner(OWNER);
      const { secret } = await subject.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES });
      const signedIn = await signIn(subject, owner.userId);
      for (const credentials of [bearer(secret), signedIn]) {
        await arm();
        await failsAsCatalogued(() => subject.authenticate(credentials));
        expect(await subject.authenticate(credentials)).toMatchObject({ userId: owner.userId });
      }
    });
  }

  proves(["identity:revokeApiKey:unknown", "IDN6"], "an unknown key is not found", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.revokeApiKey("org", "key_unknown"));
  });

  proves("identity:ensureOwner:contended", "nothing was made, and asking again makes it", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.ensureOwner(OWNER));
    expect(await subject.ensureOwner(OWNER)).toMatchObject({ role: "owner" });
  });

  proves("identity:createApiKey:disk-full", "no key was made", async ({ subject, arm, failsAsCatalogued }) => {
    const owner = await subject.ensureOwner(OWNER);
    await arm();
    await failsAsCatalogued(() => subject.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES }));
    expect((await subject.listApiKeys(owner.orgId, { after: null, limit: 10 })).keys).toEqual([]);
  });

  proves("identity:createApiKey:answer-lost", "the key nobody saw is in the list, to be revoked", async ({ subject, arm, failsAsCatalogued }) => {
    const owner = await subject.ensureOwner(OWNER);
    await arm();
    await failsAsCatalogued(() => subject.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES }));
    const { keys } = await subject.listApiKeys(owner.orgId, { after: null, limit: 10 });
    expect(keys.map(({ name }) => name)).toEqual(["k"]);
    await subject.revokeApiKey(owner.orgId, keys[0]?.id ?? "");
  });

  proves("identity:listApiKeys:refused", "a refused log-in of ours is not the person's", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.listApiKeys("org", { after: null, limit: 1 }));
  });

  proves(["identity:redeemSignInToken:duplicate", "IDN9"], "the second redemption signs nobody in", async ({ subject, arm }) => {
    const owner = await subject.ensureOwner(OWNER);
    const token = await subject.createSignInToken(owner.userId);
    await arm();
    expect(await subject.redeemSignInToken(token)).not.toBeNull();
    expect(await subject.redeemSignInToken(token)).toBeNull();
  });

  proves(["identity:authenticate:expired", "IDN5"], "an expired key is nobody's", async ({ subject, arm }) => {
    const owner = await subject.ensureOwner(OWNER);
    const { secret } = await subject.createApiKey(owner, { name: "k", expiresAtMs: harness.now() + 1_000, scopes: SCOPES });
    harness.advance(1_000 + STALE_MS);
    await arm();
    expect(await subject.authenticate(bearer(secret))).toBeNull();
  });

  proves(["identity:authenticate:revoked", "IDN6"], "a revoked key is nobody's at once", async ({ subject, arm }) => {
    const owner = await subject.ensureOwner(OWNER);
    const { secret, id } = await subject.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES });
    expect(await subject.authenticate(bearer(secret))).not.toBeNull();
    await subject.revokeApiKey(owner.orgId, id);
    await arm();
    expect(await subject.authenticate(bearer(secret))).toBeNull();
  });

  proves(["identity:authenticate:member-removed", "IDN12"], "a key of a person who left is nobody's within 30 s", async ({ subject, arm }) => {
    const owner = await subject.ensureOwner(OWNER);
    const { secret } = await subject.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES });
    expect(await subject.authenticate(bearer(secret))).not.toBeNull();
    await harness.removeMember(owner.orgId, owner.userId);
    harness.advance(STALE_MS);
    await arm();
    expect(await subject.authenticate(bearer(secret))).toBeNull();
  });

  proves("identity:authenticate:slow", "a slow answer is the same answer", async ({ subject, arm }) => {
    const owner = await subject.ensureOwner(OWNER);
    const { secret } = await subject.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES });
    await arm();
    expect(await subject.authenticate(bearer(secret))).toMatchObject({ kind: "api-key" });
  });
}
