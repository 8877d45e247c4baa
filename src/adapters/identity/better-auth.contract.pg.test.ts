/** The contract on a real PostgreSQL, as the role that the Worker has there, and what only this adapter can show. */
import { SCOPES } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { asAuth, createTestDatabase, emptyTables } from "@berth/testkit/test-database";
import { and, eq } from "drizzle-orm";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../db/pg/database.ts";
import { FaultyPool, injections, RAW } from "../../db/pg/faulty-pool.testkit.ts";
import { account, apikey, deviceRequest, member, organization, session, user, verification } from "../../db/pg/schema/identity.ts";
import { bearer, cookie, OWNER, signIn } from "../../ports/identity/identity-kit.contract.ts";
import { describeIdentityContract } from "../../ports/identity/identity.contract.ts";
import type { Identity } from "../../ports/identity/identity.port.ts";
import { createAuth } from "./better-auth/sign-in.ts";
import { createBetterAuthIdentity } from "./better-auth.ts";
import { strongestRole } from "./better-auth/principals.ts";

const url = await createTestDatabase();
const SECRET = "example-secret-of-at-least-32-characters-0123456789";
/** The tests' own way in, beside the pool that fails. */
const aside = new pg.Pool({ connectionString: url, max: 2, allowExitOnIdle: true });
const db = createDatabase(aside);
let pool: FaultyPool;
let nowMs = Date.now();

const asCalled = () => undefined;

async function create(baseUrl = "http://127.0.0.1:8787"): Promise<Identity> {
  await emptyTables(url);
  pool = new FaultyPool(asAuth(url));
  return createBetterAuthIdentity({ db: createDatabase(pool.asPool()), baseUrl, secret: SECRET, now: () => nowMs });
}

afterAll(() => aside.end());

describeIdentityContract({
  name: "better-auth",
  create,
  dispose: () => pool.end(),
  now: () => nowMs,
  advance: (ms) => {
    nowMs += ms;
  },
  async addOrganization(name) {
    const [orgId, userId, email] = [`org-${name}`, `user-${name}`, `${name.toLowerCase()}@example.com`];
    const createdAt = new Date(nowMs);
    await db.insert(organization).values({ id: orgId, name, slug: orgId, createdAt });
    await db.insert(user).values({ id: userId, name, email });
    await db.insert(member).values({ id: `member-${name}`, organizationId: orgId, userId, role: "owner", createdAt });
    return { orgId, userId, email };
  },
  async addMember(orgId, userName, role) {
    const at = new Date(nowMs);
    const userId = `user-${userName}`;
    await db.insert(user).values({ id: userId, name: userName, email: `${userName}@example.com` });
    await db.insert(member).values({ id: `member-${userName}`, organizationId: orgId, userId, role, createdAt: at });
    return userId;
  },
  async setRole(orgId, userId, role) {
    await db.update(member).set({ role }).where(and(eq(member.organizationId, orgId), eq(member.userId, userId)));
  },
  async removeMember(orgId, userId) {
    await db.delete(member).where(and(eq(member.organizationId, orgId), eq(member.userId, userId)));
  },
  inject: {
    ...injections(() => pool, {
      "identity:ensureOwner:contended": ["mid-stream", RAW.deadlock],
      "identity:createApiKey:disk-full": ["before-send", RAW.diskFull],
      "identity:createApiKey:answer-lost": ["after-apply", RAW.reset],
      "identity:authenticate:down": ["before-send", RAW.refused],
      "identity:authenticate:cut": ["mid-stream", RAW.cut],
      "identity:listApiKeys:refused": ["before-send", RAW.badPassword],
    }),
    "identity:revokeApiKey:unknown": asCalled,
    "identity:redeemSignInToken:duplicate": asCalled,
    "identity:authenticate:expired": asCalled,
    "identity:authenticate:revoked": asCalled,
    "identity:authenticate:member-removed": asCalled,
    "identity:authenticate:slow": () => pool.slow(50),
  },
});

