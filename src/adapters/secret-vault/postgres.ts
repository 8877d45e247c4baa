/** Secrets in PostgreSQL, encrypted before they leave this process. Every statement carries the organization. */
import { and, eq, sql } from "drizzle-orm";
import { toPortError } from "../../db/pg/classify.ts";
import type { AppDatabase, OrgDatabase } from "../../db/pg/database.ts";
import { secrets } from "../../db/pg/schema/secrets.ts";
import type { KeyReport, SecretRecord, SecretVault } from "../../ports/secret-vault/secret-vault.port.ts";
import { createSealer, missing, type VaultKeys } from "./sealer.ts";

type Row = typeof secrets.$inferSelect;
type Transaction = Parameters<Parameters<OrgDatabase["transaction"]>[0]>[0];

export function createPostgresVault(db: AppDatabase, keys: VaultKeys): SecretVault {
  const { now = Date.now } = keys;
  const sealer = createSealer(keys);

  const write = async (tx: Transaction, row: Omit<Row, "keyVersion" | "keyCheck" | "nonce" | "ciphertext">, value: string): Promise<SecretRecord> => {
    const sealed = { ...row, ...(await sealer.seal(row, value)) };
    const { orgId: _, name: __, ...changing } = sealed;
    await tx.insert(secrets).values(sealed).onConflictDoUpdate({ target: [secrets.orgId, secrets.name], set: changing });
    return recordOf(sealed);
  };

  return {
    put: (orgId, name, value) =>
      guard("put", () =>
        db.of(orgId).transaction(async (tx) => {
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
        const [row] = await db.of(orgId).select().from(secrets).where(isSecret(orgId, name));
        return sealer.reveal("use", row ?? missing("use"));
      }),
    list: (orgId) =>
      guard("list", async () => {
        const rows = await db
          .of(orgId)
          .select({ name: secrets.name, version: secrets.version, createdAt: secrets.createdAt, rotatedAt: secrets.rotatedAt })
          .from(secrets)
          .where(eq(secrets.orgId, orgId))
          .orderBy(sql`${secrets.name} collate "C"`);
        return rows.map(recordOf);
      }),
    rotate: (orgId, name) =>
      guard("rotate", () =>
        db.of(orgId).transaction(async (tx) => {
          const before = (await lockRow(tx, orgId, name)) ?? missing("rotate");
          const value = await sealer.reveal("rotate", before);
          const { version, createdAt } = before;
          return write(tx, { orgId, name, version, createdAt, rotatedAt: new Date(now()) }, value);
        }),
      ),
    inspect: (orgId) =>
      guard("inspect", async (): Promise<KeyReport> => {
        const rows = await db
          .of(orgId)
          .select()
          .from(secrets)
          .where(eq(secrets.orgId, orgId))
          .orderBy(sql`${secrets.name} collate "C"`);
        const kept = await Promise.all(rows.map(async (row) => ({ name: row.name, keyVersion: row.keyVersion, state: await sealer.stateOf(row) })));
        return { ...sealer.report(), secrets: kept };
      }),
    delete: (orgId, name) => guard("delete", async () => void (await db.of(orgId).delete(secrets).where(isSecret(orgId, name)))),
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
