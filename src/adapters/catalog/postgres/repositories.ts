/** Repositories of an organization. */
import { and, asc, eq } from "drizzle-orm";
import type { RepositoryRights } from "@berth/protocol";
import { PortError } from "../../../core/kernel/port-error.ts";
import type { OrgDatabase } from "../../../db/pg/database.ts";
import { repositories } from "../../../db/pg/schema/catalog.ts";
import { storable, storableText } from "../../../db/pg/text.ts";
import type { RepositoryConnection } from "../../../ports/catalog/catalog.port.ts";

type Row = typeof repositories.$inferSelect;

export async function listRepositories(db: OrgDatabase, orgId: string): Promise<readonly RepositoryConnection[]> {
  const rows = await db.select().from(repositories).where(eq(repositories.orgId, orgId)).orderBy(asc(repositories.createdAt), asc(repositories.id));
  return rows.map(repositoryOf);
}

export async function findRepository(db: OrgDatabase, orgId: string, name: string): Promise<RepositoryConnection | null> {
  const [row] = await db
    .select()
    .from(repositories)
    .where(and(eq(repositories.orgId, orgId), eq(repositories.name, storableText(name))));
  return row ? repositoryOf(row) : null;
}

export async function addRepository(db: OrgDatabase, orgId: string, { createdAtMs, ...rest }: RepositoryConnection): Promise<void> {
  await db.insert(repositories).values({ orgId, ...storable(rest), createdAt: new Date(createdAtMs) });
}

export async function setRepositoryRights(db: OrgDatabase, orgId: string, id: string, rights: RepositoryRights): Promise<RepositoryConnection> {
  const [row] = await db
    .update(repositories)
    .set({ rights })
    .where(and(eq(repositories.orgId, orgId), eq(repositories.id, storableText(id))))
    .returning();
  return row ? repositoryOf(row) : noSuchRepository("setRepositoryRights");
}

export async function removeRepository(db: OrgDatabase, orgId: string, id: string): Promise<RepositoryConnection> {
  const [row] = await db
    .delete(repositories)
    .where(and(eq(repositories.orgId, orgId), eq(repositories.id, storableText(id))))
    .returning();
  return row ? repositoryOf(row) : noSuchRepository("removeRepository");
}

function noSuchRepository(operation: string): never {
  throw new PortError({ port: "catalog", operation, code: "not-found", outcome: "not-applied", retry: "never", message: "There is no such repository." });
}

function repositoryOf({ orgId: _, createdAt, ...rest }: Row): RepositoryConnection {
  return { ...rest, createdAtMs: createdAt.getTime() };
}
