/** The state of one session: plain JSON with a version, committed with the events of the step that made it. */
import type {
  Actor,
  AgentKind,
  AgentLimits,
  BudgetReached,
  Checkpoint,
  Delivery,
  Failure,
  OnInterruption,
  PermissionPolicy,
  PolicyFact,
  SessionEnvironment,
  SessionStatus,
  WaitingFor,
  Workspace,
} from "@berth/protocol";
import type { SessionProvider } from "../providers/own-providers.ts";
import type { EndedRun } from "../run/ended-run.ts";
import type { ActiveRun, OpenRequest } from "../run/run.ts";
import type { Lease, RetiredSandbox, Start } from "../sandbox/lease.ts";
import type { Heard } from "./sole-author.ts";

export const STATE_VERSION = 5;

/** A message that stands in for one that was interrupted. */
export interface FollowUp {
  readonly kind: "continue" | "retry";
  /** Id of the interrupted message. */
  readonly of: string;
  /** How many in a row no person asked for. */
  readonly automatic: number;
  /** What a person allowed while there was no agent to hear it; asked again, it is answered at once. */
  readonly granted: readonly Grant[];
}

export interface Grant {
  readonly tool: string;
  readonly patterns: readonly string[];
}

/** A message that waits for its turn. Its run id is given with it, since it runs at most once. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly runId: string;
  readonly text: string;
  readonly model: string;
  readonly author: Actor;
  readonly apiKeyId: string | null;
  /** Whom it counts for: the person or service account behind the author; null where nobody is known. */
  readonly userId: string | null;
  readonly createdAtMs: number;
  readonly delivery: Delivery;
  /** Rises with each message that came in; tells the place of one that joins the queue late. */
  readonly order: number;
  readonly followUp: FollowUp | null;
}

/** A message given to a turn that was already running. */
export interface Steer {
  readonly message: QueuedMessage;
  /** Of the running turn; the message ends with it. */
  readonly turnMessageId: string;
  readonly runId: string;
  /** True once the agent has it; until then whether it does is unknown. */
  readonly taken: boolean;
  /** People were told that it is not surely in the next model request. */
  readonly deferred: boolean;
}

/** What was cut off and waits for a person's word. */
export interface Interrupted {
  readonly message: QueuedMessage;
  /** What the agent had asked, oldest first: still answerable, and answered to the agent that goes on. */
  readonly requests: readonly OpenRequest[];
  /** Answers given so far, as sentences for the agent. */
  readonly notes: readonly string[];
  readonly granted: readonly Grant[];
  /** A cap was reached between two model calls: nothing was lost, and it goes on by itself once there is room. */
  readonly byBudget: boolean;
}

/** The cap that stands in the way. */
export interface Pause {
  readonly reached: BudgetReached;
  /** Whether a model call was refused, or the sandbox's time. */
  readonly by: "call" | "sandbox";
}

export interface SavedCheckpoint extends Checkpoint {
  readonly epoch: number;
  readonly savedAtMs: number;
}

/** Watchdogs: what is being waited for, and until when in milliseconds since the Unix epoch. One alarm serves them all. */
export type DeadlineKind =
  | "start"
  | "attempt"
  | "probe"
  | "link"
  | "accept"
  | "heartbeat"
  | "idle"
  | "stop"
  | "steer"
  | "hibernate"
  | "save"
  | "release"
  | "compute"
  | "budget"
  | "policy";
export type Deadlines = Readonly<Partial<Record<DeadlineKind, number>>>;

export interface GitIdentity {
  readonly name: string;
  readonly email: string;
}

/** What the agent is configured with. The revision rises when it changes, so that each sandbox gets it once. */
export interface AgentSettings {
  readonly revision: number;
  readonly providers: readonly SessionProvider[];
  readonly permissions: PermissionPolicy;
  readonly gitIdentity: GitIdentity | null;
}

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
  /** The commit that the work began from, as the first sandbox told; null for none. Absent: no sandbox told yet. */
  readonly base?: string | null;
  /** What its sandboxes begin with. Absent or null: no more than any. */
  readonly environment?: SessionEnvironment | null;
  /** Absent: `opencode`. */
  readonly agent?: AgentKind;
  /** As the agent of the newest sandbox said. Absent: nothing. */
  readonly agentCannot?: AgentLimits;
  /** Its script runs in the sandbox of this epoch. Absent or null: none does. */
  readonly setup?: { readonly epoch: number } | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly externalUserId: string | null;
  readonly createdBy: Actor;
  /** The person or service account behind who made it. */
  readonly createdByUserId: string | null;
  /** Whom the last run counted for, which is who made the session before the first. */
  readonly lastUserId: string | null;
  readonly heard: Heard;
  /** The sandbox of this epoch can read what that person keeps for themselves. Absent: none of them ever could. */
  readonly ownSecrets?: { readonly epoch: number; readonly ownerId: string };
  readonly createdAtMs: number;
  readonly lastActiveAtMs: number;

  readonly status: SessionStatus;
  readonly waitingFor: WaitingFor | null;
  readonly failure: Failure | null;

  readonly onInterruption: OnInterruption;
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
  readonly retired: readonly RetiredSandbox[];
  /** How often stopping the retired ones was asked for in vain. */
  readonly releaseMisses: number;
  /** What the next sandbox begins with where its folder is new. */
  readonly checkpoint: SavedCheckpoint | null;

  /** Messages that wait, in the order in which they will run. */
  readonly queue: readonly QueuedMessage[];
  /** The message being executed; it has left the queue. */
  readonly current: QueuedMessage | null;
  readonly run: ActiveRun | null;
  readonly steering: readonly Steer[];
  readonly interrupted: Interrupted | null;
  readonly pause: Pause | null;
  /** Of which usage may still be told, newest last. */
  readonly endedRuns: readonly EndedRun[];
  /** Requests answered lately, so that a second answer is told apart from an unknown one. */
  readonly answered: readonly string[];
  readonly deadlines: Deadlines;
  /** How the sandbox of this epoch is kept. Absent before the first measurement. */
  readonly policy?: { readonly epoch: number; readonly facts: readonly PolicyFact[]; readonly measuring: boolean };
}
