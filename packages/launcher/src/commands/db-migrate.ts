/** `npm run db:migrate`: brings the database up to date: the one of `--database-url` or DATABASE_URL, else the embedded one. */
import { withEmbeddedDatabase } from "../database-url.ts";
import { LocalState } from "../local-state.ts";
import { bringUpToDate } from "../bring-up-to-date.ts";
import { readSettings } from "../settings.ts";

export async function run(args: readonly string[]): Promise<number> {
  const { databaseUrl, dataDir } = readSettings(args, process.env);
  const applied = databaseUrl === null ? await withEmbeddedDatabase(new LocalState(dataDir), bringUpToDate) : await bringUpToDate(databaseUrl);
  console.log(applied.length === 0 ? "  The database was up to date." : `  Applied ${applied.join(", ")}.`);
  return 0;
}
