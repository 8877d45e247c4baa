/**
 * The two roles that the Worker has in the database: `app` for the tables of organizations, `auth` for those of identity.
 * They belong to the server, not to one database, so each is named after its database. Node only.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import pg from "pg";

export type DatabaseRole = "app" | "auth";
export const ROLES: readonly DatabaseRole[] = ["app", "auth"];

/** Null leaves a role's password as it is. */
export type RolePasswords = Readonly<Record<DatabaseRole, string | null>>;

/** PostgreSQL cuts longer names. */
const NAME_BYTES_MAX = 63;

export function roleName(database: string, role: DatabaseRole): string {
  let base = database;
  while (Buffer.byteLength(`${base}_${role}`) > NAME_BYTES_MAX) base = base.slice(0, -1);
  return `${base}_${role}`;
}

/** The same database as that role. */
export function roleUrl(ownerUrl: string, role: DatabaseRole, password: string): string {
  const url = new URL(ownerUrl);
  url.username = encodeURIComponent(roleName(decodeURIComponent(url.pathname.slice(1)), role));
  url.password = encodeURIComponent(password);
  return url.toString();
}

/** Makes the role, or sets the password of one that is there. Where the owner may not, whoever runs the server has to. */
export async function ensureRole(client: pg.Client, name: string, password: string | null): Promise<void> {
  const role = pg.escapeIdentifier(name);
  const withPassword = password === null ? "" : ` password ${pg.escapeLiteral(scramVerifier(password))}`;
  const exists = async (): Promise<boolean> => (await client.query("select 1 from pg_roles where rolname = $1", [name])).rowCount === 1;
  try {
    if (!(await exists())) await client.query(`create role ${role} login${withPassword}`);
    else if (password !== null) await client.query(`alter role ${role} login${withPassword}`);
  } catch (error) {
    // Made by another database's migration a moment ago, or kept by whoever runs the server.
    if (!isRefusal(error) || !(await exists())) throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return ["42710", "23505", "42501"].includes((error as { code?: string }).code ?? "");
}

/**
 * What the server would store of the password. Sent in its place, so that the password is in no statement that a log or
 * `pg_stat_statements` keeps. https://www.postgresql.org/docs/current/catalog-pg-authid.html
 */
function scramVerifier(password: string): string {
  if (!/^[\x20-\x7e]+$/.test(password)) throw new Error("the password of a database role holds more than printable ASCII");
  const salt = randomBytes(16);
  const iterations = 4096;
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const keyed = (label: string): Buffer => createHmac("sha256", salted).update(label).digest();
  const stored = createHash("sha256").update(keyed("Client Key")).digest();
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${stored.toString("base64")}:${keyed("Server Key").toString("base64")}`;
}
