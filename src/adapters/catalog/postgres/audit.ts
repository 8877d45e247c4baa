/** The list of what was done in an organization, in PostgreSQL. */
import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { AuditEntry } from "@berth/protocol";
import { PortError } from "../../../core/kernel/port-error.ts";
import { decodePosition, pageOf } from "../../../core/kernel/position.ts";
import type { OrgDatabase } from "../../../db/pg/database.ts";
import { auditEntries, operatorOrigins } from "../../../db/pg/schema/catalog.ts";
import { storable, storableText } from "../../../db/pg/text.ts";
import { KEPT, type AuditPage, type Catalog, type OriginsMove } from "../../../ports/catalog/catalog.port.ts";

/** @param prunes lets go of what is older than what is kept */
export async function addAudit(db: OrgDatabase, orgId: string, entry: AuditEntry, prunes: boolean): Promise<void> {
  const { at } = entry;
  await db.insert(auditEntries).values(rowOf(orgId, entry)).onConflictDoNothing();
  if (prunes) await db.delete(auditEntries).where(and(eq(auditEntries.orgId, orgId), lt(auditEntries.at, new Date(Date.parse(at) - KEPT.auditMs))));
}

export async function listAudit(db: OrgDatabase, orgId: string, query: Parameters<Catalog["listAudit"]>[1]): Promise<AuditPage> {
  const after = query.after === null ? null : decodePosition(query.after);
  if (query.after !== null && !after) {
    throw new PortError({ port: "catalog", operation: "listAudit", code: "invalid-argument", outcome: "not-applied", retry: "never", message: "That is no position in the list." });
  }
  const rows = await db
    .select()
    .from(auditEntries)
    .where(
      and(
        eq(auditEntries.orgId, orgId),
        query.actorId === undefined ? undefined : eq(auditEntries.actorId, storableText(query.actorId)),
        after ? sql`(${auditEntries.at}, ${auditEntries.id}) < (${new Date(after.atMs).toISOString()}, ${after.id})` : undefined,
      ),
    )
    .orderBy(desc(auditEntries.at), desc(auditEntries.id))
    .limit(query.limit + 1);
  const { items, next } = pageOf(rows, query.limit, ({ at, id }) => ({ atMs: at.getTime(), id }));
  return { entries: items.map(entryOf), next };
}

export async function findOperatorOrigins(db: OrgDatabase, orgId: string): Promise<readonly string[]> {
  return (await db.select().from(operatorOrigins).where(eq(operatorOrigins.orgId, orgId)))[0]?.origins ?? [];
}

export async function moveOperatorOrigins(db: OrgDatabase, orgId: string, { from, to, entry }: OriginsMove): Promise<void> {
  const [known, next] = [from.map(storableText), to.map(storableText)];
  await db.transaction(async (tx) => {
    // The other of two at once waits for the row, and finds it moved.
    const isKnown = eq(operatorOrigins.origins, known);
    const moved =
      known.length > 0
        ? await tx.update(operatorOrigins).set({ origins: next }).where(and(eq(operatorOrigins.orgId, orgId), isKnown)).returning()
        : await tx.insert(operatorOrigins).values({ orgId, origins: next }).onConflictDoUpdate({ target: operatorOrigins.orgId, set: { origins: next }, setWhere: isKnown }).returning();
    if (moved.length > 0) await tx.insert(auditEntries).values(rowOf(orgId, entry));
  });
}

function rowOf(orgId: string, entry: AuditEntry): typeof auditEntries.$inferInsert {
  const { at, actor, apiKeyId, address, ...rest } = storable(entry);
  return { orgId, ...rest, at: new Date(at), actorId: actor.id, actor, apiKeyId: apiKeyId ?? null, address: address ?? null };
}

function entryOf({ orgId: _, actorId: __, at, apiKeyId, address, ...rest }: typeof auditEntries.$inferSelect): AuditEntry {
  return { ...rest, at: at.toISOString(), ...(apiKeyId === null ? {} : { apiKeyId }), ...(address === null ? {} : { address }) };
}
