/** Answered idempotency keys in PostgreSQL, for 24 hours each. */
import { and, eq, gt, sql } from "drizzle-orm";
import type { OrgDatabase } from "../../../db/pg/database.ts";
import { idempotentAnswers } from "../../../db/pg/schema/catalog.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { StoredAnswer } from "../../../ports/catalog/catalog.port.ts";

const LIFETIME_MS = 24 * 60 * 60 * 1000;

const answerColumns = {
  bodyHash: idempotentAnswers.bodyHash,
  status: idempotentAnswers.status,
  body: idempotentAnswers.body,
};

/** One statement that stores, and clears out what is too old; a second one reads the first answer of a taken key. */
export async function rememberAnswer(
  db: OrgDatabase,
  orgId: string,
  key: string,
  answer: StoredAnswer,
  nowMs: number,
): Promise<StoredAnswer> {
  const oldest = new Date(nowMs - LIFETIME_MS).toISOString();
  const row = {
    orgId,
    key: storableText(key),
    bodyHash: answer.bodyHash,
    status: answer.status,
    body: storableText(answer.body),
    createdAt: new Date(nowMs),
  };
  const { orgId: _, key: __, ...replacing } = row;
  const expired = db.$with("expired").as(
    db
      .delete(idempotentAnswers)
      .where(
        and(
          eq(idempotentAnswers.orgId, orgId),
          // The key itself is replaced below; one statement may not touch a row twice.
          sql`${idempotentAnswers.key} <> ${row.key}`,
          sql`${idempotentAnswers.createdAt} <= ${oldest}`,
        ),
      )
      .returning({ key: idempotentAnswers.key }),
  );
  const [stored] = await db
    .with(expired)
    .insert(idempotentAnswers)
    .values(row)
    .onConflictDoUpdate({
      target: [idempotentAnswers.orgId, idempotentAnswers.key],
      set: replacing,
      setWhere: sql`${idempotentAnswers.createdAt} <= ${oldest}`,
    })
    .returning(answerColumns);
  return stored ?? (await findAnswer(db, orgId, key, nowMs)) ?? answer;
}

export async function findAnswer(db: OrgDatabase, orgId: string, key: string, nowMs: number): Promise<StoredAnswer | null> {
  const [found] = await db
    .select(answerColumns)
    .from(idempotentAnswers)
    .where(
      and(
        eq(idempotentAnswers.orgId, orgId),
        eq(idempotentAnswers.key, storableText(key)),
        gt(idempotentAnswers.createdAt, new Date(nowMs - LIFETIME_MS)),
      ),
    );
  return found ?? null;
}
