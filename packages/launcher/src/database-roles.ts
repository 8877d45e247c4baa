/** Passwords of the Worker's two roles in the database. */
import { createHmac } from "node:crypto";
import { roleUrl, type DatabaseRole, type RolePasswords } from "../../../src/db/pg/roles.ts";
import type { LocalSecrets } from "./local-state.ts";

type KnownPasswords = Readonly<Record<DatabaseRole, string>>;

/** Made of a secret that every data folder has, so that one of an older version needs no new one. */
export function instancePasswords({ postgresPassword }: Pick<LocalSecrets, "postgresPassword">): KnownPasswords {
  const of = (role: DatabaseRole): string => createHmac("sha256", postgresPassword).update(`database role ${role}`).digest("hex");
  return { app: of("app"), auth: of("auth") };
}

/** For a database that is named: an absent one leaves the role's password as it is. */
export function namedPasswords(env: NodeJS.ProcessEnv): RolePasswords {
  return { app: env.DATABASE_APP_PASSWORD || null, auth: env.DATABASE_AUTH_PASSWORD || null };
}

/** The database as each role, for the Worker. */
export function roleUrls(ownerUrl: string, passwords: KnownPasswords): KnownPasswords {
  return { app: roleUrl(ownerUrl, "app", passwords.app), auth: roleUrl(ownerUrl, "auth", passwords.auth) };
}
