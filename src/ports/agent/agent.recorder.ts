/** Reads an agent's events in a contract and waits for what is expected, without sleeping. */
import type { UpMessage } from "@berth/protocol";
import type { AgentEvent, CodingAgent } from "./agent.port.ts";

export type Said<T extends UpMessage["type"]> = Extract<UpMessage, { type: T }>;

export class Recorder {
  readonly events: AgentEvent[] = [];
  #isEnded = false;
  #waiting: (() => void)[] = [];

  constructor(agent: CodingAgent) {
    void this.#read(agent);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  all<T extends UpMessage["type"]>(type: T, messageId?: string): Said<T>[] {
    return this.events
      .flatMap((event) => (event.kind === "message" ? [event.message as UpMessage] : []))
      .filter((message): message is Said<T> => message.type === type)
      .filter((message) => messageId === undefined || ("messageId" in message && message.messageId === messageId));
  }

  /** The first of this type, as soon as it is there. */
  async first<T extends UpMessage["type"]>(type: T, messageId?: string): Promise<Said<T>> {
    await this.until(() => this.all(type, messageId).length > 0);
    return this.all(type, messageId)[0] as Said<T>;
  }

  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (this.#isEnded) throw new Error(`the events ended early: ${JSON.stringify(this.events.slice(-5))}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async ended(): Promise<void> {
    await this.until(() => this.#isEnded);
  }

  /** Parts of a message's turn as their ends say, by kind. */
  parts(messageId: string, kind: "text" | "reasoning" | "tool"): Said<"part-ended">["part"][] {
    return this.all("part-ended", messageId).flatMap(({ part }) => (part.kind === kind ? [part] : []));
  }

  async #read(agent: CodingAgent): Promise<void> {
    for await (const event of agent.events()) {
      this.events.push(event);
      this.#wakeAll();
    }
    this.#isEnded = true;
    this.#wakeAll();
  }

  #wakeAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
