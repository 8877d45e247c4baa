/** What the object's memory reaches: every call passes its life and waits for the draw, before it arrives and before its answer does. */
import type { SessionEvent } from "@berth/protocol";
import type { SessionPorts } from "../../src/app/session/session-ports.ts";
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import { PortError } from "../../src/core/kernel/port-error.ts";
import type { BlobStore } from "../../src/ports/blob-store/blob-store.port.ts";
import type { Catalog } from "../../src/ports/catalog/catalog.port.ts";
import type { EventBus } from "../../src/ports/event-bus/event-bus.port.ts";
import type { Ledger } from "../../src/ports/ledger/ledger.port.ts";
import type { RunHistory, RunRecord } from "../../src/ports/run-history/run-history.port.ts";
import type { SandboxProvider } from "../../src/ports/sandbox/sandbox.port.ts";
import { InMemorySessionStore, type MemoryDisk } from "../../src/ports/session-store/session-store.fake.ts";
import type { CommitBatch } from "../../src/ports/session-store/session-store.port.ts";
import { Evicted, type Life } from "./life.ts";
import type { SimObject } from "./object.ts";
import type { World } from "./world.ts";

/** What outlives every memory of the object. */
export interface Outside {
  readonly runHistory: RunHistory;
  readonly catalog: Catalog;
  readonly feed: EventBus;
  /** Of sandboxes' time; model calls are the broker's. */
  readonly ledger: Ledger;
  readonly blobs: BlobStore;
  /** How much of the log the object holds. */
  readonly archive: { readonly keep: number; readonly pageEvents: number; readonly pageBytes: number };
  readonly sandboxes: ReadonlyMap<string, SandboxProvider>;
  /** Those that the operator has taken out of the configuration; read when the object wakes. */
  readonly backendsTaken: Set<string>;
  readonly schedulerFaults: FaultScript;
  /** Until when nothing behind the outbox answers. */
  outboxDownUntilMs: number;
  randomBytes(length: number): Uint8Array;
  sha256(text: string): Promise<string>;
}

class LivingStore extends InMemorySessionStore {
  readonly #life: Life;
  readonly #world: World;

  readonly #object: SimObject;

  constructor(disk: MemoryDisk, faults: FaultScript, life: Life, world: World, object: SimObject) {
    super({ disk, faults, unique: "sim" });
    this.#life = life;
    this.#world = world;
    this.#object = object;
  }

  override commit(batch: CommitBatch): readonly SessionEvent[] {
    this.#object.stayAwake();
    this.#life.pass();
    const before = this.lastSeq();
    const committed = super.commit(batch);
    const { log } = this.#world.records;
    for (let index = before; index < this.disk.events.length; index += 1) log.push(this.disk.events[index] as string);
    this.#life.pass();
    return committed;
  }

