/** Accounts elsewhere, in Better Auth's table. No token of theirs is kept: nothing here needs one later. */
import { and, asc, eq } from "drizzle-orm";
import type { OutsideProfile, OutsideProvider } from "../../../core/access/outside-sign-in.ts";
import type { Database } from "../../../db/pg/database.ts";
import { account, user } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import { newId } from "./owner.ts";
import { addressOf } from "./passwords.ts";
import { refuse } from "./refuse.ts";

export async function personOfOutside(db: Pick<Database, "select">, { provider, accountId }: OutsideProfile): Promise<string | null> {
  const [found] = await db
    .select({ userId: account.userId })
    .from(account)
    .where(and(eq(account.providerId, provider), eq(account.accountId, storableText(accountId))));
  return found?.userId ?? null;
}

export async function outsideOfPerson(db: Pick<Database, "select">, userId: string, provider: OutsideProvider): Promise<string | null> {
  const [found] = await db
    .select({ accountId: account.accountId })
    .from(account)
    .where(and(eq(account.userId, storableText(userId)), eq(account.providerId, provider)))
    .orderBy(asc(account.createdAt), asc(account.id))
    .limit(1);
  return found?.accountId ?? null;
}

/**
 * Takes it together with the account of its address here. Where that address was never proven, somebody else may have made the
 * account and wait for this very moment.
 */
export async function linkOutside(db: Database, profile: OutsideProfile, at: Date): Promise<string | null> {
  if (profile.email === null) return null;
  const email = addressOf(profile.email);
  return db.transaction(async (tx) => {
    const [person] = await tx.select({ id: user.id, isProven: user.emailVerified }).from(user).where(eq(user.email, email)).for("update");
    if (!person) return null;
    if (!person.isProven) refuse("signInFrom", "failed-precondition", "The account of this address was never proven.");
    const known = await personOfOutside(tx, profile);
    if (known === null) await tx.insert(account).values(rowOf(profile, person.id, at));
    return known ?? person.id;
  });
}

/** Null for an address that has an account. */
export async function makeOutsider(tx: Pick<Database, "insert">, profile: OutsideProfile & { readonly email: string }, at: Date): Promise<string | null> {
  const made = { id: newId(), name: storableText(profile.name), email: addressOf(profile.email), emailVerified: true, createdAt: at, updatedAt: at };
  const [person] = await tx.insert(user).values(made).onConflictDoNothing({ target: user.email }).returning({ id: user.id });
  if (!person) return null;
  await tx.insert(account).values(rowOf(profile, person.id, at));
  return person.id;
}

function rowOf({ provider, accountId }: OutsideProfile, userId: string, at: Date) {
  return { id: newId(), providerId: provider, accountId: storableText(accountId), userId, createdAt: at, updatedAt: at };
}
