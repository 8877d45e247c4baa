/** Tokens that prove something once, as what a mail was sent with. Only hashes are stored, in Better Auth's table of verifications. */
import { and, eq, like, lt } from "drizzle-orm";
import { defaultKeyHasher } from "@better-auth/api-key";
import { generateRandomString } from "better-auth/crypto";
import type { Database } from "../../../db/pg/database.ts";
import { verification } from "../../../db/pg/schema/identity.ts";

const TOKEN_CHARACTERS = 43;
const MINUTE_MS = 60_000;

/** What a token is for, and for how long. One of another purpose is unknown. */
const LIFETIMES_MS = { "sign-in": 10 * MINUTE_MS, account: 24 * 60 * MINUTE_MS, password: 60 * MINUTE_MS } as const;
export type Purpose = keyof typeof LIFETIMES_MS;

async function identifierOf(purpose: Purpose, token: string): Promise<string> {
  return `berth-${purpose}:${await defaultKeyHasher(token)}`;
}

/** @param value told to who presents the token */
export async function storeToken(db: Pick<Database, "insert" | "delete">, purpose: Purpose, value: string, nowMs: number): Promise<string> {
  const token = generateRandomString(TOKEN_CHARACTERS, "a-z", "A-Z", "0-9");
  const now = new Date(nowMs);
  await db.delete(verification).where(and(like(verification.identifier, `berth-${purpose}:%`), lt(verification.expiresAt, now)));
  await db.insert(verification).values({
    id: generateRandomString(32, "a-z", "A-Z", "0-9"),
    identifier: await identifierOf(purpose, token),
    value,
    expiresAt: new Date(nowMs + LIFETIMES_MS[purpose]),
    createdAt: now,
    updatedAt: now,
  });
  return token;
}

/** Its value; null when it is unknown, used or expired. Deleting and reading is one statement, so one caller wins. */
export async function takeToken(db: Pick<Database, "delete">, purpose: Purpose, token: string, nowMs: number): Promise<string | null> {
  const [taken] = await db
    .delete(verification)
    .where(eq(verification.identifier, await identifierOf(purpose, token)))
    .returning({ value: verification.value, expiresAt: verification.expiresAt });
  return taken && taken.expiresAt.getTime() > nowMs ? taken.value : null;
}