  override outboxDone(ids: readonly string[]): void {
    this.#life.pass();
    super.outboxDone(ids);
    if (this.#world.takes("session-store:outboxDone:twice")) super.outboxDone(ids);
  }

  override outboxRetry(id: string, nextAttemptAtMs: number): void {
    this.#life.pass();
    super.outboxRetry(id, nextAttemptAtMs);
  }
}

export function portsOf(object: SimObject, disk: MemoryDisk, life: Life, world: World, outside: Outside, storeFaults: FaultScript): SessionPorts {
  /** Sends, arrives, is answered; in between anything may happen. */
  const over = async <T>(label: string, work: () => Promise<T>, waits: { readonly before?: number; readonly after?: number } = {}): Promise<T> => {
    life.pass();
    object.inFlight += 1;
    try {
      await world.gate(`${label} arrives`, waits.before);
      const result = await work().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      await world.gate(`${label} is answered`, waits.after);
      life.pass();
      if ("error" in result) throw result.error;
      return result.value;
    } finally {
      if (life.isAlive) object.inFlight -= 1;
    }
  };
  const isDown = (port: string): void => {
    if (world.time.now() < outside.outboxDownUntilMs) {
      throw new PortError({ port, operation: "any", code: "unknown", outcome: "not-applied", retry: { afterMs: 500 }, message: "down" });
    }
  };
  const store = new LivingStore(disk, storeFaults, life, world, object);
  return {
    store,
    scheduler: {
      wakeAt: async (atMs) => {
        life.pass();
        if (atMs === null) object.clearedAtMs = object.alarmAtMs;
        object.alarmAtMs = atMs;
        world.say(`alarm ${atMs === null ? "cleared" : `in ${atMs - world.time.now()} ms`}`);
        outside.schedulerFaults.strike("wakeAt", "after-apply");
      },
      pending: async () => object.alarmAtMs,
    },
    runHistory: {
      ...({} as RunHistory),
      flush: (record: RunRecord) => {
        const isHeld = world.takes("run-history:flush:out-of-order");
        const isSlow = world.takes("run-history:flush:slow");
        const done = over("a flush", async () => {
          isDown("run-history");
          await outside.runHistory.flush(record);
        }, { before: isHeld ? 40_000 : 0, after: isSlow ? 45_000 : 0 });
        // What was sent goes on without the memory that sent it, and arrives after newer ones.
        if (isHeld) object.crash();
        return done;
      },
    },
    catalog: {
      ...({} as Catalog),
      upsertSession: (orgId, summary) =>
        over("a summary", async () => {
          isDown("catalog");
          await outside.catalog.upsertSession(orgId, summary);
          if (world.takes("catalog:upsertSession:stale-version")) await outside.catalog.upsertSession(orgId, { ...summary, lastSeq: 0, title: "stale" });
        }, { before: world.takes("catalog:upsertSession:slow") ? 20_000 : 0 }),
      listSecrets: (orgId, reach) => over("a list of secrets", () => outside.catalog.listSecrets(orgId, reach)),
      policyRule: (orgId) => over("a rule", () => outside.catalog.policyRule(orgId)),
      removeSession: (orgId, sessionId) =>
        over("a removal", async () => {
          isDown("catalog");
          await outside.catalog.removeSession(orgId, sessionId);
        }),
    },
    blobs: livingBlobs(outside.blobs, life),
    archive: outside.archive,
    ledgerOf: () => livingLedger(outside.ledger, over),
    feedOf: () => ({
      ...({} as EventBus),
      publish: (change, key) =>
        over("a change", async () => {
          isDown("event-bus");
          const seq = await outside.feed.publish(change, key);
          if (world.takes("event-bus:publish:duplicated")) await outside.feed.publish(change, key);
          return seq;
        }, { before: world.takes("event-bus:publish:reordered") ? 15_000 : 0, after: world.takes("event-bus:publish:slow") ? 20_000 : 0 }),
    }),
    sandboxes: new Map([...outside.sandboxes].filter(([name]) => !outside.backendsTaken.has(name)).map(([name, provider]) => [name, livingProvider(provider, over, {
      create: () => ({
        before: world.takes("sandbox:create:arrives-late") ? world.pick([6_000, 8_000, 20_000, 100_000]) : 0,
        after: world.takes("sandbox:create:answered-late") ? world.pick([500, 5_000, 20_000]) : 0,
      }),
      stop: () => ({ after: world.takes("sandbox:stop:answered-late") ? world.pick([1_000, 20_000]) : 0 }),
    })])),
    linkUrl: "ws://simulation/v1/sandbox/link",
    timers: {
      now: () => world.time.now() + object.clockOffsetMs,
      after: (ms, run) => {
        life.timers += 1;
        world.time.after(ms, () => {
          life.timers -= 1;
          if (life.isAlive) run();
        });
      },
    },
    randomBytes: outside.randomBytes,
    sha256: outside.sha256,
    afterCommit: (run) => run(),
    background: (work) => {
      work.catch((error: unknown) => {
        if (error instanceof Evicted || error instanceof PortError) return;
        world.violate("SIM1", `work in the background broke: ${String((error as Error).stack ?? error)}`);
      });
    },
    log: ({ event, ...fields }) => world.say(`log ${event}`, fields),
  };
}

/** The store itself waits for the draw. */
function livingBlobs(blobs: BlobStore, life: Life): BlobStore {
  const within = async <T>(work: () => Promise<T>): Promise<T> => {
    life.pass();
    const result = await work();
    life.pass();
    return result;
  };
  return {
    put: (key, body, options) => within(() => blobs.put(key, body, options)),
    get: (key, range) => within(() => blobs.get(key, range)),
    head: (key) => within(() => blobs.head(key)),
    list: (prefix, page) => within(() => blobs.list(prefix, page)),
    delete: (key) => within(() => blobs.delete(key)),
  };
}

/** Every method by name, so that a new one is a question of types and not of a seed. */
function livingLedger(ledger: Ledger, over: Over): Ledger {
  return {
    reserve: (request) => over("a reservation of time", () => ledger.reserve(request)),
    forget: (sessionId) => over("dropping a removed session's caps", () => ledger.forget(sessionId)),
    settle: (id, actual) => over("a settlement of time", () => ledger.settle(id, actual)),
    ask: (request) => over("a question for room", () => ledger.ask(request)),
    standing: (at) => over("a look at the caps", () => ledger.standing(at)),
    spent: (query) => ledger.spent(query),
    setCap: (cap, limit) => ledger.setCap(cap, limit),
    setStop: (stop) => ledger.setStop(stop),
    usage: (query) => ledger.usage(query),
  };
}

type Over = <T>(label: string, work: () => Promise<T>, waits?: Waits) => Promise<T>;

interface Waits {
  readonly before?: number;
  readonly after?: number;
}

function livingProvider(provider: SandboxProvider, over: Over, waits: { create(): Waits; stop(): Waits }): SandboxProvider {
  return {
    backend: provider.backend,
    isolation: provider.isolation,
    capabilities: provider.capabilities,
    create: (spec) => over("a create", () => provider.create(spec), waits.create()),
    describe: (id) => over("a describe", () => provider.describe(id)),
    stop: (id) => over("a stop of a sandbox", () => provider.stop(id), waits.stop()),
    destroy: (id) => over("a destroy", () => provider.destroy(id)),
    applyWork: (id, request) => over("work to apply", () => provider.applyWork(id, request)),
    list: (filter) => provider.list(filter),
    exec: (id, request) => provider.exec(id, request),
    readFile: (id, path) => provider.readFile(id, path),
    writeFile: (id, path, bytes) => provider.writeFile(id, path, bytes),
    describePolicy: (id) => over("a question how it is kept", () => provider.describePolicy(id)),
  };
}
