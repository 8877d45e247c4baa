/** The whole program on fakes only: for the walking skeleton, the disruption suite and simulations. */
import { createCachedIdentity, CredentialCache } from "../app/credential-cache.ts";
import { ProviderCache } from "../app/provider-cache.ts";
import { RIGHTS_LIFETIME_MS } from "../app/repository-rights.ts";
import type { Services } from "../app/services.ts";
import { createRequestHash } from "../app/http/request-hash.ts";
import { ShortCache } from "../app/short-cache.ts";
import { InProcessSession } from "../app/session/in-process-session.ts";
import type { ArchiveLimits } from "../app/session/blob-keeper.ts";
import { sha256 as platformSha256 } from "../app/sha256.ts";
import type { HubTimers } from "../app/session/viewer-hub.ts";
import { NO_PRICES, PriceBook } from "../core/budget/price-book.ts";
import { FaultScript } from "../core/kernel/fault.ts";
import { createPrng } from "../core/kernel/prng.ts";
import { BLOB_STORE_FAULTS } from "../ports/blob-store/blob-store.faults.ts";
import { InMemoryBlobStore } from "../ports/blob-store/blob-store.fake.ts";
import { InMemoryCatalog } from "../ports/catalog/catalog.fake.ts";
import { CATALOG_FAULTS } from "../ports/catalog/catalog.faults.ts";
import { InMemoryEventBus } from "../ports/event-bus/event-bus.fake.ts";
import { EVENT_BUS_FAULTS } from "../ports/event-bus/event-bus.faults.ts";
import { InMemoryIdentity } from "../ports/identity/identity.fake.ts";
import { IDENTITY_FAULTS } from "../ports/identity/identity.faults.ts";
import type { Identity } from "../ports/identity/identity.port.ts";
import { InMemoryLedger } from "../ports/ledger/ledger.fake.ts";
import { LEDGER_FAULTS } from "../ports/ledger/ledger.faults.ts";
import { InMemoryModelGateway } from "../ports/model-gateway/model-gateway.fake.ts";
import { MODEL_GATEWAY_FAULTS } from "../ports/model-gateway/model-gateway.faults.ts";
import { InMemoryRunHistory } from "../ports/run-history/run-history.fake.ts";
import { RUN_HISTORY_FAULTS } from "../ports/run-history/run-history.faults.ts";
import { InMemorySandboxProvider } from "../ports/sandbox/sandbox.fake.ts";
import type { SandboxSpec } from "../ports/sandbox/sandbox.port.ts";
import { InMemoryScheduler } from "../ports/scheduler/scheduler.fake.ts";
import { SCHEDULER_FAULTS } from "../ports/scheduler/scheduler.faults.ts";
import { InMemorySecretVault } from "../ports/secret-vault/secret-vault.fake.ts";
import { SECRET_VAULT_FAULTS } from "../ports/secret-vault/secret-vault.faults.ts";
import { InMemorySourceControl } from "../ports/source-control/source-control.fake.ts";
import { SOURCE_CONTROL_FAULTS } from "../ports/source-control/source-control.faults.ts";
import { InMemorySessionStore, MemoryDisk } from "../ports/session-store/session-store.fake.ts";
import { SESSION_STORE_FAULTS } from "../ports/session-store/session-store.faults.ts";
import { VERSION } from "./version.ts";

/** Where a runtime finds the session it dials. */
export interface MemorySessions {
  session(orgId: string, sessionId: string): InProcessSession;
}

export interface MemoryOptions {
  readonly timers: HubTimers;
  /** Seeds ids and tokens. */
  readonly seed: number;
  /** Attaches a runtime to a started sandbox; what it answers is called when the sandbox ends. */
  readonly onSandboxStart: (spec: SandboxSpec, sessions: MemorySessions) => (() => void) | void;
  /** Names of the sandbox backends, in the order they are tried. */
  readonly backends?: readonly string[];
  /** How much of a log is held; absent: as in the program. */
  readonly archive?: ArchiveLimits;
  /** Absent: people, keys and teams in memory. */
  readonly identity?: Identity;
  /** Hex SHA-256; absent: the platform's, whose threads answer in real time. */
  readonly sha256?: (text: string) => Promise<string>;
}

export type MemoryInstance = ReturnType<typeof composeMemory>;

