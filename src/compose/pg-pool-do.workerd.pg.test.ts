/** The database as the Worker reaches it on one machine: Drizzle and Better Auth in workerd, over the pool's object. */
import { env, exports } from "cloudflare:workers";
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { sql } from "drizzle-orm";
import { describe, expect, test, vi } from "vitest";
import { createBetterAuthIdentity } from "../adapters/identity/better-auth.ts";
import { createPostgresVault } from "../adapters/secret-vault/postgres.ts";
import { createPooledDatabase } from "../db/pg/database.ts";
import type { PoolStub } from "../db/pg/pooled-client.ts";
import { secrets } from "../db/pg/schema/secrets.ts";
import { unwrap } from "../db/pg/wire.ts";

const { PG_POOL } = env as { readonly PG_POOL: DurableObjectNamespace };
const pool = PG_POOL.get(PG_POOL.idFromName("pool")) as unknown as PoolStub;
const db = createPooledDatabase({ query: (statement) => pool.query(statement), lease: () => pool.lease() });

const rows = async (text: string) => unwrap(await pool.query({ text, values: [], rowMode: "object" })).rows;

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

  test("a lease whose request went away is rolled back and comes back", async () => {
    const worker = exports["default"] as { fetch(url: string): Promise<Response> };
    expect(await (await worker.fetch("https://worker.example.com/")).text()).toBe("gone");
    await vi.waitFor(async () => {
      const open = await rows("select 1 from pg_stat_activity where state = 'idle in transaction' and datname = current_database()");
      expect(open).toEqual([]);
    }, 5_000);
    expect(await rows("select to_regclass('vanished') as found")).toEqual([{ found: null }]);
  });

  test("Better Auth signs in, and keys and secrets work, inside workerd", async () => {
    const identity = createBetterAuthIdentity({ db, baseUrl: "http://127.0.0.1:8787", secret: "example-secret-of-at-least-32-characters-0123456789" });
    const owner = await identity.ensureOwner({ name: "Ada", email: "ada@example.com", orgName: "Org" });
    const key = await identity.createApiKey(owner, { name: "k", expiresAtMs: null });
    expect(await identity.authenticate({ kind: "bearer", token: key.secret })).toMatchObject({ orgId: owner.orgId, keyId: key.id });
    const answer = await identity.redeemSignInToken(await identity.createSignInToken(owner.userId));
    const header = answer?.setCookies[0]?.split(";")[0] ?? "";
    expect(await identity.authenticate({ kind: "cookie", header })).toEqual(owner);
    await identity.signOut({ kind: "cookie", header });
    expect(await identity.authenticate({ kind: "cookie", header })).toBeNull();
    const vault = createPostgresVault(db, { masterKeys: new Map([[1, new Uint8Array(32).fill(7)]]), currentVersion: 1 });
    await vault.put(owner.orgId, "name", "sk-example");
    expect(await vault.use(owner.orgId, "name")).toBe("sk-example");
  });
});
