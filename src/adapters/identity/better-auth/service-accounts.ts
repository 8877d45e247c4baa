/** Principals of an organization that are no persons. */
import { and, asc, eq } from "drizzle-orm";
import { makeId } from "../../../core/kernel/ids.ts";
import type { Database } from "../../../db/pg/database.ts";
import { serviceAccount } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { LesserRole, ServiceAccountRecord } from "../../../ports/identity/directory.port.ts";
import { leaveTeams } from "./members.ts";
import { strongestRole } from "./principals.ts";
import { refuse } from "./refuse.ts";

type Row = typeof serviceAccount.$inferSelect;

function recordOf({ id, name, role, createdAt }: Row): ServiceAccountRecord {
  const known = strongestRole(role);
  return { id, name, role: known === "owner" ? "admin" : known, createdAtMs: createdAt.getTime() };
}

const ours = (orgId: string, id: string) => and(eq(serviceAccount.organizationId, orgId), eq(serviceAccount.id, storableText(id)));

export async function createServiceAccount(
  db: Database,
  orgId: string,
  { name, role }: { readonly name: string; readonly role: LesserRole },
  nowMs: number,
): Promise<ServiceAccountRecord> {
  const id = makeId("sva", nowMs, crypto.getRandomValues(new Uint8Array(10)));
  const row = { id, organizationId: orgId, name: storableText(name), role, createdAt: new Date(nowMs) };
  await db.insert(serviceAccount).values(row);
  return recordOf(row);
}

export async function listServiceAccounts(db: Database, orgId: string): Promise<readonly ServiceAccountRecord[]> {
  const rows = await db.select().from(serviceAccount).where(eq(serviceAccount.organizationId, orgId)).orderBy(asc(serviceAccount.createdAt), asc(serviceAccount.id));
  return rows.map(recordOf);
}

export async function updateServiceAccount(
  db: Database,
  orgId: string,
  id: string,
  { name, role }: { readonly name?: string; readonly role?: LesserRole },
): Promise<ServiceAccountRecord> {
  const changes = { ...(name === undefined ? {} : { name: storableText(name) }), ...(role === undefined ? {} : { role }) };
  const found = Object.keys(changes).length === 0
    ? await db.select().from(serviceAccount).where(ours(orgId, id))
    : await db.update(serviceAccount).set(changes).where(ours(orgId, id)).returning();
  const [row] = found;
  return row ? recordOf(row) : unknown("updateServiceAccount");
}

export async function removeServiceAccount(db: Database, orgId: string, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const removed = await tx.delete(serviceAccount).where(ours(orgId, id)).returning({ id: serviceAccount.id });
    if (removed.length === 0) unknown("removeServiceAccount");
    await leaveTeams(tx, orgId, id);
  });
}

export async function isServiceAccount(db: Pick<Database, "select">, orgId: string, id: string): Promise<boolean> {
  return (await db.select({ id: serviceAccount.id }).from(serviceAccount).where(ours(orgId, id))).length > 0;
}

function unknown(operation: string): never {
  return refuse(operation, "not-found", "There is no such service account.");
}
