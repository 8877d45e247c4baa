/** Migrations with their failures in words. */
import { migrate } from "../../../src/db/pg/migrate.ts";
import type { RolePasswords } from "../../../src/db/pg/roles.ts";
import { UserError } from "./progress.ts";

/** Answers the names that were applied now. @throws UserError that tells where it tried, without the password */
export async function bringUpToDate(url: string, passwords: RolePasswords): Promise<readonly string[]> {
  try {
    return await migrate(url, passwords);
  } catch (error) {
    const { name, message, fix, code } = error as NodeJS.ErrnoException & { fix?: string };
    if (name === "MigrationError") throw new UserError(`${message}\n${fix ?? ""}`);
    throw new UserError(`The database at ${withoutPassword(url)} could not be brought up to date: ${message || code}`);
  }
}

function withoutPassword(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "DATABASE_URL";
  return `${parsed.host}${parsed.pathname}`;
}
