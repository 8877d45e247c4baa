/** Passwords, in Better Auth's table and format. Its own endpoints turn a store that is down into "wrong password". */
import { and, eq } from "drizzle-orm";
import { hashPassword, verifyPassword } from "better-auth/crypto";
import type { Database } from "../../../db/pg/database.ts";
import { account, session, user } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { EndedSignIn } from "../../../ports/identity/identity.port.ts";
import { newId } from "./owner.ts";
import { CREDENTIAL } from "./principals.ts";

/** Compared with where there is none, so that an unknown address takes as long as a wrong password. */
let nobodys: Promise<string> | null = null;

/** The account of that address and password, or null. */
export async function personOfPassword(db: Database, email: string, password: string): Promise<string | null> {
  const [found] = await db
    .select({ userId: user.id, hash: account.password })
    .from(user)
    .innerJoin(account, and(eq(account.userId, user.id), eq(account.providerId, CREDENTIAL)))
    .where(eq(user.email, addressOf(email)));
  const hash = found?.hash ?? (await (nobodys ??= hashPassword(newId())));
  const isRight = await verifyPassword({ hash, password });
  return found?.hash && isRight ? found.userId : null;
}

/** A person with a password. Null for an address that has an account. @param hash see `hashPassword` */
export async function makePerson(
  tx: Pick<Database, "insert">,
  { name, email, hash, emailVerified }: { readonly name: string; readonly email: string; readonly hash: string; readonly emailVerified: boolean },
  createdAt: Date,
): Promise<string | null> {
  const made = { id: newId(), name: storableText(name), email: addressOf(email), emailVerified, createdAt, updatedAt: createdAt };
  const [person] = await tx.insert(user).values(made).onConflictDoNothing({ target: user.email }).returning({ id: user.id });
  if (!person) return null;
  await tx.insert(account).values({ id: newId(), accountId: person.id, providerId: CREDENTIAL, userId: person.id, password: hash, createdAt, updatedAt: createdAt });
  return person.id;
}

/** Who has an account under that address. */
export async function personOfAddress(db: Pick<Database, "select">, email: string): Promise<string | null> {
  const [found] = await db.select({ id: user.id }).from(user).where(eq(user.email, addressOf(email)));
  return found?.id ?? null;
}

/** For somebody who has proven the address: it counts as proven, and every sign-in ends. Null when the person is gone. */
export async function replacePassword(tx: Pick<Database, "insert" | "update" | "delete">, userId: string, hash: string, at: Date): Promise<readonly EndedSignIn[] | null> {
  const [person] = await tx.update(user).set({ emailVerified: true, updatedAt: at }).where(eq(user.id, userId)).returning({ id: user.id });
  if (!person) return null;
  const theirs = and(eq(account.userId, userId), eq(account.providerId, CREDENTIAL));
  const [changed] = await tx.update(account).set({ password: hash, updatedAt: at }).where(theirs).returning({ id: account.id });
  if (!changed) await tx.insert(account).values({ id: newId(), accountId: userId, providerId: CREDENTIAL, userId, password: hash, createdAt: at, updatedAt: at });
  return tx.delete(session).where(eq(session.userId, userId)).returning({ signInId: session.id, orgId: session.activeOrganizationId });
}

export function addressOf(email: string): string {
  return storableText(email.toLowerCase());
}
