/**
 * An agent that does what the benchmark says at once, in the place of OpenCode: the runtime around it, its journal on disk
 * and its link are the real ones, so that what is measured is Berth's own part.
 */
import type { AgentEvent, AgentInfo, AgentPrompt, CodingAgent, PromptKnowledge, SteerAnswer } from "../../src/ports/agent/agent.port.ts";
import { AsyncQueue } from "../../src/core/kernel/async-queue.ts";

type AgentMessage = Extract<AgentEvent, { kind: "message" }>["message"];

export class ScriptedAgent implements CodingAgent {
  /** What to do with a prompt; by default it is answered at once. */
  onPrompt: (prompt: AgentPrompt) => Promise<void> | void = ({ messageId }) => {
    this.startTurn(messageId);
    this.say(messageId, "Done.");
    this.endTurn(messageId);
  };
  /** A prompt has come over the link. */
  onPromptReceived: () => void = () => undefined;
  readonly #out = new AsyncQueue<AgentEvent>();
  readonly #texts = new Map<string, string>();
  #parts = 0;

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

  async steer(): Promise<SteerAnswer> {
    return "refused";
  }

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

  startTurn(messageId: string): void {
    this.#post({ type: "turn-started", messageId });
  }

  endTurn(messageId: string): void {
    this.#post({ type: "turn-ended", messageId, outcome: "completed" });
  }

  /** @returns the part's id */
  startPart(messageId: string, text = ""): string {
    const id = `prt_${messageId.slice(4)}${(this.#parts += 1).toString(36)}`;
    this.#texts.set(id, "");
    this.#post({ type: "part-started", messageId, part: { id, kind: "text", text } });
    return id;
  }

  write(partId: string, text: string): void {
    const known = this.#texts.get(partId) ?? "";
    this.#out.push({ kind: "delta", partId, offset: known.length, text });
    this.#texts.set(partId, known + text);
  }

  /** With what was written, or another text. */
  endPart(messageId: string, partId: string, text = this.#texts.get(partId) ?? ""): void {
    this.#texts.delete(partId);
    this.#post({ type: "part-ended", messageId, part: { id: partId, kind: "text", text } });
  }

  /** A part that is there at once: two events. */
  say(messageId: string, text: string): void {
    this.endPart(messageId, this.startPart(messageId), text);
  }

  #post(message: AgentMessage): void {
    this.#out.push({ kind: "message", message });
  }
}
