/**
 * What the simulation itself saw, in plain values: what was asked and answered, what the agent executed, what every viewer
 * got, what was committed. The checks are made from these and share no code with the session.
 */
import type { SessionEvent } from "@berth/protocol";

export interface Accepted {
  readonly messageId: string;
  readonly text: string;
  readonly key: string | null;
}

export interface Execution {
  readonly messageId: string;
  readonly text: string;
  readonly epoch: number;
  readonly atMs: number;
  outcome: string | null;
}

/** One part as the agent made it. */
export interface SpokenPart {
  readonly messageId: string;
  readonly epoch: number;
  text: string;
  isEnded: boolean;
}

export interface StopAsked {
  readonly runId: string;
  readonly atMs: number;
  readonly slackMs: number;
}

export interface Watched {
  readonly name: string;
  readonly apiKeyId: string | null;
  /** JSON of events by `seq`, over all connections. */
  readonly events: Map<number, string>;
  /** Text so far of parts, over all connections. */
  readonly texts: Map<string, string>;
  synced: boolean;
}

export class Records {
  /** JSON of every committed event, in order of commit. */
  readonly log: string[] = [];
  readonly accepted: Accepted[] = [];
  readonly executions = new Map<string, Execution[]>();
  readonly order: string[] = [];
  /** How often the agent took a message into a turn that was running. */
  readonly steered = new Map<string, number>();
  readonly parts = new Map<string, SpokenPart>();
  readonly stops: StopAsked[] = [];
  readonly viewers: Watched[] = [];
  /** Ids that a person took back with an answer. */
  readonly cancelled = new Set<string>();
  /** Epochs whose sandbox found that it is not kept as declared, and when it last did. */
  readonly keptOtherwise = new Map<number, number>();
  /** Epochs of which a backend did not say how they are kept. */
  readonly undeclared = new Set<number>();
  /** Faults that struck. */
  readonly struck: string[] = [];
  /** Time that passed with an alarm due and not rung, in all. */
  slackMs = 0;
  removed = false;
  /** The object's memory was lost, and with it text that was streamed and not committed: its runtime sends that again, if it lives. */
  forgot = false;
  /** Something was made to happen that is in no catalog. */
  isLed = false;

  executed(messageId: string, text: string, epoch: number, atMs: number): Execution {
    const execution: Execution = { messageId, text, epoch, atMs, outcome: null };
    const known = this.executions.get(messageId);
    if (known) known.push(execution);
    else this.executions.set(messageId, [execution]);
    this.order.push(messageId);
    return execution;
  }

  events(): SessionEvent[] {
    return this.log.map((text) => JSON.parse(text) as SessionEvent);
  }
}
