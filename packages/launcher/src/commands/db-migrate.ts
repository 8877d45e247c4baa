/** `npm run db:migrate`: brings the database up to date: the one of `--database-url` or DATABASE_URL, else the embedded one. */
import { migrate } from "../../../../src/db/pg/migrate.ts";
import { withEmbeddedDatabase } from "../database-url.ts";
import { LocalState } from "../local-state.ts";
import { UserError } from "../progress.ts";
import { readSettings } from "../settings.ts";

export async function run(args: readonly string[]): Promise<number> {
  const { databaseUrl, dataDir } = readSettings(args, process.env);
  const applied = databaseUrl === null ? await withEmbeddedDatabase(new LocalState(dataDir), migrate) : await migrateNamed(databaseUrl);
  console.log(applied.length === 0 ? "  The database was up to date." : `  Applied ${applied.join(", ")}.`);
  return 0;
}

/** @throws UserError that tells where it tried, without the password */
async function migrateNamed(url: string): Promise<readonly string[]> {
  try {
    return await migrate(url);
  } catch (error) {
    const { name, message, fix } = error as Error & { fix?: string };
    throw new UserError(name === "MigrationError" ? `${message}\n${fix ?? ""}` : `The database at ${withoutPassword(url)} could not be brought up to date: ${message}`);
  }
}

function withoutPassword(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "DATABASE_URL";
  return `${parsed.host}${parsed.pathname}`;
}
