/** Secrets for sessions: what is known of them, and when they were used. Their values are in `secrets`. */
import { boolean, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { SecretHost } from "@berth/protocol";
import type { SecretScopeKind } from "../../../core/secrets/secret-scope.ts";
import { moment } from "./columns.ts";

export const sessionSecrets = pgTable(
  "session_secrets",
  {
    orgId: text("org_id").notNull(),
    id: text("id").notNull(),
    name: text("name").notNull(),
    scope: text("scope").$type<SecretScopeKind>().notNull(),
    /** Name of the repository, id of the environment or of the person; empty for the organization. */
    scopeOf: text("scope_of").notNull(),
    readableByAgent: boolean("readable_by_agent").notNull(),
    hosts: jsonb("hosts").$type<SecretHost[]>().notNull(),
    /** Name in `secrets`. */
    secretName: text("secret_name").notNull(),
    createdAt: moment("created_at").notNull(),
    lastUsedAt: moment("last_used_at"),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    uniqueIndex("session_secrets_name").on(table.orgId, table.scope, table.scopeOf, table.name),
  ],
);

export const secretUses = pgTable(
  "secret_uses",
  {
    orgId: text("org_id").notNull(),
    id: text("id").notNull(),
    secretId: text("secret_id").notNull(),
    sessionId: text("session_id").notNull(),
    userId: text("user_id"),
    host: text("host"),
    at: moment("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.id] }), index("secret_uses_newest").on(table.orgId, table.secretId, table.at, table.id)],
);
