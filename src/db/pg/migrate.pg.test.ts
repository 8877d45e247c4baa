/** Migrations on a real server. */
import pg from "pg";
import { describe, expect, test } from "vitest";
import { createEmptyTestDatabase } from "@berth/testkit/test-database";
import { migrate, migrationStatus, MigrationError } from "./migrate.ts";

const PASSWORDS = { app: "example-app-password", auth: "example-auth-password" };

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe("migrations", () => {
  test("an empty database is brought up to date, and once is enough", async () => {
    const url = await createEmptyTestDatabase();
    const before = await migrationStatus(url);
    expect(before).toMatchObject({ applied: [], unknown: [] });
    expect(await migrate(url, PASSWORDS)).toEqual(before.pending);
    expect(await migrate(url, PASSWORDS)).toEqual([]);
    expect(await migrationStatus(url)).toEqual({ applied: before.pending, pending: [], unknown: [] });
  });

  test("two that start at once migrate one after the other", async () => {
    const url = await createEmptyTestDatabase();
    const applied = await Promise.all([migrate(url, PASSWORDS), migrate(url, PASSWORDS)]);
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
  });

  test("a database of a newer version is refused and left alone", async () => {
    const url = await createEmptyTestDatabase();
    await migrate(url, PASSWORDS);
    await query(url, "insert into drizzle.__drizzle_migrations (hash, created_at) values ('from-the-future', 9999999999999)");
    expect((await migrationStatus(url)).unknown).toEqual(["from-the-future"]);
    await expect(migrate(url, PASSWORDS)).rejects.toThrow(MigrationError);
  });

  test("every table of ours starts its key and its indexes with the organization", async () => {
    const url = await createEmptyTestDatabase();
    await migrate(url, PASSWORDS);
    const rows = (await query(
      url,
      `select c.relname as index, a.attname as first
         from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
         join pg_namespace n on n.oid = t.relnamespace join pg_am m on m.oid = c.relam
         join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
        where n.nspname = 'public' and m.amname = 'btree'`,
    )) as { index: string; first: string }[];
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter(({ first }) => first !== "org_id")).toEqual([]);
  });
});
