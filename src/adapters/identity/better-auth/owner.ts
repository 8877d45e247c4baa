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

const newId = (): string => generateRandomString(32, "a-z", "A-Z", "0-9");

export async function ensureOwner(
  db: Database,
  request: Parameters<Identity["ensureOwner"]>[0],
  nowMs: number,
): Promise<Principal | null> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
    const [first] = await tx
      .select({ userId: member.userId })
      .from(member)
      .where(eq(member.role, "owner"))
      .orderBy(member.createdAt, member.id)
      .limit(1);
    if (first) return principalOfUser(tx, first.userId);
    const createdAt = new Date(nowMs);
    const [person] = await tx
      .insert(user)
      .values({ id: newId(), name: storableText(request.name), email: request.email.toLowerCase(), createdAt, updatedAt: createdAt })
      // A person may be there already, when only the organization was removed.
      .onConflictDoUpdate({ target: user.email, set: { updatedAt: createdAt } })
      .returning({ id: user.id });
    if (!person) return null;
    const organizationId = newId();
    await tx
      .insert(organization)
      .values({ id: organizationId, name: storableText(request.orgName), slug: slugOf(request.orgName, organizationId), createdAt });
    await tx.insert(member).values({ id: newId(), organizationId, userId: person.id, role: "owner", createdAt });
    return principalOfUser(tx, person.id);
  });
}

function slugOf(name: string, id: string): string {
  const words = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 40);
  return `${words || "team"}-${id.slice(0, 6).toLowerCase()}`;
}
