/**
 * What a step asks for. Everything here happens after the step's state and events are committed, in the given order;
 * a lost effect is made good by a deadline or by `session-restored`, never by trust.
 */
import type { DownFrame, Message, NewEvent, ProblemType, Run, SandboxMeasurement, Workspace } from "@berth/protocol";
import type { SessionState } from "./session.state.ts";

export type Effect =
  /**
   * Pay for the first slice of its time and step `compute-granted` or `compute-refused`, mint the epoch's token, step `sandbox-token-minted` with its hash, and if that is not refused create the sandbox;
   * then step `sandbox-accepted` or `sandbox-create-failed`.
   */
  | {
      readonly type: "create-sandbox";
      /** `${sessionId}-${epoch}` */
      readonly id: string;
      readonly epoch: number;
      readonly backend: string;
      readonly workspace: Workspace;
      readonly demoOnly: boolean;
      /** A pause before it is asked for. */
      readonly afterMs: number;
    }
  /**
   * Ends its processes and keeps its files, which the session's next epoch finds again; then step `sandbox-released`. A
   * failure is logged, and a deadline asks again.
   */
  | { readonly type: "stop-sandbox"; readonly id: string; readonly epoch: number; readonly backend: string }
  /** Removes its files too; then step `sandbox-released`. */
  | { readonly type: "destroy-sandbox"; readonly id: string; readonly epoch: number; readonly backend: string }
  /** Ask the backend, then step `sandbox-described`. */
  | { readonly type: "describe-sandbox"; readonly id: string; readonly epoch: number; readonly backend: string }
  /** Pay for a slice of the sandbox's time, then step `compute-granted` or `compute-refused`. */
  | { readonly type: "reserve-compute"; readonly epoch: number; readonly slice: number; readonly untilMs: number }
  /** What was used of a slice. A lost one counts in full. */
  | { readonly type: "settle-compute"; readonly id: string; readonly seconds: number }
  /** Ask the ledger whether there is room for what the session waits for, then step `budget-lifted`, or `budget-reached` for a run. */
  | { readonly type: "check-budget" }
  /** The session is over, and its own caps with it. */
  | { readonly type: "forget-caps" }
  /** Ask every enforcing part, compare all that was measured with what is declared, then step `policy-checked`. */
  | { readonly type: "check-policy"; readonly id: string; readonly epoch: number; readonly backend: string; readonly measurement: SandboxMeasurement }
  /** To the socket with this id, if it is still there. Of several acks in one tick only the last needs to go. */
  | { readonly type: "send-frame"; readonly linkId: string; readonly frame: DownFrame }
  | { readonly type: "close-link"; readonly linkId: string; readonly code: number; readonly reason: string }
  /** Replaces the wake-up time for `clock-ticked`; the shell takes the earlier of this and its outbox. */
  | { readonly type: "set-alarm"; readonly atMs: number | null }
  /** Nothing is left outside: once the outbox is empty, remove everything that is stored. */
  | { readonly type: "forget-session" };

export type EffectType = Effect["type"];
export type EffectOf<T extends EffectType> = Extract<Effect, { type: T }>;

/** `run-history`: the ended run; its events are read from the log when it is flushed. */
export interface RunHistoryPayload {
  readonly run: Run;
  /** How often its usage was counted on after its end. Absent: 0, the first report, with which its events go. */
  readonly revision?: number;
}

/** `catalog` and `event-bus`: the summary is made when it is flushed, so that the newest one goes. */
export interface SessionChangePayload {
  readonly sessionId: string;
  readonly removed: boolean;
}

/** Fits `CommitBatch.outboxAdd`. */
export interface OutboxItem {
  readonly id: string;
  readonly target: "run-history" | "catalog" | "event-bus";
  /** JSON text of the payload above. */
  readonly payload: string;
  readonly nextAttemptAtMs: number;
}

/** The caller's fault: nothing changed, and nothing follows. */
export interface Refusal {
  readonly problem: ProblemType;
  readonly detail: string;
  readonly fix?: string;
  /** Where in the request's body the fault is. */
  readonly pointer?: string;
  /** For inputs that came over a link: close its socket with this code. */
  readonly closeCode?: number;
}

export interface Step {
  readonly state: SessionState;
  readonly events: readonly NewEvent[];
  readonly effects: readonly Effect[];
  readonly outbox: readonly OutboxItem[];
  /** Messages as they are now, to be inserted or replaced by id in the same commit. */
  readonly messages: readonly Message[];
  readonly refusal: Refusal | null;
  /** What `prompt-received` and `message-cancelled` answer. */
  readonly reply: Message | null;
}

/** A refused first input: there is no session, and still none. */
export interface NoStep {
  readonly state: null;
  readonly events: readonly [];
  readonly effects: readonly [];
  readonly outbox: readonly [];
  readonly messages: readonly [];
  readonly refusal: Refusal;
  readonly reply: null;
}
