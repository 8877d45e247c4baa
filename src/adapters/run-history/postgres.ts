/** Run history in PostgreSQL. Every statement carries the organization. */
import { and, asc, desc, eq, gt, lte, sql } from "drizzle-orm";
import type { Run, SessionEvent } from "@berth/protocol";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { decodePosition, pageOf } from "../../core/kernel/position.ts";
import { toPortError } from "../../db/pg/classify.ts";
import type { AppDatabase, OrgDatabase } from "../../db/pg/database.ts";
import { agentRunEvents, agentRuns } from "../../db/pg/schema/run-history.ts";
import { storableText } from "../../db/pg/text.ts";
import type { RunHistory, RunRecord } from "../../ports/run-history/run-history.port.ts";

/** Six values a row, of the 65,535 that one statement takes. */
const EVENT_ROWS_MAX = 2_000;

type RunRow = typeof agentRuns.$inferSelect;

export function createPostgresRunHistory(db: AppDatabase): RunHistory {
  return {
    flush: (record) => guard("flush", () => flush(db.of(record.orgId), record)),
    list: (orgId, query) => guard("list", () => list(db.of(orgId), orgId, query)),
    get: (orgId, runId) => guard("get", async () => runOf(await findRow(db.of(orgId), "get", orgId, runId))),
    events: (orgId, runId, query) => guard("events", () => events(db.of(orgId), orgId, runId, query)),
  };
}

/** Only the newest report of a run, or a repeat of it, touches its row; events that are there stay as they are. */
async function flush(db: OrgDatabase, record: RunRecord): Promise<void> {
  const rows = record.events.map((event) => eventRow(record, event));
  const { orgId: _org, id: _id, eventsComplete, ...report } = rowOf(record);
  await db.transaction(async (tx) => {
    await tx
      .insert(agentRuns)
      .values(rowOf(record))
      .onConflictDoUpdate({
        target: [agentRuns.orgId, agentRuns.id],
        set: { ...report, eventsComplete: sql`${agentRuns.eventsComplete} or ${eventsComplete}` },
        setWhere: lte(agentRuns.revision, report.revision ?? 0),
      });
    for (let from = 0; from < rows.length; from += EVENT_ROWS_MAX) {
      await tx.insert(agentRunEvents).values(rows.slice(from, from + EVENT_ROWS_MAX)).onConflictDoNothing();
    }
  });
}

async function list(db: OrgDatabase, orgId: string, query: Parameters<RunHistory["list"]>[1]) {
  const after = query.after === null ? null : decodePosition(query.after);
  if (query.after !== null && !after) throw refused("list", "invalid-argument", "That is no position in the list of runs.");
  const rows = await db
    .select()
    .from(agentRuns)
    .where(
      and(
        eq(agentRuns.orgId, orgId),
        agentRuns.eventsComplete,
        query.sessionId === undefined ? undefined : eq(agentRuns.sessionId, query.sessionId),
        after ? sql`(${agentRuns.startedAt}, ${agentRuns.id}) < (${new Date(after.atMs).toISOString()}, ${after.id})` : undefined,
      ),
    )
    .orderBy(desc(agentRuns.startedAt), desc(agentRuns.id))
    .limit(query.limit + 1);
  const { items, next } = pageOf(rows, query.limit, ({ startedAt, id }) => ({ atMs: startedAt.getTime(), id }));
  return { runs: items.map(runOf), next };
}

async function events(db: OrgDatabase, orgId: string, runId: string, query: Parameters<RunHistory["events"]>[2]) {
  await findRow(db, "events", orgId, runId);
  const rows = await db
    .select({ event: agentRunEvents.event })
    .from(agentRunEvents)
    .where(and(eq(agentRunEvents.orgId, orgId), eq(agentRunEvents.runId, runId), gt(agentRunEvents.seq, query.after)))
    .orderBy(asc(agentRunEvents.seq))
    .limit(query.limit + 1);
  const page = rows.slice(0, query.limit).map(({ event }) => event);
  return { events: page, next: rows.length > page.length ? (page.at(-1)?.seq ?? query.after) : null };
}

async function findRow(db: OrgDatabase, operation: string, orgId: string, runId: string): Promise<RunRow> {
  const [row] = await db
    .select()
    .from(agentRuns)
    .where(and(eq(agentRuns.orgId, orgId), eq(agentRuns.id, storableText(runId)), agentRuns.eventsComplete));
  if (!row) throw refused(operation, "not-found", "There is no such run.");
  return row;
}

function rowOf({ orgId, run, revision = 0, partial = false }: RunRecord): typeof agentRuns.$inferInsert {
  const { usage, startedAt, endedAt, ...rest } = run;
  return {
    orgId,
    ...rest,
    model: storableText(run.model),
    ...usage,
    startedAt: new Date(startedAt),
    endedAt: new Date(endedAt),
    revision,
    eventsComplete: !partial,
  };
}

function runOf(row: RunRow): Run {
  return {
    id: row.id,
    sessionId: row.sessionId,
    messageId: row.messageId,
    model: row.model,
    author: row.author,
    ...(row.apiKeyId === null ? {} : { apiKeyId: row.apiKeyId }),
    outcome: row.outcome,
    usage: {
      inputTokens: row.inputTokens,
      outputTokens: row.outputTokens,
      reasoningTokens: row.reasoningTokens,
      cacheReadTokens: row.cacheReadTokens,
      cacheWriteTokens: row.cacheWriteTokens,
    },
    costMicros: row.costMicros,
    ...(row.failure === null ? {} : { failure: row.failure }),
    startedAt: row.startedAt.toISOString(),
    endedAt: row.endedAt.toISOString(),
  };
}

function eventRow({ orgId, run }: RunRecord, event: SessionEvent): typeof agentRunEvents.$inferInsert {
  return { orgId, runId: run.id, seq: event.seq, type: event.type, at: new Date(event.at), event };
}

async function guard<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (raw) {
    throw toPortError("run-history", operation, raw, true);
  }
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "run-history", operation, code, outcome: "not-applied", retry: "never", message });
}
