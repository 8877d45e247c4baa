/** Secrets in PostgreSQL, encrypted before they leave this process. Every statement carries the organization. */
import { and, eq, sql } from "drizzle-orm";
import { invariant } from "../../core/kernel/assert.ts";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { toPortError } from "../../db/pg/classify.ts";
import type { Database } from "../../db/pg/database.ts";
import { secrets } from "../../db/pg/schema/secrets.ts";
import type { SecretRecord, SecretVault } from "../../ports/secret-vault/secret-vault.port.ts";
import { open, seal } from "./postgres/envelope.ts";

export interface VaultKeys {
  /** Key version → 32 random bytes or more. Keep an old one until every secret under it was rotated. */
  readonly masterKeys: ReadonlyMap<number, Uint8Array>;
  /** The version that new secrets are encrypted under. */
  readonly currentVersion: number;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
}

type Row = typeof secrets.$inferSelect;
type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];

export function createPostgresVault(db: Database, keys: VaultKeys): SecretVault {
  const { masterKeys, currentVersion, now = Date.now } = keys;
  const current = masterKeys.get(currentVersion);
  invariant(current, `the vault's current key version ${currentVersion} has no master key`);
  for (const [version, key] of masterKeys) invariant(key.length >= 32, `master key ${version} is shorter than 32 bytes`);

  const reveal = async (operation: string, row: Row): Promise<string> => {
    const master = masterKeys.get(row.keyVersion);
    if (!master) throw refused(operation, "failed-precondition", `The secret is under master key ${row.keyVersion}, which is not configured.`);
    const value = await open(master, row, row);
    if (value === null) throw refused(operation, "internal", "The stored secret was changed or does not belong here.");
    return value;
  };

  const write = async (tx: Transaction, row: Omit<Row, "keyVersion" | "nonce" | "ciphertext">, value: string): Promise<SecretRecord> => {
    const sealed = { ...row, ...(await seal(current, currentVersion, row, value)) };
    const { orgId: _, name: __, ...changing } = sealed;
    await tx.insert(secrets).values(sealed).onConflictDoUpdate({ target: [secrets.orgId, secrets.name], set: changing });
    return recordOf(sealed);
  };

  return {
    put: (orgId, name, value) =>
      guard("put", () =>
        db.transaction(async (tx) => {
          const before = await lockRow(tx, orgId, name);
          const at = new Date(now());
          const row = before
            ? { orgId, name, version: before.version + 1, createdAt: before.createdAt, rotatedAt: at }
            : { orgId, name, version: 1, createdAt: at, rotatedAt: null };
          return write(tx, row, value);
        }),
      ),
    use: (orgId, name) =>
      guard("use", async () => {
        const [row] = await db.select().from(secrets).where(isSecret(orgId, name));
        return reveal("use", row ?? missing("use"));
      }),
    list: (orgId) =>
      guard("list", async () => {
        const rows = await db
          .select({ name: secrets.name, version: secrets.version, createdAt: secrets.createdAt, rotatedAt: secrets.rotatedAt })
          .from(secrets)
          .where(eq(secrets.orgId, orgId))
          .orderBy(sql`${secrets.name} collate "C"`);
        return rows.map(recordOf);
      }),
    rotate: (orgId, name) =>
      guard("rotate", () =>
        db.transaction(async (tx) => {
          const before = (await lockRow(tx, orgId, name)) ?? missing("rotate");
          const value = await reveal("rotate", before);
          const { version, createdAt } = before;
          return write(tx, { orgId, name, version, createdAt, rotatedAt: new Date(now()) }, value);
        }),
      ),
    delete: (orgId, name) => guard("delete", async () => void (await db.delete(secrets).where(isSecret(orgId, name)))),
  };
}

const isSecret = (orgId: string, name: string) => and(eq(secrets.orgId, orgId), eq(secrets.name, name));

/** Holds off other writers of this secret, also of one that does not exist yet, until the transaction ends. */
async function lockRow(tx: Transaction, orgId: string, name: string): Promise<Row | undefined> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${JSON.stringify([orgId, name])}, 0))`);
  const [row] = await tx.select().from(secrets).where(isSecret(orgId, name));
  return row;
}

function recordOf(row: Pick<Row, "name" | "version" | "createdAt" | "rotatedAt">): SecretRecord {
  return {
    name: row.name,
    version: row.version,
    createdAtMs: row.createdAt.getTime(),
    rotatedAtMs: row.rotatedAt?.getTime() ?? null,
  };
}

async function guard<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (raw) {
    throw toPortError("secret-vault", operation, raw, true);
  }
}

function missing(operation: string): never {
  throw refused(operation, "not-found", "There is no such secret.");
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "secret-vault", operation, code, outcome: "not-applied", retry: "never", message });
}
