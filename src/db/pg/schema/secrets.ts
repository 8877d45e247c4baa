/** Secrets, encrypted before they get here. */
import { integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytes, moment } from "./columns.ts";

export const secrets = pgTable(
  "secrets",
  {
    orgId: text("org_id").notNull(),
    name: text("name").notNull(),
    version: integer("version").notNull(),
    /** Which master key the encryption key was derived from. */
    keyVersion: integer("key_version").notNull(),
    /** Tells that master key from another of the same version. Null in rows of older versions. */
    keyCheck: bytes("key_check"),
    nonce: bytes("nonce").notNull(),
    ciphertext: bytes("ciphertext").notNull(),
    createdAt: moment("created_at").notNull(),
    rotatedAt: moment("rotated_at"),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.name] })],
);
