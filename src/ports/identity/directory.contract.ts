/** What every directory keeps: members, service accounts, teams, invitations, and the line between organizations. */
import { SCOPES } from "@berth/protocol";
import { expect } from "vitest";
import { scopesOfRole } from "../../core/access/scopes.ts";
import { bearer, OWNER, signIn, STALE_MS, whoIs, type IdentityHarness } from "./identity-kit.contract.ts";
import type { Identity, Principal } from "./identity.port.ts";

const DAY_MS = 24 * 3_600_000;
const NEW_KEY = { name: "k", expiresAtMs: null, scopes: SCOPES } as const;

type Rule = (ids: string | string[], sentence: string, body: (identity: Identity, owner: Principal) => Promise<void>) => void;

export function describeDirectory(rule: Rule, harness: IdentityHarness): void {
  describeMembers(rule, harness);
  describeTeams(rule, harness);
  describeInvitations(rule, harness);
}

function describeMembers(rule: Rule, harness: IdentityHarness): void {
  rule("IDN20", "members are listed oldest first, by pages", async ({ directory }, { orgId, userId }) => {
    const joined = [userId];
    for (const name of ["Bo", "Cy"]) {
      harness.advance(1_000);
      joined.push(await harness.addMember(orgId, name, "member"));
    }
    const first = await directory.listMembers(orgId, { after: null, limit: 2 });
    const second = await directory.listMembers(orgId, { after: first.next, limit: 2 });
    expect([...first.members, ...second.members].map((member) => member.userId)).toEqual(joined);
    expect(second).toMatchObject({ members: [{ name: "Cy", role: "member", joinedAtMs: harness.now() }], next: null });
    expect(first.members[0]).toMatchObject({ name: "Ada", email: "ada@example.com", role: "owner" });
    await expect(directory.listMembers(orgId, { after: "nonsense", limit: 2 })).rejects.toMatchObject({ code: "invalid-argument" });
  });

  rule("IDN44", "an organization and a person are renamed and keep all they have, and nobody else is called otherwise", async (identity, owner) => {
    const { directory } = identity;
    const { orgId, userId } = owner;
    const there = await harness.addOrganization("Di");
    const { token } = await directory.createInvitation(there.orgId, { email: OWNER.email, role: "member", invitedBy: there.userId });
    harness.advance(1);
    await directory.acceptInvitation(token, { userId, email: OWNER.email });
    const signedIn = await signIn(identity, userId);
    const key = await identity.createApiKey(owner, NEW_KEY);
    await directory.renameOrganization(orgId, "Ada's new team");
    expect(await directory.renameMember(orgId, userId, "Ada L.")).toMatchObject({ userId, name: "Ada L.", email: OWNER.email, role: "owner" });
    harness.advance(STALE_MS);
    for (const credentials of [signedIn, bearer(key.secret)]) expect(await identity.authenticate(credentials)).toMatchObject({ orgId, orgName: "Ada's new team", userId, userName: "Ada L." });
    const { members } = await directory.listMembers(there.orgId, { after: null, limit: 10 });
    expect(members.map(({ name }) => name)).toEqual(["Di", "Ada L."]);
    expect((await identity.listOrganizations({ after: null, limit: 10 })).organizations.map(({ name }) => name)).toContain("Di");

    await expect(directory.renameOrganization("another", "Mine")).rejects.toMatchObject({ code: "not-found", outcome: "not-applied" });
    for (const stranger of [there.userId, "nobody"]) await expect(directory.renameMember(orgId, stranger, "Mine")).rejects.toMatchObject({ code: "not-found" });
    expect(await directory.member(there.orgId, there.userId)).toMatchObject({ name: "Di" });
  });

  rule(["IDN21", "IDN13"], "an organization keeps an owner, also when two would leave at once", async (identity, { orgId, userId }) => {
    const { directory } = identity;
    for (const role of ["admin", "member", "viewer"] as const) await expect(directory.setRole(orgId, userId, role)).rejects.toMatchObject({ code: "failed-precondition" });
    await expect(directory.removeMember(orgId, userId)).rejects.toMatchObject({ code: "failed-precondition" });
    const bo = await harness.addMember(orgId, "Bo", "viewer");
    expect(await directory.setRole(orgId, bo, "owner")).toMatchObject({ userId: bo, role: "owner" });
    const left = await Promise.allSettled([directory.setRole(orgId, userId, "member"), directory.removeMember(orgId, bo)]);
    expect(left.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const { members } = await directory.listMembers(orgId, { after: null, limit: 10 });
    expect(members.filter(({ role }) => role === "owner")).toHaveLength(1);
  });

  rule(["IDN22", "IDN12"], "who is removed loses keys, sign-ins and teams, and comes back without them", async (identity, { orgId }) => {
    const { directory } = identity;
    const bo = await harness.addMember(orgId, "Bo", "admin");
    const signedIn = await signIn(identity, bo);
    const principal = await identity.authenticate(signedIn);
    if (!principal) throw new Error("not signed in");
    const { secret, id } = await identity.createApiKey(principal, NEW_KEY);
    const team = await directory.createTeam(orgId, { name: "Reds" });
    await directory.addTeamMember(orgId, team.id, bo);
    await directory.removeMember(orgId, bo);
    harness.advance(STALE_MS);
    expect(await identity.authenticate(signedIn)).toBeNull();
    expect(await identity.authenticate(bearer(secret))).toBeNull();
    expect(await directory.listTeamMembers(orgId, team.id)).toEqual([]);
    await expect(identity.revokeApiKey(orgId, id)).rejects.toMatchObject({ code: "not-found" });
    await expect(directory.removeMember(orgId, bo)).rejects.toMatchObject({ code: "not-found" });
    await expect(directory.member(orgId, bo)).rejects.toMatchObject({ code: "not-found" });
  });

  rule("IDN28", "who somebody is can be asked again without their credentials", async (identity, owner) => {
    const { orgId } = owner;
    const userId = await harness.addMember(orgId, "Bo", "member");
    const bo = await identity.authenticate(await signIn(identity, userId));
    if (!bo) throw new Error("not signed in");
    const key = await identity.createApiKey(bo, { ...NEW_KEY, expiresAtMs: harness.now() + DAY_MS });
    expect(whoIs(await identity.standing(orgId, { userId, keyId: null }))).toStrictEqual(whoIs(bo));
    const byKey = await identity.standing(orgId, { userId, keyId: key.id });
    expect(whoIs(byKey)).toStrictEqual(whoIs(await identity.authenticate(bearer(key.secret))));
    for (const keyId of [null, key.id]) expect(await identity.standing("another", { userId, keyId })).toBeNull();
    for (const keyId of [null, "unknown"]) expect(await identity.standing(orgId, { userId: "nobody", keyId })).toBeNull();
    harness.advance(DAY_MS);
    expect(await identity.standing(orgId, { userId, keyId: key.id })).toBeNull();
    await identity.directory.removeMember(orgId, userId);
    expect(await identity.standing(orgId, { userId, keyId: null })).toBeNull();
  });

  rule("IDN28", "a sign-in is asked about by itself: it is nobody's once it ended, and nobody in another organization or for another person", async (identity, owner) => {
    const { orgId } = owner;
    const userId = await harness.addMember(orgId, "Bo", "member");
    const [one, other] = [await signIn(identity, userId), await signIn(identity, userId)];
    const bo = await identity.authenticate(one);
    const { signInId } = (await identity.authenticate(other)) ?? {};
    if (!bo?.signInId || !signInId) throw new Error("not signed in");
    const standing = (id: string, org = orgId, who = userId) => identity.standing(org, { userId: who, keyId: null, signInId: id });
    expect(whoIs(await standing(bo.signInId))).toStrictEqual(whoIs(bo));
    expect((await standing(bo.signInId))?.signInId).toBe(bo.signInId);
    for (const none of [standing("unknown"), standing(bo.signInId, "another"), standing(bo.signInId, orgId, owner.userId)]) expect(await none).toBeNull();
    await identity.signOut(one);
    expect(await standing(bo.signInId)).toBeNull();
    expect(await standing(signInId)).toMatchObject({ userId });
    harness.advance(30 * DAY_MS);
    expect(await standing(signInId)).toBeNull();
  });

  rule("IDN28", "a sign-in that was moved to another organization is nobody in the one it left", async (identity, owner) => {
    const there = await harness.addOrganization("Di");
    const { token } = await identity.directory.createInvitation(there.orgId, { email: OWNER.email, role: "member", invitedBy: there.userId });
    // Later than their own, which is then the first that they joined.
    harness.advance(1);
    await identity.directory.acceptInvitation(token, { userId: owner.userId, email: OWNER.email });
    const signedIn = await signIn(identity, owner.userId);
    const { signInId = "", userId } = (await identity.authenticate(signedIn)) ?? owner;
    expect(await identity.standing(owner.orgId, { userId, keyId: null, signInId })).toMatchObject({ orgId: owner.orgId });
    await identity.switchOrganization(signedIn, there.orgId);
    expect(await identity.standing(owner.orgId, { userId, keyId: null, signInId })).toBeNull();
    expect(await identity.standing(there.orgId, { userId, keyId: null, signInId })).toMatchObject({ role: "member" });
  });

  rule("IDN23", "a service account has its own keys and role, and outlives whoever made it", async (identity, { orgId }) => {
    const { directory } = identity;
    const userId = await harness.addMember(orgId, "Bo", "admin");
    const bo = await identity.authenticate(await signIn(identity, userId));
    if (!bo) throw new Error("not signed in");
    const account = await directory.createServiceAccount(orgId, { name: "CI", role: "member" });
    const key = await identity.createApiKey(bo, { ...NEW_KEY, serviceAccountId: account.id });
    expect(key.serviceAccountId).toBe(account.id);
    await directory.removeMember(orgId, userId);
    harness.advance(STALE_MS);
    const asked = await identity.authenticate(bearer(key.secret));
    expect(asked).toMatchObject({ kind: "api-key", userId: account.id, userName: "CI", isServiceAccount: true, role: "member", keyId: key.id });
    expect(asked?.scopes).toEqual(scopesOfRole("member"));
    expect(await directory.updateServiceAccount(orgId, account.id, { role: "viewer", name: "Nightly" })).toEqual({ ...account, role: "viewer", name: "Nightly" });
    expect(await directory.listServiceAccounts(orgId)).toEqual([{ ...account, role: "viewer", name: "Nightly" }]);
    harness.advance(STALE_MS);
    const lowered = await identity.authenticate(bearer(key.secret));
    expect(lowered).toMatchObject({ role: "viewer", userName: "Nightly" });
    // What a service account makes is its own.
    if (lowered) expect(await identity.createApiKey(lowered, NEW_KEY)).toMatchObject({ serviceAccountId: account.id });
    await directory.removeServiceAccount(orgId, account.id);
    harness.advance(STALE_MS);
    expect(await identity.authenticate(bearer(key.secret))).toBeNull();
    await expect(directory.removeServiceAccount(orgId, account.id)).rejects.toMatchObject({ code: "not-found" });
  });
}

function describeTeams(rule: Rule, harness: IdentityHarness): void {
  rule("IDN24", "a principal brings the teams it is in, people and service accounts alike", async (identity, owner) => {
    const { directory } = identity;
    const { orgId } = owner;
    const reds = await directory.createTeam(orgId, { name: "Reds" });
    harness.advance(1);
    const blues = await directory.createTeam(orgId, { name: "Blues" });
    expect((await directory.listTeams(orgId)).map(({ name }) => name)).toEqual(["Reds", "Blues"]);
    await expect(directory.createTeam(orgId, { name: "Reds" })).rejects.toMatchObject({ code: "already-exists" });
    const account = await directory.createServiceAccount(orgId, { name: "CI", role: "member" });
    const key = await identity.createApiKey(owner, { ...NEW_KEY, serviceAccountId: account.id });
    const teams = async () => [(await identity.authenticate(await signIn(identity, owner.userId)))?.teamIds, (await identity.authenticate(bearer(key.secret)))?.teamIds];
    expect(await teams()).toEqual([[], []]);
    for (const id of [owner.userId, owner.userId, account.id]) await directory.addTeamMember(orgId, reds.id, id);
    expect(new Set((await directory.listTeamMembers(orgId, reds.id)).map(({ principalId }) => principalId))).toEqual(new Set([owner.userId, account.id]));
    harness.advance(STALE_MS);
    expect(await teams()).toEqual([[reds.id], [reds.id]]);
    await directory.removeTeamMember(orgId, reds.id, owner.userId);
    await expect(directory.removeTeamMember(orgId, reds.id, owner.userId)).rejects.toMatchObject({ code: "not-found" });
    await expect(directory.addTeamMember(orgId, blues.id, "nobody")).rejects.toMatchObject({ code: "not-found" });
    await directory.removeTeam(orgId, reds.id);
    harness.advance(STALE_MS);
    expect(await teams()).toEqual([[], []]);
  });

  rule("IDN43", "a team has another name from then on, and never one that another team of its organization has", async ({ directory }, { orgId, userId }) => {
    const other = await harness.addOrganization("Other");
    await directory.createTeam(other.orgId, { name: "Greens" });
    const reds = await directory.createTeam(orgId, { name: "Reds" });
    harness.advance(1);
    await directory.createTeam(orgId, { name: "Blues" });
    await directory.addTeamMember(orgId, reds.id, userId);
    await expect(directory.renameTeam(orgId, reds.id, "Blues")).rejects.toMatchObject({ code: "already-exists" });
    expect(await directory.renameTeam(orgId, reds.id, "Reds")).toEqual(reds);
    expect(await directory.renameTeam(orgId, reds.id, "Greens")).toEqual({ ...reds, name: "Greens" });
    expect((await directory.listTeams(orgId)).map(({ name }) => name)).toEqual(["Greens", "Blues"]);
    expect(await directory.listTeamMembers(orgId, reds.id)).toMatchObject([{ principalId: userId }]);
    expect((await directory.createTeam(orgId, { name: "Reds" })).name).toBe("Reds");
  });

  rule("IDN26", "what is another organization's cannot be found, and cannot be told from what never was", async (identity, owner) => {
    const { directory } = identity;
    const { orgId, userId } = owner;
    const other = await harness.addOrganization("Other");
    const team = await directory.createTeam(orgId, { name: "Reds" });
    const account = await directory.createServiceAccount(orgId, { name: "CI", role: "member" });
    const invited = await directory.createInvitation(orgId, { email: "bo@example.com", role: "member", invitedBy: userId });
    const tries = (org: string, ids: { readonly user: string; readonly team: string; readonly account: string; readonly invitation: string }) =>
      Promise.all(
        [
          directory.member(org, ids.user),
          directory.setRole(org, ids.user, "viewer"),
          directory.removeMember(org, ids.user),
          directory.updateServiceAccount(org, ids.account, { name: "x" }),
          directory.removeServiceAccount(org, ids.account),
          directory.renameTeam(org, ids.team, "Greens"),
          directory.removeTeam(org, ids.team),
          directory.listTeamMembers(org, ids.team),
          directory.addTeamMember(org, ids.team, other.userId),
          directory.removeTeamMember(org, ids.team, userId),
          directory.revokeInvitation(org, ids.invitation),
          identity.createApiKey({ ...owner, orgId: org, userId: other.userId }, { ...NEW_KEY, serviceAccountId: ids.account }),
        ].map(async (call) => (call as Promise<unknown>).then(() => "done", (error: { code: string; message: string }) => `${error.code}: ${error.message}`)),
      );
    const theirs = await tries(other.orgId, { user: userId, team: team.id, account: account.id, invitation: invited.id });
    const unknown = await tries(other.orgId, { user: "u", team: "t", account: "a", invitation: "i" });
    expect(theirs).toEqual(unknown);
    expect(new Set(theirs.map((answer) => answer.split(":")[0]))).toEqual(new Set(["not-found"]));
    expect([await directory.listTeams(other.orgId), await directory.listServiceAccounts(other.orgId), await directory.listInvitations(other.orgId)]).toEqual([[], [], []]);
    expect((await directory.listMembers(other.orgId, { after: null, limit: 10 })).members.map((member) => member.userId)).toEqual([other.userId]);
    await expect(directory.addTeamMember(orgId, team.id, other.userId)).rejects.toMatchObject({ code: "not-found" });
  });
}

function describeInvitations(rule: Rule, harness: IdentityHarness): void {
  rule("IDN25", "an invitation is accepted once, by whom it was made for, within seven days", async ({ directory }, { orgId, userId }) => {
    const other = await harness.addOrganization("Other");
    const person = { userId: other.userId, email: other.email };
    const invite = (email = other.email.toUpperCase()) => directory.createInvitation(orgId, { email, role: "admin", invitedBy: userId });
    const { token, ...record } = await invite();
    expect(await directory.listInvitations(orgId)).toEqual([record]);
    expect(record).toMatchObject({ email: other.email, role: "admin", createdAtMs: harness.now(), expiresAtMs: harness.now() + 7 * DAY_MS });
    await expect(directory.acceptInvitation(token, { userId, email: "ada@example.com" })).rejects.toMatchObject({ code: "permission-denied" });
    const answers = await Promise.allSettled([directory.acceptInvitation(token, person), directory.acceptInvitation(token, person)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []))).toEqual([{ orgId, orgName: "Ada's team", role: "admin" }]);
    expect(await directory.member(orgId, other.userId)).toMatchObject({ role: "admin", name: "Other" });
    expect(await directory.listInvitations(orgId)).toEqual([]);

    const revoked = await invite();
    await directory.revokeInvitation(orgId, revoked.id);
    const again = await invite();
    expect(await directory.acceptInvitation(again.token, person)).toMatchObject({ role: "admin" });
    const late = await invite();
    harness.advance(7 * DAY_MS);
    for (const gone of [revoked.token, late.token, token, "", "x"]) await expect(directory.acceptInvitation(gone, person)).rejects.toMatchObject({ code: "not-found" });
    expect(await directory.listInvitations(orgId)).toEqual([]);
  });

  rule("IDN27", "a sign-in acts in one organization of its person, and can be moved to another", async (identity, { orgId, userId }) => {
    const { directory } = identity;
    const other = await harness.addOrganization("Other");
    const signedIn = await signIn(identity, other.userId);
    expect(await identity.personOf(signedIn)).toEqual({ userId: other.userId, email: other.email });
    await expect(identity.switchOrganization(signedIn, orgId)).rejects.toMatchObject({ code: "not-found" });
    const { token } = await directory.createInvitation(orgId, { email: other.email, role: "viewer", invitedBy: userId });
    await directory.acceptInvitation(token, { userId: other.userId, email: other.email });
    expect(await identity.authenticate(signedIn)).toMatchObject({ orgId: other.orgId, role: "owner" });
    await identity.switchOrganization(signedIn, orgId);
    expect(await identity.authenticate(signedIn)).toMatchObject({ orgId, role: "viewer" });
    for (const nobody of [bearer("berth_x"), { kind: "cookie", header: "a=b" } as const]) {
      expect(await identity.personOf(nobody)).toBeNull();
      await expect(identity.switchOrganization(nobody, orgId)).rejects.toMatchObject({ code: "not-found" });
    }
  });
}
