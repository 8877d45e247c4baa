/** What a transcript is made of: turns of a message and what the agent made of it. Plain data. */
import type { Actor, AgentKind, Answer, EventData, Failure, MessageStatus, Part, PolicyFact, SessionStatus, WaitingFor, Workspace } from "@berth/protocol";

export interface Transcript {
  /** The newest `seq` in it; subscribe after it. */
  readonly lastSeq: number;
  readonly title: string;
  readonly model: string | null;
  readonly status: SessionStatus;
  readonly waitingFor: WaitingFor | null;
  readonly failure: Failure | null;
  /** The cap that the session waits for room under. */
  readonly budget: EventData<"budget.reached"> | null;
  readonly workspace: Workspace | null;
  readonly workspaceStatus: EventData<"workspace.status"> | null;
  readonly sandbox: EventData<"sandbox.status"> | null;
  /** Null for the usual one. */
  readonly agent: AgentKind | null;
  /** What its sandboxes begin with; null in none. */
  readonly environment: TranscriptEnvironment | null;
  /** Where the present sandbox is not kept as declared, as told last. */
  readonly mismatch: readonly PolicyFact[];
  readonly todos: EventData<"todo.updated">["items"];
  /** When the work was last saved outside its sandbox. */
  readonly savedAt: string | null;
  /** Why it could not be saved since. */
  readonly saveFailure: Failure | null;
  /** When the sandbox of now was made from saved work; null when it began otherwise. */
  readonly restoredAt: string | null;
  /** In the order they were sent; queued and cancelled ones too. */
  readonly turns: readonly Turn[];
}

export interface TranscriptEnvironment {
  readonly id: string;
  readonly name: string;
  /** What was said last of it; null before anything was. */
  readonly phase: EventData<"environment.status">["phase"] | null;
  readonly failure: Failure | null;
  /** What its setup script printed. */
  readonly output: string;
}

export interface Turn {
  readonly messageId: string;
  readonly text: string;
  readonly model: string;
  readonly author: Actor | null;
  readonly at: string;
  readonly status: MessageStatus;
  readonly failure: Failure | null;
  /** Meant for the turn that was running. */
  readonly steers: boolean;
  /** Why that may not have worked, or has not. */
  readonly deferred: EventData<"message.steer-deferred">["reason"] | null;
  /** The interrupted message whose work this one goes on with, or does again. */
  readonly continues: string | null;
  readonly retryOf: string | null;
  readonly run: TurnRun | null;
  readonly items: readonly TurnItem[];
}

export interface TurnRun {
  readonly id: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** The agent was asked to stop. */
  readonly stopping: boolean;
  readonly end: EventData<"run.ended"> | null;
}

export type TurnItem = PartItem | RequestItem | AppliedItem | MaskedItem;

export interface PartItem {
  readonly kind: "part";
  readonly id: string;
  readonly part: Part;
  /** Text, reasoning or the tool's output so far. */
  readonly text: string;
  /** True until the part ended. */
  readonly open: boolean;
}

export type RequestItem =
  | ({ readonly kind: "permission"; readonly id: string; readonly at: string; readonly answer: Answer | null } & EventData<"permission.asked">)
  | ({ readonly kind: "question"; readonly id: string; readonly at: string; readonly answer: Answer | null } & EventData<"question.asked">);

export type AppliedItem = { readonly kind: "applied"; readonly id: string; readonly at: string } & EventData<"workspace.applied">;

/** Credentials that are bullets in what comes after it. */
export type MaskedItem = { readonly kind: "masked"; readonly id: string; readonly at: string } & EventData<"secrets.masked">;

/** Messages that wait for their turn. */
export function queuedTurns(transcript: Transcript): Turn[] {
  return transcript.turns.filter((turn) => turn.status === "queued");
}

/** The text a turn ended with: its last text part. */
export function answerText(turn: Turn): string {
  const last = turn.items.findLast((item) => item.kind === "part" && item.part.kind === "text");
  return last?.kind === "part" ? last.text : "";
}
