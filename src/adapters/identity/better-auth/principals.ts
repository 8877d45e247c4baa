/** From a credential to its principal, by one statement each. Membership is joined, so who left is nobody. */
import { and, eq, exists, gt, isNotNull, isNull, lt, or, sql, type SQL } from "drizzle-orm";
import { scopesOfKey, scopesOfRole } from "../../../core/access/scopes.ts";
import type { Database } from "../../../db/pg/database.ts";
import { account, apikey, member, organization, serviceAccount, session, team, teamMember, user } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { Person } from "../../../ports/identity/directory.port.ts";
import type { EndedSignIn, Principal, Role } from "../../../ports/identity/identity.port.ts";

/** The provider of accounts that have a password. */
export const CREDENTIAL = "credential";

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
  teamIds: teamsOf(member.organizationId, member.userId),
};

/** Who a key stands for: the person who made it, or its service account. */
const whose = {
  userId: sql<string>`coalesce(${serviceAccount.id}, ${user.id})`.as("user_id"),
  userName: sql<string>`coalesce(${serviceAccount.name}, ${user.name})`.as("user_name"),
  userEmail: sql<string | null>`${user.email}`.as("user_email"),
  orgId: who.orgId,
  orgName: who.orgName,
  role: sql<string>`coalesce(${serviceAccount.role}, ${member.role})`.as("role"),
  isServiceAccount: sql<boolean>`${serviceAccount.id} is not null`.as("is_service_account"),
  teamIds: teamsOf(organization.id, sql`coalesce(${serviceAccount.id}, ${user.id})`),
};

function teamsOf(orgId: unknown, principalId: unknown) {
  return sql<string[]>`array(select ${teamMember.teamId} from ${teamMember} join ${team} on ${team.id} = ${teamMember.teamId} where ${team.organizationId} = ${orgId} and ${teamMember.principalId} = ${principalId} order by 1)`
    .mapWith(apikey.scopes)
    .as("team_ids");
}

interface Who {
  readonly userId: string;
  readonly userName: string;
  readonly userEmail: string | null;
  readonly isServiceAccount?: boolean;
  readonly teamIds: readonly string[];
  readonly orgId: string;
  readonly orgName: string;
  readonly role: string;
}

function principalOf(found: Who, key: { readonly id: string; readonly scopes: readonly string[] } | null = null): Principal {
  const { userId, userName, userEmail, orgId, orgName, teamIds, isServiceAccount = false } = found;
  const role = strongestRole(found.role);
  const scopes = key === null ? scopesOfRole(role) : scopesOfKey(key.scopes, role);
  return {
    kind: key === null ? "user" : "api-key",
    userId,
    userName,
    ...(userEmail === null ? {} : { userEmail }),
    orgId,
    orgName,
    role,
    scopes,
    teamIds,
    ...(isServiceAccount ? { isServiceAccount } : {}),
    keyId: key?.id ?? null,
  };
}

/** Looks a key up by its hash and notes its use, in one statement. */
export async function principalOfKey(db: Database, keyHash: string, nowMs: number): Promise<Principal | null> {
  const now = new Date(nowMs);
  const found = db.$with("found").as(keyWhere(db, eq(apikey.key, keyHash), now));
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
  return row ? keyPrincipal(row) : null;
}

/** The same by the key's id, without noting a use. */
export async function principalOfKeyId(db: Database, orgId: string, keyId: string, nowMs: number): Promise<Principal | null> {
  const [row] = await keyWhere(db, and(eq(apikey.referenceId, orgId), eq(apikey.id, keyId)), new Date(nowMs));
  return row ? keyPrincipal(row) : null;
}

function keyWhere(db: Database, which: SQL | undefined, now: Date) {
  return db
    .select({
      ...whose,
      keyId: sql<string>`${apikey.id}`.as("key_id"),
      keyScopes: sql<string[]>`${apikey.scopes}`.mapWith(apikey.scopes).as("key_scopes"),
      endsAt: sql<Date | null>`${apikey.expiresAt}`.mapWith(apikey.expiresAt).as("ends_at"),
    })
    .from(apikey)
    .innerJoin(organization, eq(organization.id, apikey.referenceId))
    .leftJoin(serviceAccount, and(eq(serviceAccount.organizationId, apikey.referenceId), eq(serviceAccount.id, apikey.serviceAccountId)))
    .leftJoin(member, and(eq(member.organizationId, apikey.referenceId), eq(member.userId, apikey.createdBy), isNull(apikey.serviceAccountId)))
    .leftJoin(user, eq(user.id, member.userId))
    .where(and(which, or(isNotNull(member.id), isNotNull(serviceAccount.id)), eq(apikey.enabled, true), or(isNull(apikey.expiresAt), gt(apikey.expiresAt, now))));
}

