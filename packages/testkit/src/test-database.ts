/** A migrated database of a test file's own. Only below `vitest.pg.config.ts`. */
import pg from "pg";
import { inject } from "vitest";
import { createDatabase } from "./postgres.ts";
import type {} from "./postgres-setup.ts";

export function createTestDatabase(): Promise<string> {
  return createDatabase(inject("postgresUrl"), inject("postgresTemplate"));
}

export function createEmptyTestDatabase(): Promise<string> {
  return createDatabase(inject("postgresUrl"));
}

/** A test file's own database as the role that the Worker has there for the tables of organizations. */
export function asApp(url: string): string {
  return Object.assign(new URL(inject("postgresAppUrl")), { pathname: new URL(url).pathname }).toString();
}

/** The same for the tables of identity. */
export function asAuth(url: string): string {
  return Object.assign(new URL(inject("postgresAuthUrl")), { pathname: new URL(url).pathname }).toString();
}

/** Empties every table, so that each test of a contract starts from nothing. */
export async function emptyTables(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('auth', 'public')",
    );
    await client.query(`truncate ${tables.rows.map(({ name }) => name).join(", ")}`);
  } finally {
    await client.end();
  }
}
