/**
 * Everything that can happen to a session. Time, ids and hashes arrive in the input; what a person did carries the author.
 * The shell turns platform callbacks into these and decides nothing.
 */
import type {
  Actor,
  AgentKind,
  Answer,
  BudgetReached,
  Failure,
  Delivery,
  Isolation,
  OnInterruption,
  PermissionPolicy,
  PolicyFact,
  SessionEnvironment,
  UpMessage,
  Usage,
  Workspace,
} from "@berth/protocol";
import type { SessionProvider } from "../providers/own-providers.ts";
import type { GitIdentity } from "./session.state.ts";

interface At {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/** Who acts. The same shape as the app's `Author`. */
export interface InputAuthor {
  readonly actor: Actor;
  readonly apiKeyId: string | null;
  /** The person or service account behind a key or a client token; absent or empty where there is none. */
  readonly userId?: string;
}

interface ByPerson extends At {
  readonly author: InputAuthor;
}

/** On inputs that may end a run: the text so far of its open parts, by part id, from the delta receiver. */
interface WithOpenParts {
  readonly openPartTexts?: Readonly<Record<string, string>>;
}

interface OfEpoch extends At {
  readonly epoch: number;
}

/** Ids are minted by the shell (`msg_…`, `run_…`); the run's is used when the message is dispatched. */
export interface NewPrompt {
  readonly messageId: string;
  readonly runId: string;
  readonly text: string;
  /** Absent: the session's model. */
  readonly model?: string;
  /** Absent: `queue`. */
  readonly delivery?: Delivery;
}

export type SessionInput =
  | (ByPerson & {
      readonly type: "session-opened";
      readonly orgId: string;
      readonly sessionId: string;
      readonly model: string;
      readonly title?: string;
      readonly workspace: Workspace;
      /** Absent: none. */
      readonly environment?: SessionEnvironment;
      readonly metadata: Readonly<Record<string, string>>;
      readonly externalUserId: string | null;
      readonly permissions: PermissionPolicy;
      /** Absent: `opencode`. */
      readonly agent?: AgentKind;
      /** Absent: `ask`. */
      readonly onInterruption?: OnInterruption;
      readonly providers: readonly SessionProvider[];
      readonly gitIdentity: GitIdentity | null;
      readonly demoOnly: boolean;
      /** In the order they are tried. */
      readonly backends: readonly string[];
      readonly prompt: NewPrompt | null;
    })
  | (ByPerson & {
      readonly type: "session-updated";
      readonly title?: string;
      readonly model?: string;
      readonly metadata?: Readonly<Record<string, string>>;
      readonly onInterruption?: OnInterruption;
      readonly providers?: readonly SessionProvider[];
    })
  /** The work was written to a branch of the folder it came from. */
  | (ByPerson & { readonly type: "work-applied"; readonly branch: string; readonly commit: string; readonly filesChanged: number })
  /** The operator's list of backends, read again; used from the next start on. */
  | (At & { readonly type: "backends-configured"; readonly backends: readonly string[] })
  | (ByPerson & {
      readonly type: "prompt-received";
      readonly prompt: NewPrompt;
      readonly providers?: readonly SessionProvider[];
    })
  | (ByPerson & { readonly type: "message-cancelled"; readonly messageId: string })
  /** `before`: id of the waiting message it goes in front of; null puts it last. */
  | (ByPerson & { readonly type: "message-moved"; readonly messageId: string; readonly before: string | null })
  | (ByPerson & { readonly type: "stop-requested" })
  /** `interrupted`: what becomes of the message that was cut off. */
  | (ByPerson & { readonly type: "resume-requested"; readonly interrupted: "skip" | "continue" | "retry" })
  | (ByPerson & { readonly type: "hibernate-requested" })
  /** Somebody wants to know how the sandbox is kept now. */
  | (ByPerson & { readonly type: "policy-requested" })
  /** Somebody is in the sandbox itself. `acts`: they change something there, or may. `dials`: there is no tunnel to it yet. */
  | (ByPerson & { readonly type: "workspace-used"; readonly acts: boolean; readonly dials: boolean })
  /** All parts were asked. `stops`: the organization wants no sandbox that is kept otherwise than declared. */
  | (OfEpoch & WithOpenParts & { readonly type: "policy-checked"; readonly facts: readonly PolicyFact[]; readonly stops: boolean })
  | (ByPerson & { readonly type: "answer-given"; readonly requestId: string; readonly answer: Answer })
  | (ByPerson & WithOpenParts & { readonly type: "session-removed" })
  /** The object was loaded from storage: what was in flight is unknown. `linkId`: the link socket that survived, if any. */
  | (At & WithOpenParts & { readonly type: "session-restored"; readonly linkId: string | null })
  /** The token of the sandbox to be created; commit this before the create is sent. */
  | (OfEpoch & { readonly type: "sandbox-token-minted"; readonly tokenHash: string })
  | (OfEpoch & { readonly type: "sandbox-accepted"; readonly backend: string; readonly isolation: Isolation })
  | (OfEpoch & {
      readonly type: "sandbox-create-failed";
      readonly backend: string;
      readonly failure: Failure;
      /** Of the port error: whether a sandbox may exist all the same. */
      readonly outcome: "not-applied" | "applied" | "unknown";
      /** Of the port error: whether the same request may succeed in a moment. Absent: no. */
      readonly mayPass?: boolean;
    })
  /** The backend says that a sandbox that was let go is stopped or, after the session was removed, destroyed. `unknown`: it knows of none. */
  | (At & { readonly type: "sandbox-released"; readonly releasedEpoch: number; readonly unknown?: boolean })
  /** What the backend says of a sandbox whose link is gone; `gone` covers stopped, failed and not found, `unreachable` that it could not be asked. */
  | (OfEpoch & WithOpenParts & { readonly type: "sandbox-described"; readonly phase: "alive" | "gone" | "unreachable"; readonly failure: Failure | null; readonly mayPass?: boolean })
  /** A hello on a socket whose token was checked against the lease's hash. `linkId` is minted by the shell per socket. */
  | (OfEpoch & WithOpenParts & {
      readonly type: "link-opened";
      readonly linkId: string;
      readonly versions: readonly number[];
      /** Last down number the runtime has committed. */
      readonly received: number;
    })
  | (OfEpoch & { readonly type: "link-closed"; readonly linkId: string })
  /** The runtime's `ack` frame. */
  | (OfEpoch & { readonly type: "down-acked"; readonly n: number })
  /** The runtime's numbered frame, also when it is a repeat. */
  | (OfEpoch & WithOpenParts & { readonly type: "up-received"; readonly n: number; readonly message: UpMessage })
  /** `running`: what the runtime says is running, or `answer` when deltas came since the last heartbeat. */
  | (OfEpoch & { readonly type: "heartbeat-received"; readonly running: string | null })
  /** The broker's count of one model call. */
  | (At & { readonly type: "usage-reported"; readonly runId: string | null; readonly usage: Usage; readonly costMicros: number | null })
  /** No room under a cap: for a model call of this run, or for anything while the organization is stopped. */
  | (At & { readonly type: "budget-reached"; readonly runId: string | null; readonly reached: BudgetReached })
  /** There is room again: the ledger said so, or gave it. */
  | (At & { readonly type: "budget-lifted" })
  /** Someone changed a cap, or stopped the organization or lifted that. */
  | (At & { readonly type: "budget-changed" })
  /** The sandbox is about to get what that person keeps for themselves; where this is refused it gets none of it. */
  | (OfEpoch & { readonly type: "own-secrets-asked"; readonly ownerId: string })
  /** A slice of the sandbox's time is paid for. */
  | (OfEpoch & { readonly type: "compute-granted"; readonly slice: number; readonly untilMs: number })
  | (OfEpoch & { readonly type: "compute-refused"; readonly reached: BudgetReached })
  /** The alarm. It may be late or come twice. */
  | (At & WithOpenParts & { readonly type: "clock-ticked" });

export type InputType = SessionInput["type"];
export type InputOf<T extends InputType> = Extract<SessionInput, { type: T }>;
