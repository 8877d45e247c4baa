/**
 * An agent that does what the benchmark says at once, in the place of OpenCode: the runtime around it, its journal on disk
 * and its link are the real ones, so that what is measured is Berth's own part.
 */
import type { CodingAgent, AgentEvent, AgentInfo, AgentPrompt, PromptKnowledge } from "../../src/ports/agent/agent.port.ts";
import { AsyncQueue } from "../../src/core/kernel/async-queue.ts";

export class ScriptedAgent implements CodingAgent {
  /** What to do with a prompt; by default it is answered at once. */
  onPrompt: (prompt: AgentPrompt) => Promise<void> | void = ({ messageId }) => {
    this.begin(messageId);
    this.end(messageId, "Done.");
  };
  readonly #out = new AsyncQueue<AgentEvent>();
  #length = 0;

  async open(): Promise<AgentInfo> {
    return { name: "scripted", version: "1" };
  }

  async prompt(prompt: AgentPrompt): Promise<void> {
    void this.onPrompt(prompt);
  }

  async lookup(): Promise<PromptKnowledge> {
    return "unknown";
  }

  async resume(): Promise<void> {}

  async interrupt(): Promise<void> {}

  async answer(): Promise<void> {}

  events(): AsyncIterable<AgentEvent> {
    return this.#out;
  }

  activity(): null {
    return null;
  }

  async close(): Promise<void> {
    this.#out.end();
  }

  begin(messageId: string): void {
    this.#length = 0;
    this.#out.push({ kind: "message", message: { type: "turn-started", messageId } });
    this.#out.push({ kind: "message", message: { type: "part-started", messageId, part: { id: partOf(messageId), kind: "text", text: "" } } });
  }

  write(messageId: string, text: string): void {
    this.#out.push({ kind: "delta", partId: partOf(messageId), offset: this.#length, text });
    this.#length += text.length;
  }

  end(messageId: string, text: string): void {
    this.#out.push({ kind: "message", message: { type: "part-ended", messageId, part: { id: partOf(messageId), kind: "text", text } } });
    this.#out.push({ kind: "message", message: { type: "turn-ended", messageId, outcome: "completed" } });
  }
}

function partOf(messageId: string): string {
  return `prt_${messageId}`;
}