describe("identity by Better Auth", () => {
  verifies("IDN16", "neither a key nor a sign-in token can be taken from the tables", async () => {
    const identity = await create();
    const owner = await identity.ensureOwner(OWNER);
    const { secret } = await identity.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES });
    const token = await identity.createSignInToken(owner.userId);
    const stored = JSON.stringify([await db.select().from(apikey), await db.select().from(verification)]);
    expect(stored).not.toContain(secret.slice(12));
    expect(stored).not.toContain(token);
    for (const { key } of await db.select({ key: apikey.key }).from(apikey)) {
      expect(await identity.authenticate(bearer(key))).toBeNull();
      expect(await identity.authenticate(bearer(`berth_${key}`))).toBeNull();
    }
    await pool.end();
  });

  verifies("IDN32", "a password is stored as a hash that Better Auth accepts, and the hash is no password", async () => {
    const { accounts } = await create();
    const { userId } = await accounts.claim({ name: "Ada", email: "ada@example.com", password: "example-password-1", orgName: "Ada's" });
    const [row] = await db.select({ hash: account.password }).from(account);
    expect(row?.hash).not.toContain("example-password-1");
    expect(await accounts.signIn("ada@example.com", row?.hash ?? "")).toBeNull();
    const auth = createAuth({ db, baseUrl: "http://127.0.0.1:8787", secret: SECRET });
    expect(await auth.api.signInEmail({ body: { email: "ada@example.com", password: "example-password-1" } })).toMatchObject({ user: { id: userId } });
    await pool.end();
  });

  verifies("IDN38", "a program's code cannot be taken from the table", async () => {
    const { devices } = await create();
    const { deviceCode } = await devices.begin({ clientName: "cli", scopes: ["runs:read"], address: null });
    const [row] = await db.select().from(deviceRequest);
    expect(JSON.stringify(row)).not.toContain(deviceCode);
    expect(await devices.collect(row?.deviceHash ?? "")).toBeNull();
    expect(await devices.collect(deviceCode)).toEqual({ state: "pending" });
    await pool.end();
  });

  verifies("IDN40", "pages of organizations neither repeat nor leave out one", async () => {
    const identity = await create();
    const ids = ["a", "B", "_c", "d"];
    for (const id of ids) await db.insert(organization).values({ id, name: id, slug: id, createdAt: new Date(nowMs) });
    const seen: string[] = [];
    for (let after: string | null = null, first = true; first || after !== null; first = false) {
      const page = await identity.listOrganizations({ after, limit: 2 });
      seen.push(...page.organizations.map(({ id }) => id));
      after = page.next;
    }
    expect(seen).toEqual([...ids].sort());
    await pool.end();
  });

  verifies("IDN18", "a key costs one statement, and no write within a minute of its last use", async () => {
    const identity = await create();
    const { secret } = await identity.createApiKey(await identity.ensureOwner(OWNER), { name: "k", expiresAtMs: null, scopes: SCOPES });
    await identity.authenticate(bearer(secret));
    const before = pool.statements;
    const [row] = await db.select({ version: apikey.lastRequest }).from(apikey);
    nowMs += 30_000;
    await identity.authenticate(bearer(secret));
    expect(pool.statements - before).toBe(1);
    expect((await db.select({ version: apikey.lastRequest }).from(apikey))[0]).toEqual(row);
    await identity.authenticate(bearer("not-even-a-key"));
    expect(pool.statements - before).toBe(1);
    await pool.end();
  });

  verifies("IDN15", "the cookie is secure where Berth is served by https", async () => {
    const identity = await create("https://berth.example.com");
    const owner = await identity.ensureOwner(OWNER);
    const answer = await identity.redeemSignInToken(await identity.createSignInToken(owner.userId));
    expect(answer?.setCookies.join()).toMatch(/^__Secure-berth\.session_token=.*; Secure/);
    expect(await identity.authenticate(cookie(answer))).toMatchObject(owner);
    await pool.end();
  });

  verifies("IDN11", "a sign-out that did not reach the store is an error, not a success", async () => {
    const identity = await create();
    const signedIn = await signIn(identity, (await identity.ensureOwner(OWNER)).userId);
    pool.fail("before-send", RAW.refused());
    await expect(identity.signOut(signedIn)).rejects.toMatchObject({ code: "unknown", outcome: "not-applied" });
    expect(await db.select().from(session)).toHaveLength(1);
    await pool.end();
  });

  test("the tables are what Better Auth and its plugins expect", async () => {
    const auth = createAuth({ db, baseUrl: "http://127.0.0.1:8787", secret: SECRET });
    await expect((await auth.$context).checkSchema?.()).resolves.toBeUndefined();
  });

  test("a key is one that the API key plugin itself accepts", async () => {
    const identity = await create();
    const owner = await identity.ensureOwner(OWNER);
    const { secret } = await identity.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES });
    const auth = createAuth({ db, baseUrl: "http://127.0.0.1:8787", secret: SECRET });
    expect(await auth.api.verifyApiKey({ body: { key: secret } })).toMatchObject({ valid: true, key: { referenceId: owner.orgId } });
    await pool.end();
  });

  test("a sign-in is one that Better Auth itself accepts", async () => {
    const identity = await create();
    const owner = await identity.ensureOwner(OWNER);
    const { header } = await signIn(identity, owner.userId);
    const auth = createAuth({ db, baseUrl: "http://127.0.0.1:8787", secret: SECRET });
    expect(await auth.api.getSession({ headers: new Headers({ cookie: header }) })).toMatchObject({
      user: { id: owner.userId },
      session: { activeOrganizationId: owner.orgId },
    });
    await pool.end();
  });

  test.each([["owner", "owner"], ["member,admin", "admin"], ["member", "member"], ["something-new", "viewer"], ["", "viewer"]])(
    "the role text %j is %s",
    (text, role) => expect(strongestRole(text)).toBe(role),
  );
});
