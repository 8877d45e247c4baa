/**
 * What the Worker is made of, wherever it runs: the two roots differ only in how they reach Postgres. Caches live as long
 * as the isolate; nothing here holds a socket or a promise of a request.
 */
import type { DurableObjectNamespace, DurableObjectState, ExecutionContext } from "@cloudflare/workers-types";
import { createR2BlobStore } from "../adapters/blob-store/r2.ts";
import { createPostgresCatalog } from "../adapters/catalog/postgres.ts";
import { createOrgEventBus } from "../adapters/event-bus/org-events-do.ts";
import { createBetterAuthIdentity } from "../adapters/identity/better-auth.ts";
import { createOrgLedger } from "../adapters/ledger/org-ledger-do.ts";
import { createHostMachine } from "../adapters/machine/host-machine.ts";
import { createDirectModelGateway } from "../adapters/model-gateway/direct.ts";
import { createPostgresRunHistory } from "../adapters/run-history/postgres.ts";
import { createRemoteSandboxProvider, fetchSandboxBackends } from "../adapters/sandbox/remote.ts";
import { createDoAlarmScheduler } from "../adapters/scheduler/do-alarm.ts";
import { createPostgresVault } from "../adapters/secret-vault/postgres.ts";
import { createDoSessionStore } from "../adapters/session-store/do-sqlite.ts";
import { createAbsentSession } from "../app/absent-session.ts";
import { createCachedIdentity, CredentialCache } from "../app/credential-cache.ts";
import { isSessionIdOf } from "../app/http/session-id.ts";
import { ProviderCache } from "../app/provider-cache.ts";
import { rememberFor } from "../app/remember-for.ts";
import type { Services } from "../app/services.ts";
import type { SessionHandle } from "../app/session-handle.ts";
import { sha256 } from "../app/sha256.ts";
import type { SessionPorts } from "../app/session/session-ports.ts";
import type { Database } from "../db/pg/database.ts";
import type { EventBusRpc } from "../ports/event-bus/event-bus.port.ts";
import type { LedgerRpc } from "../ports/ledger/ledger.port.ts";
import { refuseUpgrade } from "../session/sockets.ts";
import { readMasterKeys, readVars, type WorkerBindings } from "./env.ts";
import { createOutboundFetch } from "./outbound.ts";
import { VERSION } from "./version.ts";

const BACKENDS_LIFETIME_MS = 5_000;

export type DatabaseOf = (env: WorkerBindings) => Database;

export function composeWorker(databaseOf: DatabaseOf) {
  let isolate: ReturnType<typeof makeIsolate> | null = null;
  const parts = (env: WorkerBindings) => (isolate ??= makeIsolate(env, databaseOf(env)));

  return {
    services: (env: WorkerBindings, ctx: Pick<ExecutionContext, "waitUntil">): Services => {
      const { common } = parts(env);
      return { ...common, waitUntil: (work) => ctx.waitUntil(work) };
    },
    session: (ctx: DurableObjectState, env: WorkerBindings): SessionPorts => {
      const { vars, common, sandboxes } = parts(env);
      return {
        store: createDoSessionStore(ctx),
        scheduler: createDoAlarmScheduler(ctx.storage),
        runHistory: common.runHistory,
        catalog: common.catalog,
        blobs: common.blobs,
        feedOf: common.feedOf,
        sandboxes,
        linkUrl: `${(vars.SANDBOX_URL ?? vars.PUBLIC_URL).replace(/^http/, "ws")}/v1/sandbox/link`,
        timers: { now: Date.now, after: (delayMs, run) => void setTimeout(run, delayMs) },
        randomBytes,
        sha256,
        background: (work) => ctx.waitUntil(work.catch((error: unknown) => log({ event: "background-failed", error: String(error) }))),
        log,
      };
    },
  };
}

function makeIsolate(env: WorkerBindings, db: Database) {
  const vars = readVars(env);
  const fetch = createOutboundFetch(vars.OPERATOR_ORIGINS, env);
  const absent = createAbsentSession(refuseUpgrade);
  const { keys, current } = readMasterKeys(vars.MASTER_KEYS);
  const host = { fetch, baseUrl: vars.SANDBOX_HOST_URL, secret: vars.SANDBOX_HOST_SECRET, now: Date.now, randomBytes };
  const ownHosts = new Map(Object.entries(JSON.parse(vars.SANDBOX_HOSTS ?? "{}") as Record<string, string>).map(([backend, baseUrl]) => [backend, { ...host, baseUrl }]));
  const capabilities = { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false };
  const sandboxes = new Map(
    vars.SANDBOX_BACKENDS.split(",").map((backend) => [backend, createRemoteSandboxProvider({ ...(ownHosts.get(backend) ?? host), backend, capabilities })] as const),
  );
  const credentials = new CredentialCache();
  const common: Omit<Services, "waitUntil"> = {
    identity: createCachedIdentity(createBetterAuthIdentity({ db, baseUrl: vars.PUBLIC_URL, secret: vars.AUTH_SECRET }), credentials),
    catalog: createPostgresCatalog(db),
    vault: createPostgresVault(db, { masterKeys: keys, currentVersion: current }),
    runHistory: createPostgresRunHistory(db),
    blobs: createR2BlobStore(env.BLOBS),
    modelGateway: createDirectModelGateway({ fetch }),
    sessions: {
      of: (orgId, sessionId) => (isSessionIdOf(orgId, sessionId) ? stubOf<SessionHandle>(env.SESSIONS, `${orgId}:${sessionId}`) : absent),
    },
    ledgerOf: (orgId) => createOrgLedger({ stub: () => stubOf<LedgerRpc>(env.ORG_LEDGER, orgId) }),
    feedOf: (orgId) => createOrgEventBus({ stub: () => stubOf<EventBusRpc>(env.ORG_EVENTS, orgId) }),
    providerCache: new ProviderCache(),
    operatorOrigins: Object.keys(JSON.parse(vars.OPERATOR_ORIGINS ?? "{}") as object),
    machine: vars.LOCAL_MACHINE === "1" ? createHostMachine(host) : null,
    demoModelUrl: vars.DEMO_MODEL_URL ? vars.DEMO_MODEL_URL : null,
    publicUrl: vars.PUBLIC_URL,
    sandboxUrl: vars.SANDBOX_URL ?? vars.PUBLIC_URL,
    version: VERSION,
    // `/health` is open to anyone, and each call to the host takes a place in its memory of nonces.
    sandboxBackends: rememberFor(BACKENDS_LIFETIME_MS, Date.now, async () => {
      // One of several hosts that does not answer says nothing about the others.
      const others = [...ownHosts.values()].map((other) => fetchSandboxBackends(other).catch(() => []));
      const reports = (await Promise.all([fetchSandboxBackends(host), ...others])).flat();
      return [...sandboxes.keys()].flatMap((backend) => reports.find((report) => report.backend === backend) ?? []);
    }),
    operatorToken: vars.OPERATOR_TOKEN ?? null,
    now: Date.now,
    randomBytes,
  };
  return { vars, common, sandboxes };
}

/** A stub as the role it plays: the generated RPC types of large unions take the compiler minutes. */
function stubOf<Role>(namespace: DurableObjectNamespace, name: string): Role {
  return namespace.get(namespace.idFromName(name)) as unknown as Role;
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

function log(entry: object): void {
  console.log(JSON.stringify(entry));
}

