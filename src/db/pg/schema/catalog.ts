/** What an organization has configured, the list of its sessions, and its answered idempotency keys. */
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { ProviderKind, SessionSummary } from "@berth/protocol";
import { moment } from "./columns.ts";

export const providerConnections = pgTable(
  "provider_connections",
  {
    orgId: text("org_id").notNull(),
    id: text("id").notNull(),
    provider: text("provider").notNull(),
    kind: text("kind").$type<ProviderKind>().notNull(),
    baseUrl: text("base_url").notNull(),
    /** Name in `secrets`; null for a server that needs no key. */
    secretName: text("secret_name"),
    models: jsonb("models").$type<{ id: string; name: string }[]>().notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    uniqueIndex("provider_connections_provider").on(table.orgId, table.provider),
  ],
);

export const sessions = pgTable(
  "sessions",
  {
    orgId: text("org_id").notNull(),
    id: text("id").notNull(),
    title: text("title").notNull(),
    status: text("status").$type<SessionSummary["status"]>().notNull(),
    waitingFor: text("waiting_for").$type<NonNullable<SessionSummary["waitingFor"]>>(),
    model: text("model").notNull(),
    workspace: jsonb("workspace").$type<SessionSummary["workspace"]>().notNull(),
    metadata: jsonb("metadata").$type<SessionSummary["metadata"]>().notNull(),
    externalUserId: text("external_user_id"),
    createdBy: jsonb("created_by").$type<SessionSummary["createdBy"]>().notNull(),
    createdAt: moment("created_at").notNull(),
    lastActiveAt: moment("last_active_at").notNull(),
    lastSeq: bigint("last_seq", { mode: "number" }).notNull(),
    /** Set when it was removed: the row stays, emptied, so that a late summary does not bring the session back. */
    removedAt: moment("removed_at"),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    index("sessions_newest").on(table.orgId, table.createdAt, table.id),
    index("sessions_external_user").on(table.orgId, table.externalUserId, table.createdAt, table.id),
    // GIN takes no text column without an extension, so the planner intersects it with `sessions_newest`.
    index("sessions_metadata").using("gin", table.metadata.op("jsonb_path_ops")),
  ],
);

export const idempotentAnswers = pgTable(
  "idempotent_answers",
  {
    orgId: text("org_id").notNull(),
    key: text("key").notNull(),
    bodyHash: text("body_hash").notNull(),
    status: integer("status").notNull(),
    /** JSON text as it was answered. */
    body: text("body").notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.key] }),
    index("idempotent_answers_age").on(table.orgId, table.createdAt),
  ],
);
