/** The contract on a real PostgreSQL, and what lies in its table. */
import { verifies } from "@berth/testkit";
import { asApp, createTestDatabase, emptyTables } from "@berth/testkit/test-database";
import { eq, sql } from "drizzle-orm";
import { afterAll, describe, expect } from "vitest";
import { openDatabase } from "../../db/pg/database.ts";
import { FaultyPool, injections, RAW } from "../../db/pg/faulty-pool.testkit.ts";
import { secrets } from "../../db/pg/schema/secrets.ts";
import { describeSecretVaultContract } from "../../ports/secret-vault/secret-vault.contract.ts";
import { createPostgresVault } from "./postgres.ts";

const url = await createTestDatabase();
const clock = { nowMs: 0 };
const now = () => clock.nowMs;
const KEYS = new Map([
  [1, new Uint8Array(32).fill(1)],
  [2, new Uint8Array(32).fill(2)],
]);
/** Beside the pool that fails. */
const aside = new FaultyPool(asApp(url));
let pool: FaultyPool;

afterAll(() => aside.end());

const run = (statement: string) => async () => {
  await using database = openDatabase(url);
  await database.db.execute(sql.raw(statement));
};

describeSecretVaultContract({
  name: "postgres",
  clock,
  async create() {
    await emptyTables(url);
    pool = new FaultyPool(asApp(url));
    return createPostgresVault(pool.app(), { masterKeys: KEYS, currentVersion: 2, now });
  },
  dispose: () => pool.end(),
  inject: {
    ...injections(() => pool, {
      "secret-vault:put:contended": ["mid-stream", RAW.deadlock],
      "secret-vault:put:disk-full": ["mid-stream", RAW.diskFull],
      "secret-vault:put:answer-lost": ["after-apply", RAW.reset],
      "secret-vault:use:down": ["before-send", RAW.refused],
      "secret-vault:use:cut": ["mid-stream", RAW.cut],
      "secret-vault:use:refused": ["before-send", RAW.badPassword],
    }),
    "secret-vault:use:unknown": () => undefined,
    "secret-vault:delete:duplicate": () => undefined,
    "secret-vault:use:slow": () => pool.slow(50),
    "secret-vault:use:unknown-key-version": run("update secrets set key_version = 9 where org_id = 'org_a'"),
    "secret-vault:use:tampered": run(
      "update secrets set ciphertext = set_byte(ciphertext, 0, get_byte(ciphertext, 0) # 1) where org_id = 'org_a'",
    ),
    "secret-vault:use:wrong-tenant": run(
      "update secrets mine set nonce = theirs.nonce, ciphertext = theirs.ciphertext from secrets theirs where mine.org_id = 'org_a' and theirs.org_id = 'org_b'",
    ),
  },
});

