/** The doctor on databases that are behind, ahead and right. */
import { createEmptyTestDatabase, createTestDatabase } from "@berth/testkit/test-database";
import pg from "pg";
import { expect, test } from "vitest";
import { checkMigrations } from "../src/doctor/instance.ts";
import { LocalState } from "../src/local-state.ts";

const state = new LocalState("/nonexistent/berth");

test("a database without migrations is behind, and is brought up to date by a command", async () => {
  const finding = await checkMigrations(state, await createEmptyTestDatabase());
  expect(finding).toMatchObject({ status: "bad", text: expect.stringMatching(/behind by \d+: 0000_/), fix: "npm run db:migrate" });
});

test("a database with migrations that this version does not know is ahead", async () => {
  const url = await createTestDatabase();
  expect(await checkMigrations(state, url)).toMatchObject({ status: "ok" });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("insert into drizzle.__drizzle_migrations (hash, created_at) values ('of a newer version', 1)");
  await client.end();
  expect(await checkMigrations(state, url)).toMatchObject({ status: "bad", text: expect.stringContaining("ahead by 1"), fix: "git pull" });
});
