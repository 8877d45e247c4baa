/** What one session needs from the outside; each composition root builds one per Durable Object. */
import type { BlobStore } from "../../ports/blob-store/blob-store.port.ts";
import type { Catalog } from "../../ports/catalog/catalog.port.ts";
import type { EventBus } from "../../ports/event-bus/event-bus.port.ts";
import type { RunHistory } from "../../ports/run-history/run-history.port.ts";
import type { SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import type { Scheduler } from "../../ports/scheduler/scheduler.port.ts";
import type { SessionStore } from "../../ports/session-store/session-store.port.ts";
import type { ArchiveLimits } from "./blob-keeper.ts";
import type { HubTimers } from "./viewer-hub.ts";

export interface SessionPorts {
  readonly store: SessionStore;
  readonly scheduler: Scheduler;
  readonly runHistory: RunHistory;
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  /** How much of the log is held; absent: what it is for everybody. */
  readonly archive?: ArchiveLimits;
  feedOf(orgId: string): EventBus;
  /** Sandbox backends by name, in the order they are tried. */
  readonly sandboxes: ReadonlyMap<string, SandboxProvider>;
  /** What the runtime dials: `wss://…/v1/sandbox/link`. */
  readonly linkUrl: string;
  readonly timers: HubTimers;
  randomBytes(length: number): Uint8Array;
  /** Hex SHA-256. */
  sha256(text: string): Promise<string>;
  /** Work that may outlive the callback it was started in. */
  background(work: Promise<unknown>): void;
  /** One structured line. Never holds a secret. */
  log(entry: { readonly event: string; readonly sessionId?: string; readonly [field: string]: unknown }): void;
}