export function composeMemory({ timers, seed, onSandboxStart, backends = ["memory"], archive, identity: realIdentity, sha256 = platformSha256 }: MemoryOptions) {
  const { now } = timers;
  const prng = createPrng(seed);
  const faults = {
    blobs: new FaultScript(BLOB_STORE_FAULTS),
    catalog: new FaultScript(CATALOG_FAULTS),
    eventBus: new FaultScript(EVENT_BUS_FAULTS),
    identity: new FaultScript(IDENTITY_FAULTS),
    ledger: new FaultScript(LEDGER_FAULTS),
    modelGateway: new FaultScript(MODEL_GATEWAY_FAULTS),
    runHistory: new FaultScript(RUN_HISTORY_FAULTS),
    scheduler: new FaultScript(SCHEDULER_FAULTS),
    sessionStore: new FaultScript(SESSION_STORE_FAULTS),
    sourceControl: new FaultScript(SOURCE_CONTROL_FAULTS),
    vault: new FaultScript(SECRET_VAULT_FAULTS),
  };
  const identity = new InMemoryIdentity({ now, faults: faults.identity });
  const catalog = new InMemoryCatalog({ now, faults: faults.catalog });
  const runHistory = new InMemoryRunHistory(faults.runHistory);
  const vault = new InMemorySecretVault({ now, faults: faults.vault });
  const blobs = new InMemoryBlobStore({ faults: faults.blobs });
  const modelGateway = new InMemoryModelGateway({ faults: faults.modelGateway });
  const sourceControl = new InMemorySourceControl({ faults: faults.sourceControl });
  const feeds = new Map<string, InMemoryEventBus>();
  const ledgers = new Map<string, InMemoryLedger>();
  const sessions = new Map<string, InProcessSession>();
  const disks = new Map<string, MemoryDisk>();
  const schedulers = new Map<string, InMemoryScheduler>();
  const background = new Set<Promise<unknown>>();
  const log: object[] = [];

  const sandboxes = new Map(
    backends.map((backend) => [backend, new InMemorySandboxProvider({ now, backend, onStart: (spec) => onSandboxStart(spec, { session }) })] as const),
  );
  const ledgerOf = (orgId: string): InMemoryLedger => remember(ledgers, orgId, () => new InMemoryLedger({ now, faults: faults.ledger }));
  const track = (work: Promise<unknown>): void => {
    const tracked = work.catch((error: unknown) => void log.push({ event: "background-failed", error: String(error) }));
    background.add(tracked);
    void tracked.finally(() => background.delete(tracked));
  };

  const session = (orgId: string, sessionId: string): InProcessSession => {
    const name = `${orgId}:${sessionId}`;
    const known = sessions.get(name);
    if (known) return known;
    const scheduler = remember(schedulers, name, () => new InMemoryScheduler({ nowMs: now(), faults: faults.scheduler }));
    const made = new InProcessSession({
      store: new InMemorySessionStore({ disk: remember(disks, name, () => new MemoryDisk()), unique: sessionId, faults: faults.sessionStore }),
      scheduler,
      runHistory,
      catalog,
      blobs,
      ...(archive === undefined ? {} : { archive }),
      ledgerOf,
      standing: (org, whom) => services.identity.standing(org, whom),
      forget: (credentialId) => credentials.evict(credentialId),
      feedOf: (org) => remember(feeds, org, () => new InMemoryEventBus({ now, faults: faults.eventBus })),
      sandboxes,
      linkUrl: "ws://memory/v1/sandbox/link",
      timers,
      randomBytes: (length) => prng.bytes(length),
      sha256,
      afterCommit: (run) => run(),
      background: track,
      log: (entry) => void log.push(entry),
    });
    sessions.set(name, made);
    scheduler.attach(() => made.actor.alarm());
    return made;
  };

  const credentials = new CredentialCache({ now, hash: sha256 });
  const services: Services = {
    identity: createCachedIdentity(realIdentity ?? identity, credentials),
    remembers: (known) => credentials.remembers(known),
    catalog,
    vault,
    runHistory,
    blobs,
    modelGateway,
    sourceControl,
    callOutside: () => Promise.reject(Object.assign(new Error("there is no network"), { code: "ENETUNREACH" })),
    sessions: { of: session },
    // There are no sockets of a platform here.
    workspaces: { of: () => ({ fetch: async () => new Response("no sockets in this process", { status: 501 }) }) },
    ledgerOf,
    prices: new PriceBook(NO_PRICES),
    feedOf: (orgId) => remember(feeds, orgId, () => new InMemoryEventBus({ now, faults: faults.eventBus })),
    providerCache: new ProviderCache(),
    repositoryRights: new ShortCache({ lifetimeMs: RIGHTS_LIFETIME_MS }),
    machine: null,
    demoModelUrl: "http://demo.memory",
    publicUrl: "http://berth.memory",
    sandboxUrl: "http://berth.memory",
    version: VERSION,
    requestHash: createRequestHash("example-secret-of-an-instance"),
    sandboxBackends: async () => backends.map((backend) => ({ backend, isolation: "memory" as const })),
    operatorToken: "example-operator-token-of-32-characters",
    wait: (ms) => new Promise((resolve) => timers.after(ms, resolve)),
    now,
    randomBytes: (length) => prng.bytes(length),
    waitUntil: track,
  };

  const instance = {
    services,
    faults,
    sandboxes,
    session,
    runHistory,
    catalog,
    blobs,
    identity,
    vault,
    modelGateway,
    sourceControl,
    log,
    /** Everything in the background that has been started, and what that starts in turn. */
    async settled(): Promise<void> {
      while (background.size > 0) await Promise.all(background);
    },
    /** The session's object loses its memory; its disk stays. */
    crash(orgId: string, sessionId: string): InProcessSession {
      sessions.delete(`${orgId}:${sessionId}`);
      return session(orgId, sessionId);
    },
    /** What the session's store has written. */
    diskOf: (orgId: string, sessionId: string) => disks.get(`${orgId}:${sessionId}`) ?? null,
    scheduler: (orgId: string, sessionId: string) => schedulers.get(`${orgId}:${sessionId}`) ?? null,
    /** Wakes whoever is due. */
    async wake(): Promise<void> {
      for (const scheduler of schedulers.values()) await scheduler.advanceTo(now());
    },
  };
  return instance;
}

function remember<T>(known: Map<string, T>, name: string, make: () => T): T {
  const value = known.get(name) ?? make();
  known.set(name, value);
  return value;
}