function keyPrincipal(row: Who & { readonly keyId: string; readonly keyScopes: readonly string[]; readonly endsAt: Date | null }): Principal {
  return { ...principalOf(row, { id: row.keyId, scopes: row.keyScopes }), ...(row.endsAt ? { keyEndsAtMs: row.endsAt.getTime() } : {}) };
}

export async function principalOfMember(db: Database, orgId: string, userId: string): Promise<Principal | null> {
  const [row] = await db
    .select({ ...who, passwordSetAt: sql<Date | null>`${account.updatedAt}`.mapWith(account.updatedAt).as("password_set_at") })
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .innerJoin(organization, eq(organization.id, member.organizationId))
    .leftJoin(account, and(eq(account.userId, member.userId), eq(account.providerId, CREDENTIAL), isNotNull(account.password)))
    .where(and(eq(member.organizationId, orgId), eq(member.userId, userId)));
  return row ? { ...principalOf(row), ...(row.passwordSetAt ? { passwordSetAtMs: row.passwordSetAt.getTime() } : {}) } : null;
}

/** @param token of a sign-in, out of a cookie whose signature was checked */
export async function principalOfSignIn(db: Database, token: string, nowMs: number): Promise<Principal | null> {
  return signInWhere(db, eq(session.token, token), nowMs);
}

/** The same by the sign-in's id, where it acts in that organization for that person. */
export async function principalOfSignInId(db: Database, orgId: string, userId: string, signInId: string, nowMs: number): Promise<Principal | null> {
  return signInWhere(db, and(eq(session.id, signInId), eq(session.userId, userId), eq(session.activeOrganizationId, orgId)), nowMs);
}

async function signInWhere(db: Database, which: SQL | undefined, nowMs: number): Promise<Principal | null> {
  const [row] = await db
    .select({ ...who, signInId: sql<string>`${session.id}`.as("sign_in_id") })
    .from(session)
    .innerJoin(member, and(eq(member.organizationId, session.activeOrganizationId), eq(member.userId, session.userId)))
    .innerJoin(user, eq(user.id, member.userId))
    .innerJoin(organization, eq(organization.id, member.organizationId))
    .where(and(which, gt(session.expiresAt, new Date(nowMs))));
  return row ? { ...principalOf(row), signInId: row.signInId } : null;
}

/** The person of a sign-in, whichever organization it acts in, and whether in any. */
export async function personOfSignIn(db: Database, token: string, nowMs: number): Promise<Person | null> {
  const [row] = await db
    .select({ userId: user.id, email: user.email })
    .from(session)
    .innerJoin(user, eq(user.id, session.userId))
    .where(and(eq(session.token, token), gt(session.expiresAt, new Date(nowMs))));
  return row ?? null;
}

/** Makes a sign-in act in an organization of its person. False where there is none such. */
export async function activate(db: Database, token: string, orgId: string, nowMs: number): Promise<boolean> {
  const joined = db.select({ id: member.id }).from(member).where(and(eq(member.organizationId, storableText(orgId)), eq(member.userId, session.userId)));
  const changed = await db
    .update(session)
    .set({ activeOrganizationId: storableText(orgId), updatedAt: new Date(nowMs) })
    .where(and(eq(session.token, token), gt(session.expiresAt, new Date(nowMs)), exists(joined)))
    .returning({ id: session.id });
  return changed.length > 0;
}

/** Null where there was none. */
export async function endSignIn(db: Database, token: string): Promise<EndedSignIn | null> {
  const [ended] = await db.delete(session).where(eq(session.token, token)).returning({ signInId: session.id, orgId: session.activeOrganizationId });
  return ended ?? null;
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
  return row ? principalOf(row) : null;
}
