/** The first start: one owner, one organization. */
import { eq, sql } from "drizzle-orm";
import { generateRandomString } from "better-auth/crypto";
import type { Database } from "../../../db/pg/database.ts";
import { member, organization, user } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { Identity, Principal } from "../../../ports/identity/identity.port.ts";
import { principalOfUser } from "./principals.ts";

/** Any number; every first start takes the same lock, so that two at once make one owner. */
const LOCK = 5_110_993;

export const newId = (): string => generateRandomString(32, "a-z", "A-Z", "0-9");

type Writer = Pick<Database, "insert" | "select" | "execute">;

/** The person who has owned an organization for the longest; held until the transaction ends, so that there is one first. */
export async function firstOwner(tx: Writer): Promise<string | null> {
  await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
  const [first] = await tx
    .select({ userId: member.userId })
    .from(member)
    .where(eq(member.role, "owner"))
    .orderBy(member.createdAt, member.id)
    .limit(1);
  return first?.userId ?? null;
}

export async function makeOrganization(tx: Writer, userId: string, orgName: string, createdAt: Date): Promise<string> {
  const organizationId = newId();
  await tx.insert(organization).values({ id: organizationId, name: storableText(orgName), slug: slugOf(orgName, organizationId), createdAt });
  await tx.insert(member).values({ id: newId(), organizationId, userId, role: "owner", createdAt });
  return organizationId;
}

export async function ensureOwner(
  db: Database,
  request: Parameters<Identity["ensureOwner"]>[0],
  nowMs: number,
): Promise<Principal | null> {
  return db.transaction(async (tx) => {
    const first = await firstOwner(tx);
    if (first !== null) return principalOfUser(tx, first);
    const createdAt = new Date(nowMs);
    const [person] = await tx
      .insert(user)
      .values({ id: newId(), name: storableText(request.name), email: request.email.toLowerCase(), createdAt, updatedAt: createdAt })
      // A person may be there already, when only the organization was removed.
      .onConflictDoUpdate({ target: user.email, set: { updatedAt: createdAt } })
      .returning({ id: user.id });
    if (!person) return null;
    await makeOrganization(tx, person.id, request.orgName, createdAt);
    return principalOfUser(tx, person.id);
  });
}

function slugOf(name: string, id: string): string {
  const words = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 40);
  return `${words || "team"}-${id.slice(0, 6).toLowerCase()}`;
}
