/** The contract on a real PostgreSQL, and what lies in its table. */
import { verifies } from "@berth/testkit";
import { createTestDatabase, emptyTables } from "@berth/testkit/test-database";
import { eq, sql } from "drizzle-orm";
import { describe, expect } from "vitest";
import { createDatabase, openDatabase } from "../../db/pg/database.ts";
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
let pool: FaultyPool;

const run = (statement: string) => async () => {
  await using database = openDatabase(url);
  await database.db.execute(sql.raw(statement));
};

describeSecretVaultContract({
  name: "postgres",
  clock,
  async create() {
    await emptyTables(url);
    pool = new FaultyPool(url);
    return createPostgresVault(createDatabase(pool.asPool()), { masterKeys: KEYS, currentVersion: 2, now });
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
    const vault = createPostgresVault(database.db, { masterKeys: KEYS, currentVersion: 2, now });
    for (const name of ["a", "b"]) await vault.put("org_a", name, VALUE);
    const [first, second] = await database.db.select().from(secrets).orderBy(secrets.name);
    expect(Buffer.from(first?.ciphertext ?? []).toString("latin1")).not.toContain("example");
    expect(first?.ciphertext).toHaveLength(VALUE.length + 16);
    expect(first?.ciphertext).not.toEqual(second?.ciphertext);
    expect(first?.nonce).not.toEqual(second?.nonce);
  });

  verifies("VLT8", "a row that is renamed, or given another version, does not open", async () => {
    for (const change of [{ name: "b" }, { version: 7 }, { keyVersion: 1 }, { nonce: new Uint8Array(12) }]) {
      await emptyTables(url);
      await using database = openDatabase(url);
      const vault = createPostgresVault(database.db, { masterKeys: KEYS, currentVersion: 2, now });
      await vault.put("org_a", "a", VALUE);
      await database.db.update(secrets).set(change).where(eq(secrets.orgId, "org_a"));
      await expect(vault.use("org_a", change.name ?? "a")).rejects.toMatchObject({ code: "internal" });
      await expect(vault.rotate("org_a", change.name ?? "a")).rejects.toMatchObject({ code: "internal" });
    }
  });

  verifies(["VLT5", "VLT9"], "rotation moves a secret to the newest key, after which the old one may go", async () => {
    await emptyTables(url);
    await using database = openDatabase(url);
    const old = new Map([[1, KEYS.get(1) ?? new Uint8Array()]]);
    const fresh = new Map([[2, KEYS.get(2) ?? new Uint8Array()]]);
    await createPostgresVault(database.db, { masterKeys: old, currentVersion: 1, now }).put("org_a", "a", VALUE);
    const without = createPostgresVault(database.db, { masterKeys: fresh, currentVersion: 2, now });
    await expect(without.use("org_a", "a")).rejects.toMatchObject({ code: "failed-precondition" });
    await createPostgresVault(database.db, { masterKeys: KEYS, currentVersion: 2, now }).rotate("org_a", "a");
    expect(await without.use("org_a", "a")).toBe(VALUE);
  });
});
