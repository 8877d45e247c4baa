/**
 * Runs and their events. `json`, not `jsonb`, where an agent's own text may be: `jsonb` refuses the characters U+0000 and
 * halves of surrogate pairs, which tools do print, and such a run could never be stored.
 */
import { bigint, boolean, foreignKey, index, integer, json, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { Actor, Failure, Run, SessionEvent } from "@berth/protocol";
import { moment } from "./columns.ts";

const tokens = (name: string) => bigint(name, { mode: "number" }).notNull();

export const agentRuns = pgTable(
  "agent_runs",
  {
    orgId: text("org_id").notNull(),
    id: text("id").notNull(),
    sessionId: text("session_id").notNull(),
    messageId: text("message_id").notNull(),
    model: text("model").notNull(),
    author: json("author").$type<Actor>().notNull(),
    apiKeyId: text("api_key_id"),
    outcome: text("outcome").$type<Run["outcome"]>().notNull(),
    inputTokens: tokens("input_tokens"),
    outputTokens: tokens("output_tokens"),
    reasoningTokens: tokens("reasoning_tokens"),
    cacheReadTokens: tokens("cache_read_tokens"),
    cacheWriteTokens: tokens("cache_write_tokens"),
    /** Millionths of a US dollar; null when the model's price is not known. */
    costMicros: bigint("cost_micros", { mode: "number" }),
    failure: json("failure").$type<Failure>(),
    startedAt: moment("started_at").notNull(),
    endedAt: moment("ended_at").notNull(),
    /** Of several reports of the run the highest is here. */
    revision: integer("revision").notNull().default(0),
    /** False while pages of its events are still to come; no reading shows it until then. */
    eventsComplete: boolean("events_complete").notNull().default(true),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    index("agent_runs_newest").on(table.orgId, table.startedAt, table.id),
    index("agent_runs_session").on(table.orgId, table.sessionId, table.startedAt, table.id),
  ],
);

export const agentRunEvents = pgTable(
  "agent_run_events",
  {
    orgId: text("org_id").notNull(),
    runId: text("run_id").notNull(),
    /** The session's number, so a run's events begin where its session stood. */
    seq: integer("seq").notNull(),
    type: text("type").notNull(),
    at: moment("at").notNull(),
    /** The whole event as its session committed it. */
    event: json("event").$type<SessionEvent>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.runId, table.seq] }),
    foreignKey({
      columns: [table.orgId, table.runId],
      foreignColumns: [agentRuns.orgId, agentRuns.id],
    }).onDelete("cascade"),
  ],
);
