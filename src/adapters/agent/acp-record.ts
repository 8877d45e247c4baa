/**
 * Which prompts an ACP agent was given, and how their turns ended. The protocol gives a prompt no id, so this is all that
 * tells after a crash; a prompt is on disk before it is given to the agent.
 */
import { createHash } from "node:crypto";
import type { Failure, Usage } from "@berth/protocol";

/** Lines that survive a crash. */
export interface AppendLog {
  /** What is there now, oldest first. */
  readonly lines: readonly string[];
  /** Synchronous: on disk when it returns. */
  append(lines: readonly string[]): void;
}

/** How a turn went, as its `turn-ended` says it. */
export interface TurnEnd {
  readonly outcome: "completed" | "failed" | "stopped" | "interrupted";
  readonly usage?: Usage;
  readonly failure?: Failure;
}

interface Entry {
  readonly session?: string;
  readonly message?: string;
  readonly text?: string;
  readonly end?: TurnEnd;
}

interface Submitted {
  readonly textHash: string;
  readonly end: TurnEnd | null;
}

export class AcpRecord {
  readonly #log: AppendLog;
  readonly #messages = new Map<string, Submitted>();
  #session: string | null = null;

  constructor(log: AppendLog) {
    this.#log = log;
    this.reread();
  }

  /** Before the agent starts: its memory may have been put in place since. */
  reread(): void {
    this.#messages.clear();
    this.#session = null;
    for (const line of this.#log.lines) this.#replay(JSON.parse(line) as Entry);
  }

  /** The agent's session of this Berth session, or null before the first one. */
  get session(): string | null {
    return this.#session;
  }

  keepSession(session: string): void {
    this.#write({ session });
  }

  submitted(message: string, text: string): void {
    this.#write({ message, text: hashOf(text) });
  }

  ended(message: string, end: TurnEnd): void {
    this.#write({ message, end });
  }

  knows(message: string): boolean {
    return this.#messages.has(message);
  }

  /** Null while it runs, and when it was cut off. */
  endOf(message: string): TurnEnd | null {
    return this.#messages.get(message)?.end ?? null;
  }

  /** True for the newest message when this is what it said. */
  isNewest(message: string, text: string): boolean {
    const newest = [...this.#messages].at(-1);
    return newest?.[0] === message && newest[1].textHash === hashOf(text);
  }

  #write(entry: Entry): void {
    this.#log.append([JSON.stringify(entry)]);
    this.#replay(entry);
  }

  #replay({ session, message, text, end }: Entry): void {
    if (session !== undefined) this.#session = session;
    if (message === undefined) return;
    const known = this.#messages.get(message);
    if (text !== undefined) this.#messages.set(message, { textHash: text, end: known?.end ?? null });
    if (known && end) this.#messages.set(message, { ...known, end });
  }
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
