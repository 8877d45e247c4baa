/** The list of an organization's sessions in PostgreSQL. */
import { and, arrayOverlaps, desc, eq, inArray, isNull, or, sql } from "drizzle-orm";
import type { SessionSummary } from "@berth/protocol";
import { PortError } from "../../../core/kernel/port-error.ts";
import { decodePosition, pageOf } from "../../../core/kernel/position.ts";
import type { OrgDatabase } from "../../../db/pg/database.ts";
import { sessions } from "../../../db/pg/schema/catalog.ts";
import { storable, storableText } from "../../../db/pg/text.ts";
import type { Catalog, SessionPage } from "../../../ports/catalog/catalog.port.ts";

export async function upsertSession(db: OrgDatabase, orgId: string, summary: SessionSummary, readers: readonly string[] | null, revision: number): Promise<void> {
  const { orgId: _, id, createdAt, ...changing } = { ...rowOf(orgId, summary), readers: readers && [...readers], readersRevision: revision };
  await db
    .insert(sessions)
    .values({ orgId, id, createdAt, ...changing })
    .onConflictDoUpdate({
      target: [sessions.orgId, sessions.id],
      set: changing,
      setWhere: sql`${sessions.lastSeq} <= ${summary.lastSeq} and ${sessions.readersRevision} <= ${revision} and ${sessions.removedAt} is null`,
    });
}

export async function listSessions(
  db: OrgDatabase,
  orgId: string,
  query: Parameters<Catalog["listSessions"]>[1],
): Promise<SessionPage> {
  const after = query.after === null ? null : decodePosition(query.after);
  if (query.after !== null && !after) throw badPosition();
  const { metadata, externalUserId } = query;
  const rows = await db
    .select()
    .from(sessions)
    .where(
      and(
        eq(sessions.orgId, orgId),
        isNull(sessions.removedAt),
        metadata && Object.keys(metadata).length > 0
          ? sql`${sessions.metadata} @> ${JSON.stringify(storable(metadata))}::jsonb`
          : undefined,
        externalUserId === undefined ? undefined : eq(sessions.externalUserId, storableText(externalUserId)),
        query.readableBy === undefined ? undefined : readableTo(query.readableBy),
        after ? sql`(${sessions.createdAt}, ${sessions.id}) < (${new Date(after.atMs).toISOString()}, ${after.id})` : undefined,
      ),
    )
    .orderBy(desc(sessions.createdAt), desc(sessions.id))
    .limit(query.limit + 1);
  const { items, next } = pageOf(rows, query.limit, ({ createdAt, id }) => ({ atMs: createdAt.getTime(), id }));
  return { sessions: items.map(summaryOf), next };
}

/** Also of removed sessions: their runs stay. */
export async function readableSessions(db: OrgDatabase, orgId: string, ids: readonly string[], readableBy: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.orgId, orgId), inArray(sessions.id, ids.map(storableText)), readableTo(readableBy)));
  return rows.map(({ id }) => id);
}

const readableTo = (who: readonly string[]) => (who.length === 0 ? isNull(sessions.readers) : or(isNull(sessions.readers), arrayOverlaps(sessions.readers, [...who])));

/**
 * Leaves an emptied row, so that a summary still under way does not bring the session back; also where none was reported
 * yet, since the first report may be the one that is late.
 */
export async function removeSession(db: OrgDatabase, orgId: string, sessionId: string, nowMs: number): Promise<void> {
  const now = new Date(nowMs);
  const emptied = { removedAt: now, title: "", metadata: {}, externalUserId: null, workspace: { kind: "empty" } as const };
  const never = { status: "ended", model: "", createdBy: { kind: "system", id: "berth" }, createdAt: now, lastActiveAt: now, lastSeq: 0, readers: [] as string[] } as const;
  await db
    .insert(sessions)
    .values({ orgId, id: storableText(sessionId), ...never, ...emptied })
    .onConflictDoUpdate({ target: [sessions.orgId, sessions.id], set: emptied });
}

function rowOf(orgId: string, summary: SessionSummary) {
  const { waitingFor, externalUserId, createdAt, lastActiveAt, visibility: _, ...rest } = summary;
  return {
    orgId,
    ...storable(rest),
    waitingFor: waitingFor ?? null,
    externalUserId: externalUserId === undefined ? null : storableText(externalUserId),
    createdAt: new Date(createdAt),
    lastActiveAt: new Date(lastActiveAt),
  };
}

function summaryOf(row: typeof sessions.$inferSelect): SessionSummary {
  const { orgId: _, removedAt: __, readersRevision: ___, readers, waitingFor, externalUserId, createdAt, lastActiveAt, ...rest } = row;
  return {
    ...rest,
    ...(waitingFor === null ? {} : { waitingFor }),
    ...(externalUserId === null ? {} : { externalUserId }),
    createdAt: createdAt.toISOString(),
    lastActiveAt: lastActiveAt.toISOString(),
    ...(readers === null ? {} : { visibility: "private" }),
  };
}

function badPosition(): PortError {
  return new PortError({
    port: "catalog",
    operation: "listSessions",
    code: "invalid-argument",
    outcome: "not-applied",
    retry: "never",
    message: "That is no position in the list of sessions.",
  });
}
