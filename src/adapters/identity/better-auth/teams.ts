/** Teams of an organization and who is in them. */
import { and, asc, eq } from "drizzle-orm";
import { makeId } from "../../../core/kernel/ids.ts";
import type { Database } from "../../../db/pg/database.ts";
import { team, teamMember } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { TeamMemberRecord, TeamRecord } from "../../../ports/identity/directory.port.ts";
import { findMember } from "./members.ts";
import { refuse } from "./refuse.ts";
import { isServiceAccount } from "./service-accounts.ts";

function recordOf({ id, name, createdAt }: typeof team.$inferSelect): TeamRecord {
  return { id, name, createdAtMs: createdAt.getTime() };
}

export async function createTeam(db: Database, orgId: string, name: string, nowMs: number): Promise<TeamRecord> {
  const id = makeId("team", nowMs, crypto.getRandomValues(new Uint8Array(10)));
  const [row] = await db.insert(team).values({ id, organizationId: orgId, name: storableText(name), createdAt: new Date(nowMs) }).onConflictDoNothing().returning();
  return row ? recordOf(row) : refuse("createTeam", "already-exists", "The organization has a team of that name.");
}

export async function listTeams(db: Database, orgId: string): Promise<readonly TeamRecord[]> {
  const rows = await db.select().from(team).where(eq(team.organizationId, orgId)).orderBy(asc(team.createdAt), asc(team.id));
  return rows.map(recordOf);
}

/** A name that is taken breaks the table's own rule, which comes up as `already-exists`. */
export async function renameTeam(db: Database, orgId: string, teamId: string, name: string): Promise<TeamRecord> {
  const [row] = await db
    .update(team)
    .set({ name: storableText(name) })
    .where(and(eq(team.organizationId, orgId), eq(team.id, storableText(teamId))))
    .returning();
  return row ? recordOf(row) : noTeam("renameTeam");
}

export async function removeTeam(db: Database, orgId: string, teamId: string): Promise<void> {
  const removed = await db.delete(team).where(and(eq(team.organizationId, orgId), eq(team.id, storableText(teamId)))).returning({ id: team.id });
  if (removed.length === 0) noTeam("removeTeam");
}

export async function listTeamMembers(db: Database, orgId: string, teamId: string): Promise<readonly TeamMemberRecord[]> {
  await requireTeam(db, orgId, teamId, "listTeamMembers");
  const rows = await db.select().from(teamMember).where(eq(teamMember.teamId, teamId)).orderBy(asc(teamMember.addedAt), asc(teamMember.principalId));
  return rows.map(({ principalId, addedAt }) => ({ principalId, addedAtMs: addedAt.getTime() }));
}

export async function addTeamMember(db: Database, orgId: string, teamId: string, principalId: string, nowMs: number): Promise<void> {
  await requireTeam(db, orgId, teamId, "addTeamMember");
  const isOurs = (await findMember(db, orgId, principalId)) !== null || (await isServiceAccount(db, orgId, principalId));
  if (!isOurs) refuse("addTeamMember", "not-found", "There is no such member or service account.");
  await db.insert(teamMember).values({ teamId, principalId, addedAt: new Date(nowMs) }).onConflictDoNothing();
}

export async function removeTeamMember(db: Database, orgId: string, teamId: string, principalId: string): Promise<void> {
  await requireTeam(db, orgId, teamId, "removeTeamMember");
  const removed = await db
    .delete(teamMember)
    .where(and(eq(teamMember.teamId, teamId), eq(teamMember.principalId, storableText(principalId))))
    .returning({ id: teamMember.principalId });
  if (removed.length === 0) refuse("removeTeamMember", "not-found", "They are not in this team.");
}

async function requireTeam(db: Database, orgId: string, teamId: string, operation: string): Promise<void> {
  const found = await db.select({ id: team.id }).from(team).where(and(eq(team.organizationId, orgId), eq(team.id, storableText(teamId))));
  if (found.length === 0) noTeam(operation);
}

function noTeam(operation: string): never {
  return refuse(operation, "not-found", "There is no such team.");
}
