/** A session's Durable Object as the program makes it, on its own SQLite, alarm and R2; the rest are fakes that outlive it. */
import type { DurableObjectState, R2Bucket } from "@cloudflare/workers-types";
import { createR2BlobStore } from "../../src/adapters/blob-store/r2.ts";
import { createDoAlarmScheduler } from "../../src/adapters/scheduler/do-alarm.ts";
import { createDoSessionStore } from "../../src/adapters/session-store/do-sqlite.ts";
import { sha256 } from "../../src/app/sha256.ts";
import { InMemoryCatalog } from "../../src/ports/catalog/catalog.fake.ts";
import { InMemoryEventBus } from "../../src/ports/event-bus/event-bus.fake.ts";
import { InMemoryLedger } from "../../src/ports/ledger/ledger.fake.ts";
import { InMemoryRunHistory } from "../../src/ports/run-history/run-history.fake.ts";
import { InMemorySandboxProvider } from "../../src/ports/sandbox/sandbox.fake.ts";
import { createSessionObject } from "../../src/session/session-do.ts";

/** What the tests see of it, and how far its clock is ahead. */
export const around = {
  skewMs: 0,
  /** How often an object was made, by session. */
  made: new Map<string, number>(),
  /** Tokens of the sandboxes that were started, by session. */
  tokens: new Map<string, string>(),
};

const now = (): number => Date.now() + around.skewMs;
const shared = {
  runHistory: new InMemoryRunHistory(),
  catalog: new InMemoryCatalog({ now }),
  feed: new InMemoryEventBus({ now }),
  ledger: new InMemoryLedger({ now }),
  sandbox: new InMemorySandboxProvider({ now, backend: "memory", onStart: ({ sessionId, link }) => void around.tokens.set(sessionId, link.token) }),
};

export const SessionObject = createSessionObject<{ readonly BLOBS: R2Bucket }>((ctx: DurableObjectState, env) => {
  const name = ctx.id.name?.split(":")[1] ?? ctx.id.toString();
  around.made.set(name, (around.made.get(name) ?? 0) + 1);
  return {
    store: createDoSessionStore(ctx),
    scheduler: createDoAlarmScheduler(ctx.storage),
    runHistory: shared.runHistory,
    catalog: shared.catalog,
    blobs: createR2BlobStore(env.BLOBS),
    archive: { keep: 20, pageEvents: 10, pageBytes: 100_000 },
    feedOf: () => shared.feed,
    ledgerOf: () => shared.ledger,
    sandboxes: new Map([["memory", shared.sandbox]]),
    linkUrl: "ws://memory/v1/sandbox/link",
    timers: { now, after: (delayMs, run) => void setTimeout(run, delayMs) },
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    sha256,
    afterCommit: (run) => ctx.waitUntil(ctx.storage.sync().then(run)),
    background: (work) => ctx.waitUntil(work.catch(() => undefined)),
    log: () => undefined,
  };
});
