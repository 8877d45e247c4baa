/** Tokens that sign a person in once. Only their hashes are stored, in Better Auth's table of verifications. */
import { and, eq, like, lt } from "drizzle-orm";
import { defaultKeyHasher } from "@better-auth/api-key";
import { generateRandomString } from "better-auth/crypto";
import type { Database } from "../../../db/pg/database.ts";
import { verification } from "../../../db/pg/schema/identity.ts";

const LIFETIME_MS = 10 * 60 * 1000;
const TOKEN_CHARACTERS = 43;
const PURPOSE = "berth-sign-in:";

async function identifierOf(token: string): Promise<string> {
  return PURPOSE + (await defaultKeyHasher(token));
}

export async function storeToken(db: Database, userId: string, nowMs: number): Promise<string> {
  const token = generateRandomString(TOKEN_CHARACTERS, "a-z", "A-Z", "0-9");
  const now = new Date(nowMs);
  await db.delete(verification).where(and(like(verification.identifier, `${PURPOSE}%`), lt(verification.expiresAt, now)));
  await db.insert(verification).values({
    id: generateRandomString(32, "a-z", "A-Z", "0-9"),
    identifier: await identifierOf(token),
    value: userId,
    expiresAt: new Date(nowMs + LIFETIME_MS),
    createdAt: now,
    updatedAt: now,
  });
  return token;
}

/** Whom it signs in; null when it is unknown, used or expired. Deleting and reading is one statement, so one caller wins. */
export async function takeToken(db: Database, token: string, nowMs: number): Promise<string | null> {
  const [taken] = await db
    .delete(verification)
    .where(eq(verification.identifier, await identifierOf(token)))
    .returning({ userId: verification.value, expiresAt: verification.expiresAt });
  return taken && taken.expiresAt.getTime() > nowMs ? taken.userId : null;
}
