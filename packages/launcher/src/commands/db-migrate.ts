/**
 * `npm run db:migrate`: brings the database up to date: the one of `--database-url` or DATABASE_URL, else the embedded one.
 * Of a named one DATABASE_APP_PASSWORD and DATABASE_AUTH_PASSWORD set what the Worker's two roles log in with.
 */
import { withEmbeddedDatabase } from "../database-url.ts";
import { namedPasswords } from "../database-roles.ts";
import { LocalState } from "../local-state.ts";
import { bringUpToDate } from "../bring-up-to-date.ts";
import { readSettings } from "../settings.ts";

export async function run(args: readonly string[]): Promise<number> {
  const { databaseUrl, dataDir } = readSettings(args, process.env);
  const applied = databaseUrl === null ? await withEmbeddedDatabase(new LocalState(dataDir), bringUpToDate) : await bringUpToDate(databaseUrl, namedPasswords(process.env));
  console.log(applied.length === 0 ? "  The database was up to date." : `  Applied ${applied.join(", ")}.`);
  return 0;
}
