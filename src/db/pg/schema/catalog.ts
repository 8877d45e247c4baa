/** What an organization has configured, the list of its sessions, and its answered idempotency keys. */
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { AuditEntry, EnvironmentResources, ModelDetails, NamedPort, PolicyRule, ProviderKind, RepositoryRights, SessionSummary } from "@berth/protocol";
import { moment } from "./columns.ts";

export const providerConnections = pgTable(
  "provider_connections",
  {
    orgId: text("org_id").notNull(),
    id: text("id").notNull(),
    /** Whose own it is; empty for the organization's. */
    userId: text("user_id").notNull().default(""),
    provider: text("provider").notNull(),
    kind: text("kind").$type<ProviderKind>().notNull(),
    baseUrl: text("base_url").notNull(),
    /** Name in `secrets`; null for a server that needs no key. */
    secretName: text("secret_name"),
    models: jsonb("models").$type<({ id: string; name: string } & ModelDetails)[]>().notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    uniqueIndex("provider_connections_provider").on(table.orgId, table.userId, table.provider),
  ],
);

export const repositories = pgTable(
  "repositories",
  {
    orgId: text("org_id").notNull(),
    id: text("id").notNull(),
    /** `host/owner/repository` */
    name: text("name").notNull(),
    url: text("url").notNull(),
    /** Name in `secrets`; null for a repository that anyone may read. */
    secretName: text("secret_name"),
    defaultBranch: text("default_branch"),
    canPush: boolean("can_push").notNull(),
    rights: text("rights").$type<RepositoryRights>().notNull().default("organization"),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    uniqueIndex("repositories_name").on(table.orgId, table.name),
  ],
);

export const environments = pgTable(
  "environments",
  {
    orgId: text("org_id").notNull(),
    id: text("id").notNull(),
    name: text("name").notNull(),
    /** Ids of repositories; empty for any session. */
    repositories: text("repositories").array().notNull(),
    variables: jsonb("variables").$type<Record<string, string>>().notNull(),
    setupScript: text("setup_script").notNull(),
    ports: jsonb("ports").$type<readonly NamedPort[]>().notNull().default([]),
    resources: jsonb("resources").$type<EnvironmentResources>().notNull().default({}),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    uniqueIndex("environments_name").on(table.orgId, table.name),
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
    /** Principals and teams that may read it besides who administers; null for everybody. */
    readers: text("readers").array(),
    /** Of the readers, which change while `lastSeq` does not. */
    readersRevision: bigint("readers_revision", { mode: "number" }).notNull().default(0),
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

export const auditEntries = pgTable(
  "audit_entries",
  {
    orgId: text("org_id").notNull(),
    id: text("id").notNull(),
    at: moment("at").notNull(),
    actorId: text("actor_id").notNull(),
    actor: jsonb("actor").$type<AuditEntry["actor"]>().notNull(),
    apiKeyId: text("api_key_id"),
    action: text("action").notNull(),
    target: jsonb("target").$type<AuditEntry["target"]>().notNull(),
    outcome: text("outcome").$type<AuditEntry["outcome"]>().notNull(),
    status: integer("status").notNull(),
    address: text("address"),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    index("audit_entries_newest").on(table.orgId, table.at, table.id),
    index("audit_entries_actor").on(table.orgId, table.actorId, table.at, table.id),
  ],
);

/** Pages from which client tokens of an organization work. */
export const clientOrigins = pgTable("client_origins", {
  orgId: text("org_id").primaryKey(),
  origins: text("origins").array().notNull(),
});

/** Of the origins that the operator lets calls reach: those that the organization was last told of in its list of what was done. */
export const operatorOrigins = pgTable("operator_origins", {
  orgId: text("org_id").primaryKey(),
  origins: text("origins").array().notNull(),
});

/** What becomes of a session whose sandbox is not kept as declared. */
export const policyRules = pgTable("policy_rules", {
  orgId: text("org_id").primaryKey(),
  onMismatch: text("on_mismatch").$type<PolicyRule["onMismatch"]>().notNull(),
});

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
