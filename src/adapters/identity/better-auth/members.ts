/** People of an organization. An organization always keeps an owner: who would take the last one waits for its turn. */
import { and, asc, eq, inArray, sql } from "drizzle-orm";
import type { Role } from "@berth/protocol";
import { decodePosition, pageOf } from "../../../core/kernel/position.ts";
import type { Database } from "../../../db/pg/database.ts";
import { apikey, member, session, team, teamMember, user } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { MemberPage, MemberRecord } from "../../../ports/identity/directory.port.ts";
import { strongestRole } from "./principals.ts";
import { refuse } from "./refuse.ts";

const shown = { userId: user.id, name: user.name, email: user.email, role: member.role, joinedAt: member.createdAt };

function recordOf(row: { userId: string; name: string; email: string; role: string; joinedAt: Date }): MemberRecord {
  const { joinedAt, role, ...rest } = row;
  return { ...rest, role: strongestRole(role), joinedAtMs: joinedAt.getTime() };
}

type Reader = Pick<Database, "select">;

export async function findMember(db: Reader, orgId: string, userId: string): Promise<MemberRecord | null> {
  const [row] = await db
    .select(shown)
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .where(and(eq(member.organizationId, orgId), eq(member.userId, storableText(userId))));
  return row ? recordOf(row) : null;
}

export async function memberOf(db: Reader, orgId: string, userId: string): Promise<MemberRecord> {
  return (await findMember(db, orgId, userId)) ?? refuse("member", "not-found", "There is no such member.");
}

/** Null for a position it never answered. */
export async function listMembers(db: Database, orgId: string, page: { readonly after: string | null; readonly limit: number }): Promise<MemberPage | null> {
  const after = page.after === null ? null : decodePosition(page.after);
  if (page.after !== null && !after) return null;
  const rows = await db
    .select(shown)
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .where(
      and(
        eq(member.organizationId, orgId),
        after ? sql`(${member.createdAt}, ${member.userId}) > (${new Date(after.atMs).toISOString()}, ${after.id})` : undefined,
      ),
    )
    .orderBy(asc(member.createdAt), asc(member.userId))
    .limit(page.limit + 1);
  const { items: members, next } = pageOf(rows.map(recordOf), page.limit, ({ joinedAtMs, userId }) => ({ atMs: joinedAtMs, id: userId }));
  return { members, next };
}

export async function setRole(db: Database, orgId: string, userId: string, role: Role): Promise<MemberRecord> {
  return db.transaction(async (tx) => {
    const before = await lockOwners(tx, orgId, userId, "setRole");
    if (before.isLastOwner && role !== "owner") refuse("setRole", "failed-precondition", LAST_OWNER);
    await tx.update(member).set({ role }).where(and(eq(member.organizationId, orgId), eq(member.userId, userId)));
    return { ...before.record, role };
  });
}

export async function renameMember(db: Database, orgId: string, userId: string, name: string, nowMs: number): Promise<MemberRecord> {
  const membership = db.select({ userId: member.userId }).from(member).where(and(eq(member.organizationId, orgId), eq(member.userId, storableText(userId))));
  await db.update(user).set({ name: storableText(name), updatedAt: new Date(nowMs) }).where(inArray(user.id, membership));
  return (await findMember(db, orgId, userId)) ?? refuse("renameMember", "not-found", "There is no such member.");
}

export async function removeMember(db: Database, orgId: string, userId: string): Promise<void> {
  await db.transaction(async (tx) => {
    const { isLastOwner } = await lockOwners(tx, orgId, userId, "removeMember");
    if (isLastOwner) refuse("removeMember", "failed-precondition", LAST_OWNER);
    await tx.delete(member).where(and(eq(member.organizationId, orgId), eq(member.userId, userId)));
    await tx.delete(apikey).where(and(eq(apikey.referenceId, orgId), eq(apikey.createdBy, userId)));
    await tx.delete(session).where(and(eq(session.activeOrganizationId, orgId), eq(session.userId, userId)));
    await leaveTeams(tx, orgId, userId);
  });
}

export async function leaveTeams(tx: Pick<Database, "delete" | "select">, orgId: string, principalId: string): Promise<void> {
  const ours = tx.select({ id: team.id }).from(team).where(eq(team.organizationId, orgId));
  await tx.delete(teamMember).where(and(eq(teamMember.principalId, principalId), inArray(teamMember.teamId, ours)));
}

const LAST_OWNER = "The organization would have no owner any more.";

/** Holds every owner's row, so that of two who leave at once the second sees that it is the last. */
async function lockOwners(tx: Pick<Database, "select">, orgId: string, userId: string, operation: string) {
  const owners = await tx
    .select({ userId: member.userId, role: member.role })
    .from(member)
    .where(and(eq(member.organizationId, orgId), sql`${member.role} ~ '(^|,) *owner *(,|$)'`))
    .orderBy(member.id)
    .for("update");
  const record = await findMember(tx, orgId, userId);
  if (!record) return refuse(operation, "not-found", "There is no such member.");
  return { record, isLastOwner: record.role === "owner" && owners.every((owner) => owner.userId === userId) };
}
