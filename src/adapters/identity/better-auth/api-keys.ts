/**
 * An organization's keys, in the table and the format of Better Auth's API key plugin, with the person who made each. The
 * plugin's own verification is one select and two updates; see `principals.ts` for the one statement that replaces it.
 */
import { SCOPES } from "@berth/protocol";
import { defaultKeyHasher } from "@better-auth/api-key";
import { and, desc, eq, sql } from "drizzle-orm";
import { generateRandomString } from "better-auth/crypto";
import { makeId } from "../../../core/kernel/ids.ts";
import { decodePosition, pageOf } from "../../../core/kernel/position.ts";
import type { Database } from "../../../db/pg/database.ts";
import { apikey } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { ApiKeyRecord, CreatedKey, KeyPage, NewKey, Principal } from "../../../ports/identity/identity.port.ts";
import { refuse } from "./refuse.ts";
import { isServiceAccount } from "./service-accounts.ts";
import { KEY_PREFIX, KEY_START_CHARACTERS } from "./sign-in.ts";

const SECRET_CHARACTERS = 48;
const PRESENTED_CHARACTERS_MAX = 200;

/** Null for what cannot be a key, which then costs no query. */
export async function hashPresentedKey(token: string): Promise<string | null> {
  if (!token.startsWith(KEY_PREFIX) || token.length > PRESENTED_CHARACTERS_MAX) return null;
  return defaultKeyHasher(token);
}

export async function createKey(
  db: Database,
  principal: Principal,
  request: NewKey,
  nowMs: number,
): Promise<CreatedKey> {
  const serviceAccountId = request.serviceAccountId ?? (principal.isServiceAccount ? principal.userId : null);
  if (serviceAccountId !== null && !(await isServiceAccount(db, principal.orgId, serviceAccountId))) {
    refuse("createApiKey", "not-found", "There is no such service account.");
  }
  const secret = KEY_PREFIX + generateRandomString(SECRET_CHARACTERS, "a-z", "A-Z", "0-9");
  const now = new Date(nowMs);
  const [row] = await db
    .insert(apikey)
    .values({
      id: makeId("key", nowMs, crypto.getRandomValues(new Uint8Array(10))),
      name: storableText(request.name),
      start: secret.slice(0, KEY_START_CHARACTERS),
      prefix: KEY_PREFIX,
      key: await defaultKeyHasher(secret),
      referenceId: principal.orgId,
      createdBy: serviceAccountId === null ? principal.userId : null,
      serviceAccountId,
      scopes: [...request.scopes],
      expiresAt: request.expiresAtMs === null ? null : new Date(request.expiresAtMs),
      createdAt: now,
      updatedAt: now,
    })
    .returning();
  if (!row) throw new Error("the database stored a key and did not answer it");
  return { ...recordOf(row), secret };
}

/** Null for a position it never answered. */
export async function listKeys(
  db: Database,
  orgId: string,
  page: { readonly after: string | null; readonly limit: number },
): Promise<KeyPage | null> {
  const after = page.after === null ? null : decodePosition(page.after);
  if (page.after !== null && !after) return null;
  const rows = await db
    .select()
    .from(apikey)
    .where(
      and(
        eq(apikey.referenceId, orgId),
        after ? sql`(${apikey.createdAt}, ${apikey.id}) < (${new Date(after.atMs).toISOString()}, ${after.id})` : undefined,
      ),
    )
    .orderBy(desc(apikey.createdAt), desc(apikey.id))
    .limit(page.limit + 1);
  const { items: keys, next } = pageOf(rows.map(recordOf), page.limit, ({ createdAtMs, id }) => ({ atMs: createdAtMs, id }));
  return { keys, next };
}

/** False when the organization has no such key. */
export async function deleteKey(db: Database, orgId: string, keyId: string): Promise<boolean> {
  const deleted = await db
    .delete(apikey)
    .where(and(eq(apikey.referenceId, orgId), eq(apikey.id, storableText(keyId))))
    .returning({ id: apikey.id });
  return deleted.length > 0;
}

function recordOf(row: typeof apikey.$inferSelect): ApiKeyRecord {
  return {
    id: row.id,
    name: row.name ?? "",
    start: row.start ?? "",
    scopes: SCOPES.filter((scope) => row.scopes.includes(scope)),
    serviceAccountId: row.serviceAccountId,
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt?.getTime() ?? null,
    lastUsedAtMs: row.lastRequest?.getTime() ?? null,
  };
}
