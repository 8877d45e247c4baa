/** Secrets for sessions and what they were used for, in PostgreSQL. Their values are the vault's. */
import { and, asc, count, desc, eq, inArray, lt, or, sql } from "drizzle-orm";
import type { SecretUse } from "@berth/protocol";
import type { SecretReach, SecretScopeKind } from "../../../core/secrets/secret-scope.ts";
import { PortError } from "../../../core/kernel/port-error.ts";
import { decodePosition, pageOf } from "../../../core/kernel/position.ts";
import type { OrgDatabase } from "../../../db/pg/database.ts";
import { secretUses, sessionSecrets } from "../../../db/pg/schema/session-secrets.ts";
import { storable, storableText } from "../../../db/pg/text.ts";
import { KEPT, SECRETS_MAX, type Catalog, type SecretUsePage, type SessionSecretRecord } from "../../../ports/catalog/catalog.port.ts";

export async function listSecrets(db: OrgDatabase, orgId: string, reach?: SecretReach): Promise<readonly SessionSecretRecord[]> {
  const rows = await db.select().from(sessionSecrets).where(and(eq(sessionSecrets.orgId, orgId), reach && within(reach))).orderBy(asc(sessionSecrets.createdAt), asc(sessionSecrets.id));
  return rows.map(recordOf);
}

function within({ userId, repositories, environmentId }: SecretReach) {
  const ofScope = (scope: SecretScopeKind, of: readonly string[]) => and(eq(sessionSecrets.scope, scope), inArray(sessionSecrets.scopeOf, of.map(storableText)));
  return or(
    eq(sessionSecrets.scope, "org"),
    repositories.length === 0 ? undefined : ofScope("repo", repositories),
    environmentId === null ? undefined : ofScope("environment", [environmentId]),
    userId === null ? undefined : ofScope("user", [userId]),
  );
}

export async function addSecret(db: OrgDatabase, orgId: string, { createdAtMs, lastUsedAtMs, hosts, ...rest }: SessionSecretRecord): Promise<void> {
  const lastUsedAt = lastUsedAtMs === null ? null : new Date(lastUsedAtMs);
  const row = { orgId, ...storable(rest), hosts: storable([...hosts]), createdAt: new Date(createdAtMs), lastUsedAt };
  await db.transaction(async (tx) => {
    // Who adds to the same scope waits, or several at once would count the same.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${JSON.stringify([orgId, row.scope, row.scopeOf])}, 0))`);
    await tx.insert(sessionSecrets).values(row);
    const inScope = and(eq(sessionSecrets.orgId, orgId), eq(sessionSecrets.scope, row.scope), eq(sessionSecrets.scopeOf, row.scopeOf));
    const [found] = await tx.select({ held: count() }).from(sessionSecrets).where(inScope);
    if (found && found.held > SECRETS_MAX) throw tooMany();
  });
}

function tooMany(): PortError {
  return new PortError({ port: "catalog", operation: "addSecret", code: "resource-exhausted", outcome: "not-applied", retry: "never", message: `That scope has ${SECRETS_MAX} secrets.` });
}

export async function removeSecret(db: OrgDatabase, orgId: string, id: string): Promise<SessionSecretRecord> {
  const [row] = await db
    .delete(sessionSecrets)
    .where(and(eq(sessionSecrets.orgId, orgId), eq(sessionSecrets.id, storableText(id))))
    .returning();
  if (row) return recordOf(row);
  throw new PortError({ port: "catalog", operation: "removeSecret", code: "not-found", outcome: "not-applied", retry: "never", message: "There is no such secret." });
}

/** @param prunes lets go of what is beyond what is kept */
export async function addSecretUses(db: OrgDatabase, orgId: string, uses: readonly SecretUse[], prunes: boolean): Promise<void> {
  if (uses.length === 0) return;
  const rows = uses.map(({ at, ...rest }) => ({ orgId, ...storable(rest), at: new Date(at) }));
  const newest = new Date(Math.max(...rows.map(({ at }) => at.getTime()))).toISOString();
  await db.transaction(async (tx) => {
    const written = await tx.insert(secretUses).values(rows).onConflictDoNothing().returning({ secretId: secretUses.secretId });
    if (written.length === 0) return;
    const ids = [...new Set(written.map(({ secretId }) => secretId))].sort();
    await tx
      .update(sessionSecrets)
      .set({ lastUsedAt: sql`greatest(${sessionSecrets.lastUsedAt}, ${newest}::timestamptz)` })
      .where(and(eq(sessionSecrets.orgId, orgId), inArray(sessionSecrets.id, ids)));
    if (prunes) for (const id of ids) await pruneUses(tx, orgId, id, newest);
  });
}

async function pruneUses(tx: Pick<OrgDatabase, "delete" | "select">, orgId: string, secretId: string, newest: string): Promise<void> {
  const ofSecret = and(eq(secretUses.orgId, orgId), eq(secretUses.secretId, secretId));
  const oldest = new Date(Date.parse(newest) - KEPT.usesMs);
  const beyond = await tx.select({ at: secretUses.at, id: secretUses.id }).from(secretUses).where(ofSecret).orderBy(desc(secretUses.at), desc(secretUses.id)).offset(KEPT.usesOfSecret).limit(1);
  const last = beyond[0];
  await tx.delete(secretUses).where(and(ofSecret, or(lt(secretUses.at, oldest), last && sql`(${secretUses.at}, ${secretUses.id}) <= (${last.at.toISOString()}, ${last.id})`)));
}

export async function listSecretUses(db: OrgDatabase, orgId: string, query: Parameters<Catalog["listSecretUses"]>[1]): Promise<SecretUsePage> {
  const after = query.after === null ? null : decodePosition(query.after);
  if (query.after !== null && !after) {
    throw new PortError({ port: "catalog", operation: "listSecretUses", code: "invalid-argument", outcome: "not-applied", retry: "never", message: "That is no position in the list." });
  }
  const rows = await db
    .select()
    .from(secretUses)
    .where(
      and(
        eq(secretUses.orgId, orgId),
        eq(secretUses.secretId, storableText(query.secretId)),
        after ? sql`(${secretUses.at}, ${secretUses.id}) < (${new Date(after.atMs).toISOString()}, ${after.id})` : undefined,
      ),
    )
    .orderBy(desc(secretUses.at), desc(secretUses.id))
    .limit(query.limit + 1);
  const { items, next } = pageOf(rows, query.limit, ({ at, id }) => ({ atMs: at.getTime(), id }));
  return { uses: items.map(({ orgId: _, at, ...rest }) => ({ ...rest, at: at.toISOString() })), next };
}

function recordOf({ orgId: _, createdAt, lastUsedAt, ...rest }: typeof sessionSecrets.$inferSelect): SessionSecretRecord {
  return { ...rest, createdAtMs: createdAt.getTime(), lastUsedAtMs: lastUsedAt?.getTime() ?? null };
}
