/** The organizations of the instance: for what the operator does to all of them, and the name of one. */
import { eq, sql } from "drizzle-orm";
import type { Database } from "../../../db/pg/database.ts";
import { organization } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { OrganizationPage } from "../../../ports/identity/identity.port.ts";
import { refuse } from "./refuse.ts";

export async function listOrganizations(db: Database, { after, limit }: { readonly after: string | null; readonly limit: number }): Promise<OrganizationPage> {
  const inOrder = sql`${organization.id} collate "C"`;
  const found = await db
    .select({ id: organization.id, name: organization.name })
    .from(organization)
    .where(after === null ? undefined : sql`${inOrder} > ${storableText(after)}`)
    .orderBy(inOrder)
    .limit(limit + 1);
  const organizations = found.slice(0, limit);
  return { organizations, next: found.length > limit ? (organizations.at(-1)?.id ?? null) : null };
}

export async function firstOrganization(db: Database): Promise<string | null> {
  const [first] = await db.select({ id: organization.id }).from(organization).orderBy(organization.createdAt, organization.id).limit(1);
  return first?.id ?? null;
}

export async function renameOrganization(db: Database, orgId: string, name: string): Promise<void> {
  const renamed = await db.update(organization).set({ name: storableText(name) }).where(eq(organization.id, storableText(orgId))).returning({ id: organization.id });
  if (renamed.length === 0) refuse("renameOrganization", "not-found", "There is no such organization.");
}
