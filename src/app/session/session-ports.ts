/** What one session needs from the outside; each composition root builds one per Durable Object. */
import type { BlobStore } from "../../ports/blob-store/blob-store.port.ts";
import type { Catalog } from "../../ports/catalog/catalog.port.ts";
import type { EventBus } from "../../ports/event-bus/event-bus.port.ts";
import type { Ledger } from "../../ports/ledger/ledger.port.ts";
import type { RunHistory } from "../../ports/run-history/run-history.port.ts";
import type { SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import type { Scheduler } from "../../ports/scheduler/scheduler.port.ts";
import type { SessionStore } from "../../ports/session-store/session-store.port.ts";
import type { ArchiveLimits } from "./blob-keeper.ts";
import type { HubTimers } from "./viewer-hub.ts";
import type { Standing } from "./viewer-standing.ts";

export interface SessionPorts {
  readonly store: SessionStore;
  readonly scheduler: Scheduler;
  readonly runHistory: RunHistory;
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  /** How much of the log is held; absent: what it is for everybody. */
  readonly archive?: ArchiveLimits;
  feedOf(orgId: string): EventBus;
  ledgerOf(orgId: string): Ledger;
  /** Sandbox backends by name, in the order they are tried. */
  readonly sandboxes: ReadonlyMap<string, SandboxProvider>;
  /** Who a principal is now. Absent: whoever opened a socket is believed for good. */
  readonly standing?: Standing;
  /** What is believed here of a key, sign-in or principal ends. */
  readonly forget?: (credentialId: string) => void;
  /** What the runtime dials: `wss://…/v1/sandbox/link`. */
  readonly linkUrl: string;
  readonly timers: HubTimers;
  randomBytes(length: number): Uint8Array;
  /** Hex SHA-256. */
  sha256(text: string): Promise<string>;
  /** Runs it once what the present callback writes is on the disk; at once where that is no other time. */
  afterCommit(run: () => void): void;
  /** Work that may outlive the callback it was started in. */
  background(work: Promise<unknown>): void;
  /** One structured line. Never holds a secret. */
  log(entry: { readonly event: string; readonly sessionId?: string; readonly [field: string]: unknown }): void;
}
