/** The catalog in PostgreSQL. Every statement carries the organization. */
import { and, asc, eq } from "drizzle-orm";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { toPortError } from "../../db/pg/classify.ts";
import type { Database } from "../../db/pg/database.ts";
import { providerConnections } from "../../db/pg/schema/catalog.ts";
import { storable, storableText } from "../../db/pg/text.ts";
import type { Catalog, ProviderConnection } from "../../ports/catalog/catalog.port.ts";
import { findAnswer, rememberAnswer } from "./postgres/answers.ts";
import { listSessions, removeSession, upsertSession } from "./postgres/sessions.ts";

export interface PostgresCatalogOptions {
  /** Milliseconds since the Unix epoch; for the age of remembered answers. */
  readonly now?: () => number;
}

export function createPostgresCatalog(db: Database, { now = Date.now }: PostgresCatalogOptions = {}): Catalog {
  return {
    listProviders: (orgId) => guard("listProviders", () => listProviders(db, orgId)),
    // Its answer may be lost, and a second call would say `already-exists`: the caller must not repeat it blindly.
    addProvider: (orgId, connection) => guard("addProvider", () => addProvider(db, orgId, connection), false),
    removeProvider: (orgId, id) => guard("removeProvider", () => removeProvider(db, orgId, id), false),
    upsertSession: (orgId, summary) => guard("upsertSession", () => upsertSession(db, orgId, summary)),
    listSessions: (orgId, query) => guard("listSessions", () => listSessions(db, orgId, query)),
    removeSession: (orgId, sessionId) => guard("removeSession", () => removeSession(db, orgId, sessionId, now())),
    rememberAnswer: (orgId, key, answer) => guard("rememberAnswer", () => rememberAnswer(db, orgId, key, answer, now())),
    findAnswer: (orgId, key) => guard("findAnswer", () => findAnswer(db, orgId, key, now())),
  };
}

type ProviderRow = typeof providerConnections.$inferSelect;

async function listProviders(db: Database, orgId: string): Promise<readonly ProviderConnection[]> {
  const rows = await db
    .select()
    .from(providerConnections)
    .where(eq(providerConnections.orgId, orgId))
    .orderBy(asc(providerConnections.createdAt), asc(providerConnections.id));
  return rows.map(connectionOf);
}

async function addProvider(db: Database, orgId: string, connection: ProviderConnection): Promise<void> {
  const { createdAtMs, models, ...rest } = connection;
  await db
    .insert(providerConnections)
    .values({ orgId, ...storable(rest), models: storable([...models]), createdAt: new Date(createdAtMs) });
}

async function removeProvider(db: Database, orgId: string, id: string): Promise<ProviderConnection> {
  const [row] = await db
    .delete(providerConnections)
    .where(and(eq(providerConnections.orgId, orgId), eq(providerConnections.id, storableText(id))))
    .returning();
  if (!row) throw refused("removeProvider", "not-found", "There is no such provider.");
  return connectionOf(row);
}

function connectionOf(row: ProviderRow): ProviderConnection {
  const { orgId: _, createdAt, ...rest } = row;
  return { ...rest, createdAtMs: createdAt.getTime() };
}

async function guard<T>(operation: string, work: () => Promise<T>, repeatable = true): Promise<T> {
  try {
    return await work();
  } catch (raw) {
    throw toPortError("catalog", operation, raw, repeatable);
  }
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "catalog", operation, code, outcome: "not-applied", retry: "never", message });
}
