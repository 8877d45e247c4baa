/**
 * Tables of Better Auth 1.7.5 with its organization and API key plugins, in a PostgreSQL schema of their own. Property
 * names are the ones Better Auth looks for; it owns their meaning. Ours are the tables of teams, service
 * accounts and requests of devices, and the columns `apikey.createdBy`, `apikey.serviceAccountId`, `apikey.scopes` `invitation.tokenHash` and
 * `invitation.mailed`.
 */
import { sql } from "drizzle-orm";
import { boolean, index, integer, pgSchema, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { moment } from "./columns.ts";

export const auth = pgSchema("auth");

export const user = auth.table("user", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull().unique(),
  emailVerified: boolean("email_verified").notNull().default(false),
  image: text("image"),
  createdAt: moment("created_at").notNull().defaultNow(),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});

export const session = auth.table(
  "session",
  {
    id: text("id").primaryKey(),
    expiresAt: moment("expires_at").notNull(),
    token: text("token").notNull().unique(),
    createdAt: moment("created_at").notNull().defaultNow(),
    updatedAt: moment("updated_at").notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    activeOrganizationId: text("active_organization_id"),
  },
  (table) => [index("session_user").on(table.userId)],
);

export const account = auth.table(
  "account",
  {
    id: text("id").primaryKey(),
    accountId: text("account_id").notNull(),
    providerId: text("provider_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: moment("access_token_expires_at"),
    refreshTokenExpiresAt: moment("refresh_token_expires_at"),
    scope: text("scope"),
    password: text("password"),
    createdAt: moment("created_at").notNull().defaultNow(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [index("account_user").on(table.userId), uniqueIndex("account_provider").on(table.providerId, table.accountId)],
);

export const verification = auth.table(
  "verification",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: moment("expires_at").notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
    updatedAt: moment("updated_at").notNull().defaultNow(),
  },
  (table) => [index("verification_identifier").on(table.identifier)],
);

export const organization = auth.table("organization", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  slug: text("slug").notNull().unique(),
  logo: text("logo"),
  createdAt: moment("created_at").notNull(),
  metadata: text("metadata"),
});

export const member = auth.table(
  "member",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    role: text("role").notNull().default("member"),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("member_organization_user").on(table.organizationId, table.userId),
    index("member_user").on(table.userId),
  ],
);

export const invitation = auth.table(
  "invitation",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    email: text("email").notNull(),
    role: text("role"),
    status: text("status").notNull().default("pending"),
    expiresAt: moment("expires_at").notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
    /** Null for a service account. */
    inviterId: text("inviter_id").references(() => user.id, { onDelete: "cascade" }),
    /** SHA-256 of the token in base64url; the token itself is never stored. */
    tokenHash: text("token_hash"),
    /** The token went to the address and to nobody else: who has it has the mailbox. */
    mailed: boolean("mailed").notNull().default(false),
  },
  (table) => [
    uniqueIndex("invitation_token").on(table.tokenHash),
    index("invitation_organization").on(table.organizationId),
    index("invitation_email").on(table.email),
  ],
);

/** Principals of an organization that are no persons. */
export const serviceAccount = auth.table(
  "service_account",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    role: text("role").notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [index("service_account_organization").on(table.organizationId)],
);

export const team = auth.table(
  "team",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [uniqueIndex("team_organization_name").on(table.organizationId, table.name)],
);

export const teamMember = auth.table(
  "team_member",
  {
    teamId: text("team_id")
      .notNull()
      .references(() => team.id, { onDelete: "cascade" }),
    /** A person or a service account. */
    principalId: text("principal_id").notNull(),
    addedAt: moment("added_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.teamId, table.principalId] }), index("team_member_principal").on(table.principalId)],
);

/** A program that asks for a key, until a person has decided and the program has heard of it. */
export const deviceRequest = auth.table(
  "device_request",
  {
    /** SHA-256 of the program's code in base64url; the code itself is never stored. */
    deviceHash: text("device_hash").primaryKey(),
    userCode: text("user_code").notNull().unique(),
    clientName: text("client_name").notNull(),
    /** Asked for; once it is approved, granted. */
    scopes: text("scopes").array().notNull(),
    status: text("status").notNull().default("pending"),
    /** Who approved it, and where the key will belong. */
    userId: text("user_id").references(() => user.id, { onDelete: "cascade" }),
    organizationId: text("organization_id").references(() => organization.id, { onDelete: "cascade" }),
    /** Network address it asked from, where that is known. */
    address: text("address"),
    createdAt: moment("created_at").notNull(),
    expiresAt: moment("expires_at").notNull(),
  },
  (table) => [index("device_request_expires").on(table.expiresAt)],
);

export const apikey = auth.table(
  "apikey",
  {
    id: text("id").primaryKey(),
    configId: text("config_id").notNull().default("default"),
    name: text("name"),
    start: text("start"),
    /** The organization. */
    referenceId: text("reference_id").notNull(),
    /** The person who made it: the key has that person's role, and dies when the person leaves. */
    createdBy: text("created_by").references(() => user.id, { onDelete: "cascade" }),
    /** Whose key it is instead of a person's: it has that account's role, and outlives whoever made it. */
    serviceAccountId: text("service_account_id").references(() => serviceAccount.id, { onDelete: "cascade" }),
    prefix: text("prefix"),
    /** SHA-256 in base64url; the key itself is never stored. */
    key: text("key").notNull(),
    refillInterval: integer("refill_interval"),
    refillAmount: integer("refill_amount"),
    lastRefillAt: moment("last_refill_at"),
    enabled: boolean("enabled").default(true),
    rateLimitEnabled: boolean("rate_limit_enabled").default(false),
    rateLimitTimeWindow: integer("rate_limit_time_window"),
    rateLimitMax: integer("rate_limit_max"),
    requestCount: integer("request_count").default(0),
    remaining: integer("remaining"),
    lastRequest: moment("last_request"),
    expiresAt: moment("expires_at"),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
    /** What it was made for; without any it may do nothing. */
    scopes: text("scopes").array().notNull().default(sql`'{}'::text[]`),
    permissions: text("permissions"),
    metadata: text("metadata"),
  },
  (table) => [
    uniqueIndex("apikey_key").on(table.key),
    index("apikey_reference").on(table.referenceId, table.createdAt, table.id),
  ],
);
