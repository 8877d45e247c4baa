/** The state of one session: plain JSON with a version, committed with the events of the step that made it. */
import type {
  Actor,
  Failure,
  PermissionPolicy,
  SandboxProviderConfig,
  SessionStatus,
  WaitingFor,
  Workspace,
} from "@berth/protocol";
import type { ActiveRun } from "../run/run.ts";
import type { Lease, SandboxRef, Start } from "../sandbox/lease.ts";

export const STATE_VERSION = 1;

/** A message that waits for its turn. Its run id is given with it, since it runs at most once. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly runId: string;
  readonly text: string;
  readonly model: string;
  readonly author: Actor;
  readonly apiKeyId: string | null;
  readonly createdAtMs: number;
}

/** Watchdogs: what is being waited for, and until when in milliseconds since the Unix epoch. One alarm serves them all. */
export type DeadlineKind = "start" | "attempt" | "link" | "accept" | "heartbeat" | "idle" | "stop";
export type Deadlines = Readonly<Partial<Record<DeadlineKind, number>>>;

export interface GitIdentity {
  readonly name: string;
  readonly email: string;
}

/** What the agent is configured with. The revision rises when it changes, so that each sandbox gets it once. */
export interface AgentSettings {
  readonly revision: number;
  readonly providers: readonly SandboxProviderConfig[];
  readonly permissions: PermissionPolicy;
  readonly gitIdentity: GitIdentity | null;
}

/** Nothing hibernates a session yet. */
export type CoreStatus = Exclude<SessionStatus, "hibernated">;

export interface SessionState {
  readonly version: typeof STATE_VERSION;
  /** Counts the steps that changed something; makes outbox ids unique. */
  readonly revision: number;
  readonly orgId: string;
  readonly sessionId: string;
  readonly title: string;
  /** True once a person chose the title; the agent's own suggestion is then ignored. */
  readonly titleByPerson: boolean;
  readonly model: string;
  readonly workspace: Workspace;
  readonly metadata: Readonly<Record<string, string>>;
  readonly externalUserId: string | null;
  readonly createdBy: Actor;
  readonly createdAtMs: number;
  readonly lastActiveAtMs: number;

  readonly status: CoreStatus;
  readonly waitingFor: WaitingFor | null;
  readonly failure: Failure | null;

  readonly settings: AgentSettings;
  /** True while only the demo model may be used. */
  readonly demoOnly: boolean;
  /** Sandbox backends in the order they are tried. */
  readonly backends: readonly string[];

  /** Highest epoch ever given. */
  readonly epoch: number;
  readonly lease: Lease | null;
  readonly start: Start | null;
  /** Earlier sandboxes that may still exist. */
  readonly retired: readonly SandboxRef[];

  /** Messages that wait, in the order in which they will run. */
  readonly queue: readonly QueuedMessage[];
  /** The message being executed; it has left the queue. */
  readonly current: QueuedMessage | null;
  readonly run: ActiveRun | null;
  /** Requests answered lately, so that a second answer is told apart from an unknown one. */
  readonly answered: readonly string[];
  readonly deadlines: Deadlines;
}
