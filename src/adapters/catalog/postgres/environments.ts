/** Environments of an organization. */
import { and, asc, count, eq, sql } from "drizzle-orm";
import { PortError, type PortErrorCode } from "../../../core/kernel/port-error.ts";
import type { OrgDatabase } from "../../../db/pg/database.ts";
import { environments } from "../../../db/pg/schema/catalog.ts";
import { storable, storableText } from "../../../db/pg/text.ts";
import { ENVIRONMENTS_MAX, type EnvironmentChange, type EnvironmentRecord } from "../../../ports/catalog/catalog.port.ts";

type Row = typeof environments.$inferSelect;

export async function listEnvironments(db: OrgDatabase, orgId: string): Promise<readonly EnvironmentRecord[]> {
  const rows = await db.select().from(environments).where(eq(environments.orgId, orgId)).orderBy(asc(environments.createdAt), asc(environments.id));
  return rows.map(recordOf);
}

export async function findEnvironment(db: OrgDatabase, orgId: string, id: string): Promise<EnvironmentRecord | null> {
  const [row] = await db.select().from(environments).where(one(orgId, id));
  return row ? recordOf(row) : null;
}

export async function addEnvironment(db: OrgDatabase, orgId: string, { repositories, createdAtMs, updatedAtMs, ...rest }: EnvironmentRecord): Promise<void> {
  const row = { orgId, ...storable(rest), repositories: storable([...repositories]), createdAt: new Date(createdAtMs), updatedAt: new Date(updatedAtMs) };
  await db.transaction(async (tx) => {
    // Who adds another waits, or several at once would count the same.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${JSON.stringify([orgId, "environments"])}, 0))`);
    await tx.insert(environments).values(row);
    const [found] = await tx.select({ held: count() }).from(environments).where(eq(environments.orgId, orgId));
    if (found && found.held > ENVIRONMENTS_MAX) throw refused("addEnvironment", "resource-exhausted", `The organization has ${ENVIRONMENTS_MAX} environments.`);
  });
}

export async function changeEnvironment(db: OrgDatabase, orgId: string, id: string, { repositories, updatedAtMs, ...rest }: EnvironmentChange): Promise<EnvironmentRecord> {
  const [row] = await db
    .update(environments)
    .set({ ...storable(rest), ...(repositories === undefined ? {} : { repositories: storable([...repositories]) }), updatedAt: new Date(updatedAtMs) })
    .where(one(orgId, id))
    .returning();
  return row ? recordOf(row) : noSuchEnvironment("changeEnvironment");
}

export async function removeEnvironment(db: OrgDatabase, orgId: string, id: string): Promise<EnvironmentRecord> {
  const [row] = await db.delete(environments).where(one(orgId, id)).returning();
  return row ? recordOf(row) : noSuchEnvironment("removeEnvironment");
}

function one(orgId: string, id: string) {
  return and(eq(environments.orgId, orgId), eq(environments.id, storableText(id)));
}

function noSuchEnvironment(operation: string): never {
  throw refused(operation, "not-found", "There is no such environment.");
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "catalog", operation, code, outcome: "not-applied", retry: "never", message });
}

function recordOf({ orgId: _, createdAt, updatedAt, ...rest }: Row): EnvironmentRecord {
  return { ...rest, createdAtMs: createdAt.getTime(), updatedAtMs: updatedAt.getTime() };
}
