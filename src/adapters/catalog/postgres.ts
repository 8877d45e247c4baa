/** The catalog in PostgreSQL. Every statement carries the organization. */
import { and, asc, eq } from "drizzle-orm";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { toPortError } from "../../db/pg/classify.ts";
import type { AppDatabase, OrgDatabase } from "../../db/pg/database.ts";
import { clientOrigins, policyRules, providerConnections } from "../../db/pg/schema/catalog.ts";
import { storable, storableText } from "../../db/pg/text.ts";
import type { Catalog, ProviderConnection } from "../../ports/catalog/catalog.port.ts";
import { addAudit, findOperatorOrigins, listAudit, moveOperatorOrigins } from "./postgres/audit.ts";
import { findAnswer, rememberAnswer } from "./postgres/answers.ts";
import { addEnvironment, changeEnvironment, findEnvironment, listEnvironments, removeEnvironment } from "./postgres/environments.ts";
import { addRepository, findRepository, listRepositories, removeRepository, setRepositoryRights } from "./postgres/repositories.ts";
import { addSecret, addSecretUses, listSecrets, listSecretUses, removeSecret } from "./postgres/secrets.ts";
import { listSessions, readableSessions, removeSession, upsertSession } from "./postgres/sessions.ts";

export interface PostgresCatalogOptions {
  /** Milliseconds since the Unix epoch; for the age of remembered answers. */
  readonly now?: () => number;
}

/** Looking for what is old costs more than one write. */
const PRUNE_EVERY = 100;

