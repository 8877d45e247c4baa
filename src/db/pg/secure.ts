/**
 * Gives the two roles their tables and every table of organizations its row policy. Runs as the owner after migrations,
 * so a table that a migration adds is held back without the migration saying so. Changes nothing where all is right.
 */
import pg from "pg";
import { POLICY, POLICY_EXPRESSION, readIsolation, type IsolationReport, type RoleNames } from "./isolation.ts";
import { ensureRole, roleName, ROLES, type RolePasswords } from "./roles.ts";

export async function roleNamesOf(client: pg.Client): Promise<RoleNames> {
  const { rows } = await client.query<{ name: string }>("select current_database() as name");
  const database = rows[0]?.name ?? "";
  return { app: roleName(database, "app"), auth: roleName(database, "auth") };
}

/** What is still not right is in the report's problems. */
export async function secure(client: pg.Client, passwords: RolePasswords): Promise<IsolationReport> {
  const names = await roleNamesOf(client);
  for (const role of ROLES) await ensureRole(client, names[role], passwords[role]);
  const before = await readIsolation(client, names);
  if (before.problems.length === 0 || before.withoutOrg.length > 0) return before;
  await client.query("begin");
  try {
    for (const statement of statements(before, names)) await client.query(statement);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
  return readIsolation(client, names);
}

function statements({ appTables, authTables }: IsolationReport, names: RoleNames): readonly string[] {
  const [app, auth] = [pg.escapeIdentifier(names.app), pg.escapeIdentifier(names.auth)];
  return [
    "revoke create on schema public from public",
    "revoke all on schema auth from public",
    `revoke all on schema auth from ${app}`,
    `grant usage on schema public to ${app}`,
    `grant usage on schema auth to ${auth}`,
    ...appTables.flatMap((name) => [...reserve(quoted(name), app, auth), ...holdBack(quoted(name))]),
    ...authTables.flatMap((name) => reserve(quoted(name), auth, app)),
    `grant usage on all sequences in schema public to ${app}`,
    `grant usage on all sequences in schema auth to ${auth}`,
  ];
}

function reserve(table: string, role: string, other: string): readonly string[] {
  return [`revoke all on ${table} from public, ${role}, ${other}`, `grant select, insert, update, delete on ${table} to ${role}`];
}

function holdBack(table: string): readonly string[] {
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `drop policy if exists ${POLICY} on ${table}`,
    `create policy ${POLICY} on ${table} using (${POLICY_EXPRESSION}) with check (${POLICY_EXPRESSION})`,
  ];
}

function quoted(name: string): string {
  const [schema = "", ...table] = name.split(".");
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table.join("."))}`;
}
