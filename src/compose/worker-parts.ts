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
import { createHostMailer } from "../adapters/mailer/host-mailer.ts";
import { createPostgresRunHistory } from "../adapters/run-history/postgres.ts";
import { createRemoteSandboxProvider, fetchSandboxBackends } from "../adapters/sandbox/remote.ts";
import { createDoAlarmScheduler } from "../adapters/scheduler/do-alarm.ts";
import { createGithub } from "../adapters/source-control/github.ts";
import { createPlainGit } from "../adapters/source-control/plain-git.ts";
import { createDoSessionStore } from "../adapters/session-store/do-sqlite.ts";
import { createAbsentSession } from "../app/absent-session.ts";
import { createCachedIdentity, CredentialCache } from "../app/credential-cache.ts";
import { createRequestHash } from "../app/http/request-hash.ts";
import { createRateLimiter, rateLimits } from "../app/http/rate-limit.ts";
import { isSessionIdOf } from "../app/http/session-id.ts";
import { OriginsNotice } from "../app/operator-origins.ts";
import { ProviderCache } from "../app/provider-cache.ts";
import { rememberFor } from "../app/remember-for.ts";
import { RIGHTS_LIFETIME_MS } from "../app/repository-rights.ts";
import type { Services } from "../app/services.ts";
import type { SessionHandle } from "../app/session-handle.ts";
import { ShortCache } from "../app/short-cache.ts";
import { sha256 } from "../app/sha256.ts";
import type { SessionPorts } from "../app/session/session-ports.ts";
import type { HubTimers } from "../app/session/viewer-hub.ts";
import { createAbsentWorkspace, type WorkspaceHandle } from "../app/workspace/workspace-handle.ts";
import { parseSignUpAllow } from "../core/access/sign-up.ts";
import { PriceBook } from "../core/budget/price-book.ts";
import type { AppDatabase, Database } from "../db/pg/database.ts";
import type { EventBusRpc } from "../ports/event-bus/event-bus.port.ts";
import type { LedgerRpc } from "../ports/ledger/ledger.port.ts";
import { refuseUpgrade } from "../session/sockets.ts";
import type { WorkspaceParts } from "../session/workspace-do.ts";
import { readVars, type WorkerBindings } from "./env.ts";
import { MODEL_DATA } from "./model-data.ts";
import { gatewayServer, modelGatewayOf, stripsProviderKeys } from "./model-gateways.ts";
import { outsideSignIns } from "./outside-sign-ins.ts";
import { createOutboundFetch, readOrigins } from "./outbound.ts";
import { connectUrl, secretVaultOf } from "./secret-vaults.ts";
import { VERSION } from "./version.ts";

const BACKENDS_LIFETIME_MS = 5_000;
const TIMERS: HubTimers = { now: Date.now, after: (delayMs, run) => void setTimeout(run, delayMs) };

/** Each as a role of its own, which cannot read the other's tables. */
interface Databases {
  readonly identity: Database;
  readonly app: AppDatabase;
}

export function composeWorker(databasesOf: (env: WorkerBindings) => Databases) {
  let isolate: ReturnType<typeof makeIsolate> | null = null;
  const parts = (env: WorkerBindings) => (isolate ??= makeIsolate(env, databasesOf(env)));

  return {
    services: (env: WorkerBindings, ctx: Pick<ExecutionContext, "waitUntil">): Services => {
      const { common } = parts(env);
      return { ...common, waitUntil: (work) => ctx.waitUntil(work) };
    },
    workspace: (env: WorkerBindings): WorkspaceParts => {
      const { common } = parts(env);
      return { session: common.sessions.of, timers: TIMERS, log };
    },
    session: (ctx: DurableObjectState, env: WorkerBindings): SessionPorts => {
      const { vars, common, sandboxes, credentials } = parts(env);
      return {
        store: createDoSessionStore(ctx),
        scheduler: createDoAlarmScheduler(ctx.storage),
        runHistory: common.runHistory,
        catalog: common.catalog,
        blobs: common.blobs,
        feedOf: common.feedOf,
        ledgerOf: common.ledgerOf,
        standing: (orgId, whom) => common.identity.standing(orgId, whom),
        forget: (credentialId) => credentials.evict(credentialId),
        sandboxes,
        linkUrl: `${(vars.SANDBOX_URL ?? vars.PUBLIC_URL).replace(/^http/, "ws")}/v1/sandbox/link`,
        timers: TIMERS,
        randomBytes,
        sha256,
        afterCommit: (run) => ctx.waitUntil(ctx.storage.sync().then(run)),
        background: (work) => ctx.waitUntil(work.catch((error: unknown) => log({ event: "background-failed", error: String(error) }))),
        log,
      };
    },
  };
}

