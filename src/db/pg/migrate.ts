/** Brings a database to this version's schema, and its roles, grants and row policies with it. Node only: it reads the committed migrations from disk. */
import { fileURLToPath } from "node:url";
import { readFile } from "node:fs/promises";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as applyMigrations } from "drizzle-orm/node-postgres/migrator";
import { readMigrationFiles } from "drizzle-orm/migrator";
import pg from "pg";
import { readIsolation, type IsolationReport } from "./isolation.ts";
import type { RolePasswords } from "./roles.ts";
import { roleNamesOf, secure } from "./secure.ts";

export interface MigrationStatus {
  /** Names of migrations the database has. */
  readonly applied: readonly string[];
  /** Names of migrations it lacks. */
  readonly pending: readonly string[];
  /** Hashes the database has and this version does not know: it was made by a newer or a changed Berth. */
  readonly unknown: readonly string[];
}

export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

const FOLDER = fileURLToPath(new URL("./migrations", import.meta.url));
/** Any number; every Berth takes the same lock, so that two starting at once migrate one after the other. */
const LOCK = 7_238_412;
const TABLE = "drizzle.__drizzle_migrations";

/** Answers the names that were applied now; none when the database was up to date. @throws MigrationError */
export async function migrate(url: string, passwords: RolePasswords): Promise<readonly string[]> {
  return withClient(url, async (client) => {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    const { pending, unknown } = await readStatus(client);
    if (unknown.length > 0) {
      throw new MigrationError(
        "The database has migrations that this version of Berth does not know.",
        "Start the newer version again, or point DATABASE_URL at another database.",
      );
    }
    if (pending.length > 0) await applyMigrations(drizzle(client), { migrationsFolder: FOLDER });
    const { problems } = await secure(client, passwords);
    if (problems.length > 0) {
      throw new MigrationError(
        `Organizations are not kept apart in the database: ${problems.join("; ")}.`,
        "Put it right as the owner of the database or a superuser, and run npm run db:migrate again.",
      );
    }
    return pending;
  });
}

export async function migrationStatus(url: string): Promise<MigrationStatus> {
  return withClient(url, readStatus);
}

/** What keeps organizations apart in the database, as it is now. */
export async function isolationStatus(url: string): Promise<IsolationReport> {
  return withClient(url, async (client) => readIsolation(client, await roleNamesOf(client)));
}

async function readStatus(client: pg.Client): Promise<MigrationStatus> {
  const names = await migrationNames();
  const known = readMigrationFiles({ migrationsFolder: FOLDER }).map(({ hash }, index) => ({ hash, name: names[index] ?? hash }));
  const exists = await client.query<{ found: string | null }>("select to_regclass($1) as found", [TABLE]);
  const rows = exists.rows[0]?.found
    ? (await client.query<{ hash: string }>(`select hash from ${TABLE} order by created_at`)).rows
    : [];
  const present = new Set(rows.map(({ hash }) => hash));
  return {
    applied: known.filter(({ hash }) => present.has(hash)).map(({ name }) => name),
    pending: known.filter(({ hash }) => !present.has(hash)).map(({ name }) => name),
    unknown: [...present].filter((hash) => !known.some((migration) => migration.hash === hash)),
  };
}

async function migrationNames(): Promise<readonly string[]> {
  const journal = JSON.parse(await readFile(`${FOLDER}/meta/_journal.json`, "utf8")) as { entries: { tag: string }[] };
  return journal.entries.map(({ tag }) => tag);
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