describe("what lies in the table", () => {
  const VALUE = "sk-example-0123456789";

  verifies("VLT7", "no part of the value, and the same value never the same", async () => {
    await emptyTables(url);
    await using database = openDatabase(url);
    const vault = createPostgresVault(aside.app(), { masterKeys: KEYS, currentVersion: 2, now });
    for (const name of ["a", "b"]) await vault.put("org_a", name, VALUE);
    const [first, second] = await database.db.select().from(secrets).orderBy(secrets.name);
    expect(Buffer.from(first?.ciphertext ?? []).toString("latin1")).not.toContain("example");
    expect(first?.ciphertext).toHaveLength(VALUE.length + 16);
    expect(first?.ciphertext).not.toEqual(second?.ciphertext);
    expect(first?.nonce).not.toEqual(second?.nonce);
  });

  verifies("VLT8", "a row that is renamed, or given another version, does not open", async () => {
    const changes = [
      [{ name: "b" }, "internal"],
      [{ version: 7 }, "internal"],
      [{ nonce: new Uint8Array(12) }, "internal"],
      // What says under which master key it is does not fit that key any more.
      [{ keyVersion: 1 }, "failed-precondition"],
      [{ keyVersion: 1, keyCheck: null }, "internal"],
    ] as const;
    for (const [change, code] of changes) {
      const name = "name" in change ? change.name : "a";
      await emptyTables(url);
      await using database = openDatabase(url);
      const vault = createPostgresVault(aside.app(), { masterKeys: KEYS, currentVersion: 2, now });
      await vault.put("org_a", "a", VALUE);
      await database.db.update(secrets).set(change).where(eq(secrets.orgId, "org_a"));
      await expect(vault.use("org_a", name)).rejects.toMatchObject({ code });
      await expect(vault.rotate("org_a", name)).rejects.toMatchObject({ code });
    }
  });

  verifies(["VLT5", "VLT9"], "rotation moves a secret to the newest key, after which the old one may go", async () => {
    await emptyTables(url);
    const old = new Map([[1, KEYS.get(1) ?? new Uint8Array()]]);
    const fresh = new Map([[2, KEYS.get(2) ?? new Uint8Array()]]);
    await createPostgresVault(aside.app(), { masterKeys: old, currentVersion: 1, now }).put("org_a", "a", VALUE);
    const without = createPostgresVault(aside.app(), { masterKeys: fresh, currentVersion: 2, now });
    await expect(without.use("org_a", "a")).rejects.toMatchObject({ code: "failed-precondition" });
    await createPostgresVault(aside.app(), { masterKeys: KEYS, currentVersion: 2, now }).rotate("org_a", "a");
    expect(await without.use("org_a", "a")).toBe(VALUE);
  });

  verifies("VLT12", "a master key that was replaced under its version is told from a changed secret, and its return mends it", async () => {
    await emptyTables(url);
    await using database = openDatabase(url);
    const key = (fill: number) => new Map([[1, new Uint8Array(32).fill(fill)]]);
    const right = createPostgresVault(aside.app(), { masterKeys: key(1), currentVersion: 1, now });
    const wrong = createPostgresVault(aside.app(), { masterKeys: key(9), currentVersion: 1, now });
    await right.put("org_a", "a", VALUE);
    for (const attempt of [() => wrong.use("org_a", "a"), () => wrong.rotate("org_a", "a")]) {
      await expect(attempt()).rejects.toMatchObject({ code: "failed-precondition", retry: "never", message: expect.stringContaining("another master key"), fix: expect.stringContaining("MASTER_KEYS") });
    }
    const stateOf = async (vault: typeof right) => (await vault.inspect("org_a")).secrets.map(({ state }) => state);
    expect([await stateOf(right), await stateOf(wrong)]).toEqual([["readable"], ["key-wrong"]]);
    expect(await right.use("org_a", "a")).toBe(VALUE);
    await database.db.execute(sql`update secrets set ciphertext = set_byte(ciphertext, 0, get_byte(ciphertext, 0) # 1)`);
    expect(await stateOf(right)).toEqual(["damaged"]);
    // Rows of older versions have no check: readable as ever, and a wrong key cannot be told from a changed row.
    await right.put("org_a", "a", VALUE);
    await database.db.update(secrets).set({ keyCheck: null });
    expect([await stateOf(right), await stateOf(wrong)]).toEqual([["readable"], ["damaged"]]);
  });

  verifies("VLT7", "what tells a master key is another for each organization, and not the key that encrypts", async () => {
    await emptyTables(url);
    await using database = openDatabase(url);
    const vault = createPostgresVault(aside.app(), { masterKeys: KEYS, currentVersion: 2, now });
    for (const [orgId, name] of [["org_a", "a"], ["org_a", "b"], ["org_b", "a"]] as const) await vault.put(orgId, name, VALUE);
    const checks = (await database.db.select().from(secrets).orderBy(secrets.orgId, secrets.name)).map(({ keyCheck }) => Buffer.from(keyCheck ?? []).toString("hex"));
    expect(checks[0]).toBe(checks[1]);
    expect(checks[0]).not.toBe(checks[2]);
    expect(checks[0]).toHaveLength(16);
  });

  verifies(["VLT13", "VLT5"], "while secrets move to the next master key every one is readable, beside writes under either", async () => {
    await emptyTables(url);
    const before = createPostgresVault(aside.app(), { masterKeys: new Map([[1, KEYS.get(1) ?? new Uint8Array()]]), currentVersion: 1, now });
    const during = createPostgresVault(aside.app(), { masterKeys: KEYS, currentVersion: 2, now });
    const names = Array.from({ length: 12 }, (_, i) => `secret-${i}`);
    for (const name of names) await before.put("org_a", name, `${VALUE} of ${name}`);
    const readAll = async () => {
      for (const name of names) expect(await during.use("org_a", name)).toMatch(/ of secret-\d+$/);
    };
    const renewal = (async () => {
      for (const name of names) await during.rotate("org_a", name);
    })();
    const writes = names.slice(0, 4).map((name) => during.put("org_a", name, `new of ${name}`));
    await Promise.all([renewal, readAll(), readAll(), ...writes]);
    const { secrets: kept, newest, configured } = await during.inspect("org_a");
    expect({ newest, configured }).toEqual({ newest: 2, configured: [1, 2] });
    expect(kept.filter(({ keyVersion, state }) => keyVersion !== 2 || state !== "readable")).toEqual([]);
    const after = createPostgresVault(aside.app(), { masterKeys: new Map([[2, KEYS.get(2) ?? new Uint8Array()]]), currentVersion: 2, now });
    expect(await after.use("org_a", "secret-0")).toBe("new of secret-0");
    expect(await after.use("org_a", "secret-9")).toBe(`${VALUE} of secret-9`);
  });
});
