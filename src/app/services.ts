/** Everything a route may use. Each composition root builds one; a missing adapter is a compile error there. */
import type { Isolation } from "@berth/protocol";
import type { BlobStore } from "../ports/blob-store/blob-store.port.ts";
import type { Catalog } from "../ports/catalog/catalog.port.ts";
import type { EventBus } from "../ports/event-bus/event-bus.port.ts";
import type { Identity } from "../ports/identity/identity.port.ts";
import type { Ledger } from "../ports/ledger/ledger.port.ts";
import type { ModelGateway } from "../ports/model-gateway/model-gateway.port.ts";
import type { RunHistory } from "../ports/run-history/run-history.port.ts";
import type { SecretVault } from "../ports/secret-vault/secret-vault.port.ts";
import type { LocalMachine } from "../core/machine/local-machine.ts";
import type { ProviderCache } from "./provider-cache.ts";
import type { SessionDirectory } from "./session-handle.ts";

export interface Services {
  /** One per process. Absent: providers and their keys are asked for on every call. */
  readonly providerCache?: ProviderCache;
  /** Origins of model servers the operator runs; these may be plain http. Absent: none. */
  readonly operatorOrigins?: readonly string[];
  /** Already behind the bounded credential cache. */
  readonly identity: Identity;
  readonly catalog: Catalog;
  readonly vault: SecretVault;
  readonly runHistory: RunHistory;
  readonly blobs: BlobStore;
  readonly modelGateway: ModelGateway;
  readonly sessions: SessionDirectory;
  ledgerOf(orgId: string): Ledger;
  feedOf(orgId: string): EventBus;
  /** Null where there is no such machine. */
  readonly machine: LocalMachine | null;
  /** Address of the demo model, without trailing slash; null when it is switched off. */
  readonly demoModelUrl: string | null;
  /** Where clients and sandboxes reach this instance, without trailing slash. */
  readonly publicUrl: string;
  /** Where sandboxes reach it; differs from `publicUrl` behind a container network. */
  readonly sandboxUrl: string;
  readonly version: string;
  /** Configured sandbox backends, in the order they are tried. */
  sandboxBackends(): Promise<readonly { readonly backend: string; readonly isolation: Isolation }[]>;
  /** Authorizes `/internal/*`; made by the launcher or the operator. */
  readonly operatorToken: string | null;
  now(): number;
  randomBytes(length: number): Uint8Array;
  /** Work that outlives the request. */
  waitUntil(work: Promise<unknown>): void;
}