export function createPostgresCatalog(db: AppDatabase, { now = Date.now }: PostgresCatalogOptions = {}): Catalog {
  let writes = 0;
  const prunes = (): boolean => writes++ % PRUNE_EVERY === 0;
  return {
    listProviders: (orgId) => guard("listProviders", () => listProviders(db.of(orgId), orgId)),
    // Its answer may be lost, and a second call would say `already-exists`: the caller must not repeat it blindly.
    addProvider: (orgId, connection) => guard("addProvider", () => addProvider(db.of(orgId), orgId, connection), false),
    removeProvider: (orgId, id) => guard("removeProvider", () => removeProvider(db.of(orgId), orgId, id), false),
    listRepositories: (orgId) => guard("listRepositories", () => listRepositories(db.of(orgId), orgId)),
    findRepository: (orgId, name) => guard("findRepository", () => findRepository(db.of(orgId), orgId, name)),
    addRepository: (orgId, repository) => guard("addRepository", () => addRepository(db.of(orgId), orgId, repository), false),
    setRepositoryRights: (orgId, id, rights) => guard("setRepositoryRights", () => setRepositoryRights(db.of(orgId), orgId, id, rights)),
    removeRepository: (orgId, id) => guard("removeRepository", () => removeRepository(db.of(orgId), orgId, id), false),
    listEnvironments: (orgId) => guard("listEnvironments", () => listEnvironments(db.of(orgId), orgId)),
    findEnvironment: (orgId, id) => guard("findEnvironment", () => findEnvironment(db.of(orgId), orgId, id)),
    addEnvironment: (orgId, environment) => guard("addEnvironment", () => addEnvironment(db.of(orgId), orgId, environment), false),
    changeEnvironment: (orgId, id, change) => guard("changeEnvironment", () => changeEnvironment(db.of(orgId), orgId, id, change)),
    removeEnvironment: (orgId, id) => guard("removeEnvironment", () => removeEnvironment(db.of(orgId), orgId, id), false),
    upsertSession: (orgId, summary, readers = null, revision = 0) => guard("upsertSession", () => upsertSession(db.of(orgId), orgId, summary, readers, revision)),
    listSecrets: (orgId, reach) => guard("listSecrets", () => listSecrets(db.of(orgId), orgId, reach)),
    addSecret: (orgId, secret) => guard("addSecret", () => addSecret(db.of(orgId), orgId, secret), false),
    removeSecret: (orgId, id) => guard("removeSecret", () => removeSecret(db.of(orgId), orgId, id), false),
    addSecretUses: (orgId, uses) => guard("addSecretUses", () => addSecretUses(db.of(orgId), orgId, uses, prunes())),
    listSecretUses: (orgId, query) => guard("listSecretUses", () => listSecretUses(db.of(orgId), orgId, query)),
    listSessions: (orgId, query) => guard("listSessions", () => listSessions(db.of(orgId), orgId, query)),
    readableSessions: (orgId, ids, readableBy) => guard("readableSessions", () => readableSessions(db.of(orgId), orgId, ids, readableBy)),
    removeSession: (orgId, sessionId) => guard("removeSession", () => removeSession(db.of(orgId), orgId, sessionId, now())),
    policyRule: (orgId) =>
      guard("policyRule", async () => ({ onMismatch: (await db.of(orgId).select().from(policyRules).where(eq(policyRules.orgId, orgId)))[0]?.onMismatch ?? "report" })),
    setPolicyRule: (orgId, { onMismatch }) =>
      guard("setPolicyRule", async () => {
        await db.of(orgId).insert(policyRules).values({ orgId, onMismatch }).onConflictDoUpdate({ target: policyRules.orgId, set: { onMismatch } });
      }),
    clientOrigins: (orgId) =>
      guard("clientOrigins", async () => (await db.of(orgId).select().from(clientOrigins).where(eq(clientOrigins.orgId, orgId)))[0]?.origins ?? []),
    setClientOrigins: (orgId, origins) =>
      guard("setClientOrigins", async () => {
        const row = { orgId, origins: origins.map(storableText) };
        await db.of(orgId).insert(clientOrigins).values(row).onConflictDoUpdate({ target: clientOrigins.orgId, set: { origins: row.origins } });
      }),
    rememberAnswer: (orgId, key, answer) => guard("rememberAnswer", () => rememberAnswer(db.of(orgId), orgId, key, answer, now())),
    addAudit: (orgId, entry) => guard("addAudit", () => addAudit(db.of(orgId), orgId, entry, prunes())),
    operatorOrigins: (orgId) => guard("operatorOrigins", () => findOperatorOrigins(db.of(orgId), orgId)),
    moveOperatorOrigins: (orgId, move) => guard("moveOperatorOrigins", () => moveOperatorOrigins(db.of(orgId), orgId, move)),
    listAudit: (orgId, query) => guard("listAudit", () => listAudit(db.of(orgId), orgId, query)),
    findAnswer: (orgId, key) => guard("findAnswer", () => findAnswer(db.of(orgId), orgId, key, now())),
  };
}

type ProviderRow = typeof providerConnections.$inferSelect;

async function listProviders(db: OrgDatabase, orgId: string): Promise<readonly ProviderConnection[]> {
  const rows = await db
    .select()
    .from(providerConnections)
    .where(eq(providerConnections.orgId, orgId))
    .orderBy(asc(providerConnections.createdAt), asc(providerConnections.id));
  return rows.map(connectionOf);
}

async function addProvider(db: OrgDatabase, orgId: string, connection: ProviderConnection): Promise<void> {
  const { createdAtMs, models, userId, ...rest } = connection;
  await db
    .insert(providerConnections)
    .values({ orgId, ...storable({ ...rest, userId: userId ?? "" }), models: storable([...models]), createdAt: new Date(createdAtMs) });
}

async function removeProvider(db: OrgDatabase, orgId: string, id: string): Promise<ProviderConnection> {
  const [row] = await db
    .delete(providerConnections)
    .where(and(eq(providerConnections.orgId, orgId), eq(providerConnections.id, storableText(id))))
    .returning();
  if (!row) throw refused("removeProvider", "not-found", "There is no such provider.");
  return connectionOf(row);
}

function connectionOf(row: ProviderRow): ProviderConnection {
  const { orgId: _, createdAt, userId, ...rest } = row;
  return { ...rest, userId: userId === "" ? null : userId, createdAtMs: createdAt.getTime() };
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
