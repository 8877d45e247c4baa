/** Invitations, in Better Auth's table, accepted by a token of which only the hash is stored. */
import { and, asc, eq, gt } from "drizzle-orm";
import { defaultKeyHasher } from "@better-auth/api-key";
import { generateRandomString } from "better-auth/crypto";
import type { Role } from "@berth/protocol";
import { makeId } from "../../../core/kernel/ids.ts";
import type { Database } from "../../../db/pg/database.ts";
import { invitation, member, organization, user } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { ShownInvitation } from "../../../ports/identity/accounts.port.ts";
import type { Directory, InvitationRecord, Person } from "../../../ports/identity/directory.port.ts";
import { findMember } from "./members.ts";
import { strongestRole } from "./principals.ts";
import { refuse } from "./refuse.ts";

const LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;
const TOKEN_CHARACTERS = 43;

function recordOf({ id, email, role, createdAt, expiresAt }: typeof invitation.$inferSelect): InvitationRecord {
  return { id, email, role: strongestRole(role ?? ""), createdAtMs: createdAt.getTime(), expiresAtMs: expiresAt.getTime() };
}

export async function createInvitation(
  db: Database,
  orgId: string,
  { email, role, invitedBy, mailed = false }: Parameters<Directory["createInvitation"]>[1],
  nowMs: number,
): Promise<InvitationRecord & { readonly token: string }> {
  const token = generateRandomString(TOKEN_CHARACTERS, "a-z", "A-Z", "0-9");
  const [row] = await db
    .insert(invitation)
    .values({
      id: makeId("inv", nowMs, crypto.getRandomValues(new Uint8Array(10))),
      organizationId: orgId,
      email: storableText(email.toLowerCase()),
      role,
      createdAt: new Date(nowMs),
      expiresAt: new Date(nowMs + LIFETIME_MS),
      inviterId: invitedBy,
      tokenHash: await defaultKeyHasher(token),
      mailed,
    })
    .returning();
  if (!row) throw new Error("the database stored an invitation and did not answer it");
  return { ...recordOf(row), token };
}

export async function listInvitations(db: Database, orgId: string, nowMs: number): Promise<readonly InvitationRecord[]> {
  const rows = await db
    .select()
    .from(invitation)
    .where(and(eq(invitation.organizationId, orgId), eq(invitation.status, "pending"), gt(invitation.expiresAt, new Date(nowMs))))
    .orderBy(asc(invitation.createdAt), asc(invitation.id));
  return rows.map(recordOf);
}

export async function revokeInvitation(db: Database, orgId: string, id: string): Promise<void> {
  const revoked = await db
    .update(invitation)
    .set({ status: "canceled", tokenHash: null })
    .where(and(eq(invitation.organizationId, orgId), eq(invitation.id, storableText(id)), eq(invitation.status, "pending")))
    .returning({ id: invitation.id });
  if (revoked.length === 0) refuse("revokeInvitation", "not-found", "There is no such invitation.");
}

export async function acceptInvitation(
  db: Database,
  token: string,
  person: Person,
  nowMs: number,
): Promise<{ readonly orgId: string; readonly orgName: string; readonly role: Role }> {
  const hash = await defaultKeyHasher(token);
  return db.transaction(async (tx) => {
    const found = await holdInvitation(tx, hash, nowMs);
    if (!found) return refuse("acceptInvitation", "not-found", "There is no such invitation.");
    if (found.email !== person.email.toLowerCase()) refuse("acceptInvitation", "permission-denied", "The invitation was made for another address.");
    return useInvitation(tx, found, person.userId, nowMs);
  });
}

type InvitationRow = typeof invitation.$inferSelect;
type Transaction = Pick<Database, "select" | "insert" | "update">;

const waiting = (hash: string, nowMs: number) => and(eq(invitation.tokenHash, hash), eq(invitation.status, "pending"), gt(invitation.expiresAt, new Date(nowMs)));

/** Held until the end, so that of two who accept at once the second finds it used. */
export async function holdInvitation(tx: Transaction, hash: string, nowMs: number): Promise<InvitationRow | null> {
  const [found] = await tx.select().from(invitation).where(waiting(hash, nowMs)).for("update");
  return found ?? null;
}

export async function useInvitation(tx: Transaction, found: InvitationRow, userId: string, nowMs: number) {
  await tx.update(invitation).set({ status: "accepted", tokenHash: null }).where(eq(invitation.id, found.id));
  if (found.mailed) await tx.update(user).set({ emailVerified: true }).where(eq(user.id, userId));
  const [org] = await tx.select({ name: organization.name }).from(organization).where(eq(organization.id, found.organizationId));
  const known = await findMember(tx, found.organizationId, userId);
  const role = known?.role ?? strongestRole(found.role ?? "");
  const id = generateRandomString(32, "a-z", "A-Z", "0-9");
  if (!known) await tx.insert(member).values({ id, organizationId: found.organizationId, userId, role, createdAt: new Date(nowMs) });
  return { orgId: found.organizationId, orgName: org?.name ?? "", role };
}

export async function showInvitation(db: Database, token: string, nowMs: number): Promise<ShownInvitation | null> {
  const [found] = await db
    .select({ email: invitation.email, role: invitation.role, orgName: organization.name, userId: user.id })
    .from(invitation)
    .innerJoin(organization, eq(organization.id, invitation.organizationId))
    .leftJoin(user, eq(user.email, invitation.email))
    .where(waiting(await defaultKeyHasher(token), nowMs));
  return found ? { email: found.email, orgName: found.orgName, role: strongestRole(found.role ?? ""), hasAccount: found.userId !== null } : null;
}
