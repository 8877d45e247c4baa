/** The database as the Worker reaches it on one machine: Drizzle and Better Auth in workerd, over the pool's object. */
import { SCOPES } from "@berth/protocol";
import { env, exports } from "cloudflare:workers";
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { sql } from "drizzle-orm";
import { describe, expect, test, vi } from "vitest";
import { createBetterAuthIdentity } from "../adapters/identity/better-auth.ts";
import { createPostgresVault } from "../adapters/secret-vault/postgres.ts";
import { createAppDatabase, createPooledDatabase } from "../db/pg/database.ts";
import { secrets } from "../db/pg/schema/secrets.ts";
import { unwrap } from "../db/pg/wire.ts";
import { poolOf } from "./pg-pool-client.ts";

const { PG_POOL } = env as { readonly PG_POOL: DurableObjectNamespace };
const pool = poolOf(PG_POOL, "app");
const app = createAppDatabase(pool);
const db = app.of("org");
const identityDb = createPooledDatabase(poolOf(PG_POOL, "auth"));

const rows = async (text: string, orgId: string | null = null) => unwrap(await pool.query({ text, values: [], rowMode: "object" }, orgId)).rows;

const secret = (name: string) => ({
  orgId: "org",
  name,
  version: 1,
  keyVersion: 1,
  nonce: new Uint8Array([1, 2, 255]),
  ciphertext: new Uint8Array([0]),
  createdAt: new Date("2026-11-20T10:11:12.345Z"),
});

describe("the pool's object", () => {
  test("150 statements at once share its connections", async () => {
    const answers = await Promise.all(Array.from({ length: 150 }, (_, i) => db.execute(sql`select ${i}::int as n, pg_backend_pid() as pid`)));
    expect(answers.map(({ rows: [row] }) => row?.["n"])).toEqual(Array.from({ length: 150 }, (_, i) => i));
    expect(new Set(answers.map(({ rows: [row] }) => row?.["pid"])).size).toBeLessThanOrEqual(8);
  });

  test("transactions over it do not mix, and values and error codes survive the way", async () => {
    await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        db.transaction(async (tx) => {
          await tx.insert(secrets).values(secret(`name-${i}`));
          if (i % 2) throw new Error("changed my mind");
        }),
      ),
    );
    const stored = await db.select().from(secrets);
    expect(stored).toHaveLength(10);
    expect([...(stored[0]?.nonce ?? [])]).toEqual([1, 2, 255]);
    expect(stored[0]?.createdAt).toEqual(new Date("2026-11-20T10:11:12.345Z"));
    await expect(db.insert(secrets).values(secret("name-0"))).rejects.toMatchObject({ cause: { code: "23505" } });
    await db.delete(secrets);
  });

  test("what one organization asks shows no row of another's, and leaves nothing behind for the next caller", async () => {
    await db.insert(secrets).values(secret("mine"));
    expect(await app.of("other").select().from(secrets)).toEqual([]);
    expect(await db.select().from(secrets)).toHaveLength(1);
    expect(await rows("select count(*)::int as rows, current_setting('app.org_id', true) as org from secrets")).toEqual([{ rows: 0, org: "" }]);
    await db.delete(secrets);
  });

  test("neither role reaches the other's tables", async () => {
    await expect(rows('select 1 from auth."user"')).rejects.toMatchObject({ code: "42501" });
    await expect(identityDb.execute(sql`select 1 from secrets`)).rejects.toMatchObject({ cause: { code: "42501" } });
  });

  test("a lease whose request went away is rolled back and comes back", async () => {
    const worker = exports["default"] as { fetch(url: string): Promise<Response> };
    expect(await (await worker.fetch("https://worker.example.com/")).text()).toBe("gone");
    await vi.waitFor(async () => {
      const open = await rows("select 1 from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()");
      expect(open).toEqual([]);
    }, 5_000);
    expect(await rows("select name from secrets", "org")).toEqual([]);
  });

  test("Better Auth signs in, and keys and secrets work, inside workerd", async () => {
    const identity = createBetterAuthIdentity({ db: identityDb, baseUrl: "http://127.0.0.1:8787", secret: "example-secret-of-at-least-32-characters-0123456789" });
    const owner = await identity.ensureOwner({ name: "Ada", email: "ada@example.com", orgName: "Org" });
    const key = await identity.createApiKey(owner, { name: "k", expiresAtMs: null, scopes: SCOPES });
    expect(await identity.authenticate({ kind: "bearer", token: key.secret })).toMatchObject({ orgId: owner.orgId, keyId: key.id });
    const answer = await identity.redeemSignInToken(await identity.createSignInToken(owner.userId));
    const header = answer?.setCookies[0]?.split(";")[0] ?? "";
    expect(await identity.authenticate({ kind: "cookie", header })).toMatchObject(owner);
    await identity.signOut({ kind: "cookie", header });
    expect(await identity.authenticate({ kind: "cookie", header })).toBeNull();
    const vault = createPostgresVault(app, { masterKeys: new Map([[1, new Uint8Array(32).fill(7)]]), currentVersion: 1 });
    await vault.put(owner.orgId, "name", "sk-example");
    expect(await vault.use(owner.orgId, "name")).toBe("sk-example");
  });
});
