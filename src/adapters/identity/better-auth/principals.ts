/** From a credential to its principal, by one statement each. Membership is joined, so who left is nobody. */
import { and, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import type { Database } from "../../../db/pg/database.ts";
import { apikey, member, organization, session, user } from "../../../db/pg/schema/identity.ts";
import type { Principal, Role } from "../../../ports/identity/identity.port.ts";

/** Last use is written no more often, so that a busy key does not make its row a queue. */
const LAST_USED_STEP_MS = 60_000;

const ROLES: readonly Role[] = ["owner", "admin", "member", "viewer"];

/** Better Auth keeps several roles in one text; the strongest counts, and what is unknown is the weakest. */
export function strongestRole(text: string): Role {
  const held = text.split(",").map((each) => each.trim());
  return ROLES.find((role) => held.includes(role)) ?? "viewer";
}

/** Everything a principal says, under names that are unique in a sub-select. */
const who = {
  userId: sql<string>`${user.id}`.as("user_id"),
  userName: sql<string>`${user.name}`.as("user_name"),
  userEmail: sql<string>`${user.email}`.as("user_email"),
  orgId: sql<string>`${organization.id}`.as("org_id"),
  orgName: sql<string>`${organization.name}`.as("org_name"),
  role: sql<string>`${member.role}`.as("role"),
};

interface Who {
  readonly userId: string;
  readonly userName: string;
  readonly userEmail: string;
  readonly orgId: string;
  readonly orgName: string;
  readonly role: string;
}

function principalOf(found: Who, keyId: string | null): Principal {
  const { userId, userName, userEmail, orgId, orgName, role } = found;
  return { kind: keyId === null ? "user" : "api-key", userId, userName, userEmail, orgId, orgName, role: strongestRole(role), scopes: [], keyId };
}

/** Looks a key up by its hash and notes its use, in one statement. */
export async function principalOfKey(db: Database, keyHash: string, nowMs: number): Promise<Principal | null> {
  const now = new Date(nowMs);
  const found = db.$with("found").as(
    db
      .select({ ...who, keyId: sql<string>`${apikey.id}`.as("key_id"), endsAt: sql<Date | null>`${apikey.expiresAt}`.mapWith(apikey.expiresAt).as("ends_at") })
      .from(apikey)
      .innerJoin(member, and(eq(member.organizationId, apikey.referenceId), eq(member.userId, apikey.createdBy)))
      .innerJoin(user, eq(user.id, member.userId))
      .innerJoin(organization, eq(organization.id, member.organizationId))
      .where(and(eq(apikey.key, keyHash), eq(apikey.enabled, true), or(isNull(apikey.expiresAt), gt(apikey.expiresAt, now)))),
  );
  const touched = db.$with("touched").as(
    db
      .update(apikey)
      .set({ lastRequest: now })
      .where(
        and(
          sql`${apikey.id} in (select key_id from found)`,
          or(isNull(apikey.lastRequest), lt(apikey.lastRequest, new Date(nowMs - LAST_USED_STEP_MS))),
        ),
      )
      .returning({ id: apikey.id }),
  );
  const [row] = await db.with(found, touched).select().from(found);
  return row ? { ...principalOf(row, row.keyId), ...(row.endsAt ? { keyEndsAtMs: row.endsAt.getTime() } : {}) } : null;
}

/** @param token of a sign-in, out of a cookie whose signature was checked */
export async function principalOfSignIn(db: Database, token: string, nowMs: number): Promise<Principal | null> {
  const [row] = await db
    .select(who)
    .from(session)
    .innerJoin(member, and(eq(member.organizationId, session.activeOrganizationId), eq(member.userId, session.userId)))
    .innerJoin(user, eq(user.id, member.userId))
    .innerJoin(organization, eq(organization.id, member.organizationId))
    .where(and(eq(session.token, token), gt(session.expiresAt, new Date(nowMs))));
  return row ? principalOf(row, null) : null;
}

export async function endSignIn(db: Database, token: string): Promise<void> {
  await db.delete(session).where(eq(session.token, token));
}

/** The person in the organization they joined first. */
export async function principalOfUser(db: Pick<Database, "select">, userId: string): Promise<Principal | null> {
  const [row] = await db
    .select(who)
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .innerJoin(organization, eq(organization.id, member.organizationId))
    .where(eq(member.userId, userId))
    .orderBy(member.createdAt, member.id)
    .limit(1);
  return row ? principalOf(row, null) : null;
}
