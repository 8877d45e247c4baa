/**
 * `npm run db:reset`: empties the database and brings it up to date. Of the embedded one the sessions go too, since they
 * belong to accounts that are no more; the instance's secrets stay. Another database is touched only when it is named.
 */
import { createInterface } from "node:readline/promises";
import pg from "pg";
import { migrate } from "../../../../src/db/pg/migrate.ts";
import { namedPasswords } from "../database-roles.ts";
import { withEmbeddedDatabase } from "../database-url.ts";
import { endLeftovers } from "../leftovers.ts";
import { LocalState } from "../local-state.ts";
import { UserError } from "../progress.ts";
import { resetData } from "../reset-data.ts";
import { readSettings } from "../settings.ts";

/** Schemas that migrations fill. */
const SCHEMAS = ["auth", "public", "drizzle"];

export async function run(args: readonly string[]): Promise<number> {
  const settings = readSettings(args.filter((arg) => arg !== "--yes"), process.env);
  const { databaseUrl, dataDir } = settings;
  const what = databaseUrl === null ? `accounts, keys, history and sessions in ${dataDir}` : `everything in the database ${new URL(databaseUrl).host}${new URL(databaseUrl).pathname}`;
  if (!args.includes("--yes") && !(await confirmed(what))) {
    console.error("  Nothing was changed.");
    return 1;
  }
  if (databaseUrl === null) await resetEmbedded(new LocalState(dataDir));
  else await resetNamed(databaseUrl);
  console.log("  The database is empty and up to date.");
  return 0;
}

/** @throws UserError where nobody can be asked */
async function confirmed(what: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UserError(`This removes ${what}. To go on:  npm run db:reset -- --yes`);
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await prompt.question(`  This removes ${what}.\n  Type yes to go on: `);
  prompt.close();
  return answer.trim() === "yes";
}

async function resetEmbedded(state: LocalState): Promise<void> {
  state.prepareFolder();
  await state.lock(); // refuses while the instance runs
  try {
    await endLeftovers(state);
    resetData(state.dataDir, { secrets: false });
    const secrets = state.secrets();
    // Its key went with the database; the next start makes another.
    state.saveSecrets({ ...secrets, apiKey: null });
  } finally {
    state.unlock();
  }
  await withEmbeddedDatabase(state, migrate);
}

async function resetNamed(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    for (const schema of SCHEMAS) await client.query(`drop schema if exists ${schema} cascade`);
    await client.query("create schema public");
  } finally {
    await client.end();
  }
  await migrate(url, namedPasswords(process.env));
}
