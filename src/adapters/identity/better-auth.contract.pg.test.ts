/** The contract on a real PostgreSQL, and what only this adapter can show. */
import { verifies } from "@berth/testkit";
import { createTestDatabase, emptyTables } from "@berth/testkit/test-database";
import { and, eq } from "drizzle-orm";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../db/pg/database.ts";
import { FaultyPool, injections, RAW } from "../../db/pg/faulty-pool.testkit.ts";
import { apikey, member, session, user, verification } from "../../db/pg/schema/identity.ts";
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
  pool = new FaultyPool(url);
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
    const { secret } = await identity.createApiKey(owner, { name: "k", expiresAtMs: null });
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

  verifies("IDN18", "a key costs one statement, and no write within a minute of its last use", async () => {
    const identity = await create();
    const { secret } = await identity.createApiKey(await identity.ensureOwner(OWNER), { name: "k", expiresAtMs: null });
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
    expect(await identity.authenticate(cookie(answer))).toStrictEqual(owner);
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
    const { secret } = await identity.createApiKey(owner, { name: "k", expiresAtMs: null });
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
