/** The doctor on one instance: its folder, its port, its database and what an earlier start left. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isolationStatus, migrationStatus } from "../../../../src/db/pg/migrate.ts";
import { runningDatabaseUrl } from "../database-url.ts";
import type { LocalState } from "../local-state.ts";
import { runningPostgres } from "../orphan-postgres.ts";
import { bindError, nextPort, portHolder, whoHolds } from "../port-holder.ts";
import { commandOf, descendantsOf } from "../process-table.ts";
import { UserError } from "../progress.ts";
import { unreadableInWords, walkSecrets } from "../secret-renewal.ts";
import { bad, info, ok, type Finding } from "./finding.ts";

/** Looks only; nothing is made. */
export function checkFolder(state: LocalState): Finding {
  let existing = state.dataDir;
  while (!existsSync(existing)) existing = dirname(existing);
  if (!statSync(existing).isDirectory()) return bad("Data folder", `${existing} is not a folder`, "npm start -- --data-dir /another/folder");
  try {
    accessSync(existing, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    return bad("Data folder", `${existing} cannot be written (${(error as NodeJS.ErrnoException).code})`, `sudo chown -R "$(id -un)" ${existing}`);
  }
  try {
    return ok("Data folder", state.knownSecrets() === null ? `${state.dataDir}, not used yet` : state.dataDir);
  } catch (error) {
    return bad("Data folder", ((error as Error).message.split("\n")[0] ?? "").trim(), "npm start -- --reset");
  }
}

export async function checkPort(state: LocalState, port: number): Promise<Finding> {
  const running = state.running();
  if (running !== null) return ok("Port", `this instance runs at ${running.url ?? "an address it is about to tell"} (pid ${running.pid})`);
  if (port === 0 || (await bindError(port)) === null) return ok("Port", port === 0 ? "any free one" : `${port} is free`);
  const holder = portHolder(port);
  const leftover = holder && state.leftovers().some(({ pid }) => pid === holder.pid || descendantsOf(pid).includes(holder.pid));
  if (leftover) return info("Port", `${port} is held by what an earlier start left (pid ${holder.pid})`);
  const { text } = await whoHolds(port);
  return bad("Port", `${port} is taken by ${text}`, `npm start -- --port ${nextPort(port)}`);
}

export function checkLeftovers(state: LocalState): Finding {
  if (state.running() !== null) return ok("Processes", "those of the running instance");
  const database = runningPostgres(join(state.dataDir, "postgres"));
  const left = [
    ...state.leftovers(),
    ...(database === null ? [] : [{ name: "PostgreSQL", pid: database.pid, command: commandOf(database.pid) }]),
  ];
  if (left.length === 0) return ok("Processes", "none left by an earlier start");
  const text = `left by an earlier start: ${left.map(({ name, pid }) => `${name} (pid ${pid})`).join(", ")}`;
  return bad("Processes", text, `kill ${left.map(({ pid }) => pid).join(" ")}`);
}

/** `databaseUrl` is one that is named; null means the embedded database, which can only be asked while it runs. */
export async function checkMigrations(state: LocalState, databaseUrl: string | null): Promise<Finding> {
  const url = databaseUrl ?? embeddedUrlOf(state);
  if (url === null) return info("Migrations", "the database is not running; npm start brings it up to date by itself");
  try {
    const { applied, pending, unknown } = await migrationStatus(url);
    if (unknown.length > 0) return bad("Migrations", `the database is ahead by ${unknown.length}: a newer Berth made it`, "git pull");
    if (pending.length > 0) return bad("Migrations", `the database is behind by ${pending.length}: ${pending.join(", ")}`, "npm run db:migrate");
    return ok("Migrations", `up to date (${applied.length})`);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return bad("Migrations", `the database does not answer: ${message || code}`, databaseUrl === null ? "npm start" : "unset DATABASE_URL");
  }
}

/** Whether the database itself keeps organizations apart; where it cannot be asked, the line of migrations says so. */
export async function checkOrganizations(state: LocalState, databaseUrl: string | null): Promise<readonly Finding[]> {
  const url = databaseUrl ?? embeddedUrlOf(state);
  if (url === null) return [];
  try {
    const { problems, appTables, authTables } = await isolationStatus(url);
    if (problems.length > 0) return [bad("Organizations", `not kept apart in the database: ${problems.join("; ")}`, "npm run db:migrate")];
    return [ok("Organizations", `kept apart in the database: row policies on all ${appTables.length} tables of theirs, a role of its own for the ${authTables.length} of identity`)];
  } catch {
    return [];
  }
}

/** Whether the running instance's master keys open what is in its vault. */
export async function checkSecrets(state: LocalState): Promise<readonly Finding[]> {
  try {
    const url = state.running()?.url ?? null;
    const secrets = state.knownSecrets();
    if (url === null || secrets === null) return [];
    const walk = await walkSecrets({ url, operatorToken: secrets.operatorToken }, { look: true });
    const problems = unreadableInWords(walk);
    if (problems.length > 0) return [bad("Secrets", `cannot be read: ${problems.join("; ")}`, `put back the secrets.json that ${state.dataDir} had, or enter those keys again`)];
    const total = Object.values(walk.under).reduce((sum, count) => sum + count, 0);
    const older = walk.configured.filter((version) => version !== walk.newest);
    if (older.length > 0) return [info("Secrets", `${total}, all readable; master key ${older.join(", ")} is still configured: npm run secrets:rotate`)];
    return [ok("Secrets", `${total}, all readable under master key ${walk.newest}`)];
  } catch (error) {
    return error instanceof UserError ? [info("Secrets", (error.message.split("\n")[0] ?? "").trim())] : [];
  }
}

/** Damaged secrets have a line of their own. */
function embeddedUrlOf(state: LocalState): string | null {
  try {
    return runningDatabaseUrl(state);
  } catch {
    return null;
  }
}