function makeIsolate(env: WorkerBindings, db: Databases) {
  const vars = readVars(env);
  const origins = readOrigins(vars.OPERATOR_ORIGINS);
  const fetch = createOutboundFetch(origins, env);
  const absent = createAbsentSession(refuseUpgrade);
  const host = { fetch, baseUrl: vars.SANDBOX_HOST_URL, secret: vars.SANDBOX_HOST_SECRET, now: Date.now, randomBytes };
  const ownHosts = new Map(Object.entries(JSON.parse(vars.SANDBOX_HOSTS ?? "{}") as Record<string, string>).map(([backend, baseUrl]) => [backend, { ...host, baseUrl }]));
  // What only Berth itself may call is no address for a user to name.
  const ownUrls = [host.baseUrl, ...[...ownHosts.values()].map(({ baseUrl }) => baseUrl), gatewayServer(vars)?.url, connectUrl(vars)];
  const hosts = new Set(ownUrls.flatMap((url) => URL.parse(url ?? "")?.origin ?? []));
  const forUsers = new Map([...origins].filter(([origin]) => !hosts.has(origin)));
  const fetchForUsers = createOutboundFetch(forUsers, env);
  const capabilities = { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false };
  const sandboxes = new Map(
    vars.SANDBOX_BACKENDS.split(",").map((backend) => [backend, createRemoteSandboxProvider({ ...(ownHosts.get(backend) ?? host), backend, capabilities })] as const),
  );
  const signUpAllow = parseSignUpAllow(vars.SIGN_UP_ALLOW ?? "");
  const credentials = new CredentialCache();
  const catalog = createPostgresCatalog(db.app);
  // Berth's own demo model is at another port after each start.
  const demoOrigin = URL.parse(vars.DEMO_MODEL_URL ?? "")?.origin;
  const told = [...forUsers.keys()].filter((origin) => origin !== demoOrigin);
  const common: Omit<Services, "waitUntil"> = {
    identity: createCachedIdentity(createBetterAuthIdentity({ db: db.identity, baseUrl: vars.PUBLIC_URL, secret: vars.AUTH_SECRET }), credentials),
    remembers: (known) => credentials.remembers(known),
    catalog,
    vault: secretVaultOf(vars, db.app, { fetch, host, wait }),
    runHistory: createPostgresRunHistory(db.app),
    blobs: createR2BlobStore(env.BLOBS),
    stripsProviderKeys: stripsProviderKeys(vars),
    modelGateway: modelGatewayOf(vars, { forUsers: fetchForUsers, own: fetch }),
    sourceControl: createGithub({ fetch: fetchForUsers, baseUrl: vars.GITHUB_URL }, createPlainGit({ fetch: fetchForUsers })),
    callOutside: fetchForUsers,
    sessions: {
      of: (orgId, sessionId) => (isSessionIdOf(orgId, sessionId) ? stubOf<SessionHandle>(env.SESSIONS, `${orgId}:${sessionId}`) : absent),
    },
    workspaces: {
      of: (orgId, sessionId) => (isSessionIdOf(orgId, sessionId) ? stubOf<WorkspaceHandle>(env.WORKSPACES, `${orgId}:${sessionId}`) : createAbsentWorkspace(refuseUpgrade)),
    },
    ledgerOf: (orgId) => createOrgLedger({ stub: () => stubOf<LedgerRpc>(env.ORG_LEDGER, orgId) }),
    prices: new PriceBook(MODEL_DATA),
    feedOf: (orgId) => createOrgEventBus({ stub: () => stubOf<EventBusRpc>(env.ORG_EVENTS, orgId) }),
    providerCache: new ProviderCache(),
    repositoryRights: new ShortCache({ lifetimeMs: RIGHTS_LIFETIME_MS }),
    rateLimiter: createRateLimiter(rateLimits(vars.RATE_LIMIT_PER_MINUTE), Date.now),
    ...(vars.CLIENT_ADDRESS_HEADER === undefined ? {} : { clientAddressHeader: vars.CLIENT_ADDRESS_HEADER }),
    ...(vars.MAIL_FROM === undefined ? {} : { mailer: createHostMailer({ ...host, from: vars.MAIL_FROM, log }) }),
    signUpAllow,
    outsideSignIns: outsideSignIns(vars, signUpAllow, createOutboundFetch(forUsers, env)),
    operatorOrigins: [...forUsers.keys()],
    originsNotice: new OriginsNotice({ origins: told, catalog, now: Date.now, randomBytes, log }),
    ...(vars.MACHINE_ORGANIZATIONS === undefined ? {} : { machineOrganizations: vars.MACHINE_ORGANIZATIONS.split(",") }),
    machine: vars.LOCAL_MACHINE === "1" ? createHostMachine(host) : null,
    demoModelUrl: vars.DEMO_MODEL_URL ? vars.DEMO_MODEL_URL : null,
    publicUrl: vars.PUBLIC_URL,
    sandboxUrl: vars.SANDBOX_URL ?? vars.PUBLIC_URL,
    ...(vars.WORKSPACE_DOMAIN === undefined ? {} : { workspaceDomain: vars.WORKSPACE_DOMAIN }),
    sandboxMost: { memoryMb: vars.SANDBOX_MEMORY_MB_MAX, cpus: vars.SANDBOX_CPUS_MAX },
    version: VERSION,
    requestHash: createRequestHash(vars.AUTH_SECRET),
    // `/health` is open to anyone, and each call to the host takes a place in its memory of nonces.
    sandboxBackends: rememberFor(BACKENDS_LIFETIME_MS, Date.now, async () => {
      // One of several hosts that does not answer says nothing about the others.
      const others = [...ownHosts.values()].map((other) => fetchSandboxBackends(other).catch(() => []));
      const reports = (await Promise.all([fetchSandboxBackends(host), ...others])).flat();
      return [...sandboxes.keys()].flatMap((backend) => reports.find((report) => report.backend === backend) ?? []);
    }),
    operatorToken: vars.OPERATOR_TOKEN ?? null,
    now: Date.now,
    wait,
    randomBytes,
  };
  return { vars, common, sandboxes, credentials };
}

/** A stub as the role it plays: the generated RPC types of large unions take the compiler minutes. */
function stubOf<Role>(namespace: DurableObjectNamespace, name: string): Role {
  return namespace.get(namespace.idFromName(name)) as unknown as Role;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

function log(entry: object): void {
  console.log(JSON.stringify(entry));
}

