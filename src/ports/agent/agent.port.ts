/** A coding agent inside the sandbox, as the runtime drives it. */
import type { AgentLimits, Answer, DownMessage, UpMessage } from "@berth/protocol";

export type AgentConfig = Omit<Extract<DownMessage, { type: "configure" }>, "type" | "environment"> & {
  /** Absolute path of the work folder. */
  readonly workFolder: string;
  /** The session's sandbox token: what the agent sends the broker in place of a key. */
  readonly brokerToken: string;
  /** For the agent and its tools, by name; a secret of the same name goes before. Not secret, so shown where they are printed. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Secrets that the agent and its tools may read, by name. Kept in memory only. */
  readonly environment?: Readonly<Record<string, string>>;
};

export interface AgentPrompt {
  /** Berth's message id. The adapter maps it to an id of the agent's own, kept on disk before submission. */
  readonly messageId: string;
  readonly text: string;
  /** `provider/model` */
  readonly model: string;
}

/**
 * `unknown`: never submitted, safe to submit. `finished`: its turn ended. `maybe`: submitted and not provably finished;
 * it must not be submitted again.
 */
export type PromptKnowledge = "unknown" | "running" | "finished" | "maybe";

/** What the agent reports: a link message to be numbered, or a delta of an open part. */
export type AgentEvent =
  | { readonly kind: "message"; readonly message: Exclude<UpMessage, { type: "accepted" | "ready" | "workspace-ready" | "workspace-failed" }> }
  | { readonly kind: "delta"; readonly partId: string; readonly offset: number; readonly text: string };

export interface AgentInfo {
  readonly name: string;
  readonly version: string;
  /** Absent: nothing. */
  readonly cannot?: AgentLimits;
}

export type SteerAnswer = "taken" | "refused";

export interface CodingAgent {
  /** Starts the agent and answers when it can take a prompt. A second open with another config restarts it. */
  open(config: AgentConfig, signal: AbortSignal): Promise<AgentInfo>;
  /** Submits a prompt and answers when the agent has it. Its end arrives as a `turn-ended` event. */
  prompt(prompt: AgentPrompt): Promise<void>;
  lookup(messageId: string): Promise<PromptKnowledge>;
  /**
   * Takes up a submitted prompt again after a restart: reports every part of its turn from the first and then its end,
   * `interrupted` when it cannot be shown to have finished. A turn that still runs goes on.
   * @throws PortError `not-found` when it was never submitted
   */
  resume(messageId: string): Promise<void>;
  /**
   * Gives the running turn of `turnMessageId` another message. `taken`: the agent's next model request has it, and it lives
   * and ends with that turn. `refused`: the agent never saw it and never will, so it may be submitted as a prompt; agents
   * that cannot take one always say so. Answered before the turn's end is reported.
   * @throws PortError with outcome `unknown` when it cannot be told; ask `lookup`
   */
  steer(turnMessageId: string, steerId: string, text: string): Promise<SteerAnswer>;
  /** Stops the turn; its end arrives as `turn-ended` with outcome `stopped`. Interrupting nothing succeeds. */
  interrupt(messageId: string): Promise<void>;
  /** @throws PortError `not-found` when the question is gone */
  answer(requestId: string, answer: Answer): Promise<void>;
  /** One consumer; ends when the agent is closed. */
  events(): AsyncIterable<AgentEvent>;
  /** What runs now: a tool's name, `model` while nothing but the model is at work, or null; for heartbeats. */
  activity(): string | null;
  close(): Promise<void>;
}
