/** Everything a route may use. Each composition root builds one; a missing adapter is a compile error there. */
import type { Isolation } from "@berth/protocol";
import type { BlobStore } from "../ports/blob-store/blob-store.port.ts";
import type { Catalog } from "../ports/catalog/catalog.port.ts";
import type { EventBus } from "../ports/event-bus/event-bus.port.ts";
import type { Credentials, Identity } from "../ports/identity/identity.port.ts";
import type { Ledger } from "../ports/ledger/ledger.port.ts";
import type { ModelGateway } from "../ports/model-gateway/model-gateway.port.ts";
import type { RunHistory } from "../ports/run-history/run-history.port.ts";
import type { RepositoryRight, SourceControl } from "../ports/source-control/source-control.port.ts";
import type { SecretVault } from "../ports/secret-vault/secret-vault.port.ts";
import type { OutsideSignIn } from "../core/access/outside-sign-in.ts";
import type { SignUpAllow } from "../core/access/sign-up.ts";
import type { PriceBook } from "../core/budget/price-book.ts";
import type { LocalMachine } from "../core/machine/local-machine.ts";
import type { Mailer } from "../core/mail/mailer.ts";
import type { ResourceLimits } from "../core/sandbox/resources.ts";
import type { RequestHash } from "./http/request-hash.ts";
import type { RateLimiter } from "./http/rate-limit.ts";
import type { OriginsNotice } from "./operator-origins.ts";
import type { ProviderCache } from "./provider-cache.ts";
import type { ShortCache } from "./short-cache.ts";
import type { SessionDirectory } from "./session-handle.ts";
import type { WorkspaceDirectory } from "./workspace/workspace-handle.ts";

export interface Services {
  /** One per process. Absent: providers and their keys are asked for on every call. */
  readonly providerCache?: ProviderCache;
  /** What hosts said that people may do. One per process. Absent: they are asked every time. */
  readonly repositoryRights?: ShortCache<RepositoryRight>;
  /** Origins of model servers the operator runs; these may be plain http. Absent: none. */
  readonly operatorOrigins?: readonly string[];
  /** One per process: tells organizations of those origins. Absent: nobody is told. */
  readonly originsNotice?: OriginsNotice;
  /** The operator's gateway calls with keys of its own, and those of organizations are kept and not used. Absent: they are used. */
  readonly stripsProviderKeys?: boolean;
  /** Absent: no mails; links are shown to who asked for them, or not made. */
  readonly mailer?: Mailer;
  /** Providers of accounts elsewhere that one may sign in with. Absent: none. */
  readonly outsideSignIns?: readonly OutsideSignIn[];
  /** Who may make an account uninvited. Absent: nobody. */
  readonly signUpAllow?: SignUpAllow;
  /** The header in which the part in front of Berth says who asks. Absent: there is none, and no network address is known. */
  readonly clientAddressHeader?: string;
  /** One per process. Absent: nobody is counted. */
  readonly rateLimiter?: RateLimiter;
  /** Whether that credential was somebody's not long ago. Absent: it is not known. */
  remembers?(credentials: Credentials): Promise<boolean>;
  /** Already behind the bounded credential cache. */
  readonly identity: Identity;
  readonly catalog: Catalog;
  readonly vault: SecretVault;
  readonly runHistory: RunHistory;
  readonly blobs: BlobStore;
  readonly modelGateway: ModelGateway;
  readonly sourceControl: SourceControl;
  /** `fetch` for hosts that people named: public addresses and what the operator allowed, nothing else. */
  readonly callOutside: (url: string, init: RequestInit) => Promise<Response>;
  readonly sessions: SessionDirectory;
  readonly workspaces: WorkspaceDirectory;
  ledgerOf(orgId: string): Ledger;
  /** What the models of public providers cost and can do. */
  readonly prices: PriceBook;
  feedOf(orgId: string): EventBus;
  /** Whose the machine is, by id, where the operator says so. Absent: the organization's that was made first. */
  readonly machineOrganizations?: readonly string[];
  /** Null where there is no such machine. Asked by `machineOf`, which knows for whom it is. */
  readonly machine: LocalMachine | null;
  /** Address of the demo model, without trailing slash; null when it is switched off. */
  readonly demoModelUrl: string | null;
  /** Where clients and sandboxes reach this instance, without trailing slash. */
  readonly publicUrl: string;
  /** Where sandboxes reach it; differs from `publicUrl` behind a container network. */
  readonly sandboxUrl: string;
  /** The most that an environment may ask for its sandboxes. Absent: what they usually have. */
  readonly sandboxMost?: ResourceLimits;
  /** Below which each port of a session has an origin of its own. Absent: no previews. */
  readonly workspaceDomain?: string;
  readonly version: string;
  /** Keyed by what is not in the database. */
  readonly requestHash: RequestHash;
  /** Configured sandbox backends, in the order they are tried. */
  sandboxBackends(): Promise<readonly { readonly backend: string; readonly isolation: Isolation }[]>;
  /** Authorizes `/internal/*`; made by the launcher or the operator. */
  readonly operatorToken: string | null;
  now(): number;
  wait(ms: number): Promise<void>;
  randomBytes(length: number): Uint8Array;
  /** Work that outlives the request. */
  waitUntil(work: Promise<unknown>): void;
}
