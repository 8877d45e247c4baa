/**
 * An agent whose task is so many steps, each one model call through the broker. It remembers the steps that are done, as a
 * coding agent's own history does, and goes on with the next; told that there is no room, it stops between two of them.
 */
import { NO_USAGE, type UpMessage } from "@berth/protocol";
import { AsyncQueue } from "../../../src/core/kernel/async-queue.ts";
import { REFUSAL_HEADER } from "../../../src/core/sandbox/refusal-header.ts";
import type { AgentConfig, AgentEvent, AgentInfo, AgentPrompt, CodingAgent, PromptKnowledge, SteerAnswer } from "../../../src/ports/agent/agent.port.ts";

/** Outlives the sandbox, as a checkpoint does. */
export interface CallingMemory {
  stepsDone: number;
  readonly prompts: Map<string, "running" | "finished">;
}

export interface CallingDeps {
  readonly memory: CallingMemory;
  readonly steps: number;
  /** One call for this step, with the sandbox's token. */
  call(step: number, signal: AbortSignal): Promise<Response>;
  /** Between two steps. */
  pause(): Promise<void>;
}

export class CallingAgent implements CodingAgent {
  readonly #deps: CallingDeps;
  readonly #out = new AsyncQueue<AgentEvent>();
  readonly #closing = new AbortController();
  #turn: string | null = null;

  constructor(deps: CallingDeps) {
    this.#deps = deps;
  }

  async open(_config: AgentConfig): Promise<AgentInfo> {
    return { name: "calling", version: "1" };
  }

  async prompt({ messageId }: AgentPrompt): Promise<void> {
    this.#deps.memory.prompts.set(messageId, "running");
    this.#turn = messageId;
    this.#say({ type: "turn-started", messageId });
    void this.#work(messageId);
  }

  async #work(messageId: string): Promise<void> {
    const { memory, steps, call, pause } = this.#deps;
    while (memory.stepsDone < steps) {
      const response = await call(memory.stepsDone + 1, this.#closing.signal);
      await response.text();
      if (this.#turn !== messageId) return;
      if (response.headers.get(REFUSAL_HEADER) === "budget") return this.#end(messageId, "interrupted", { code: "budget-reached", message: "There is no room." });
      if (!response.ok) return this.#end(messageId, "failed", { code: "model-unavailable", message: `The model answered ${response.status}.` });
      memory.stepsDone += 1;
      await pause();
    }
    this.#end(messageId, "completed");
  }

  async lookup(messageId: string): Promise<PromptKnowledge> {
    return this.#turn === messageId ? "running" : (this.#deps.memory.prompts.get(messageId) === "finished" ? "finished" : "unknown");
  }

  async resume(): Promise<void> {}

  async steer(): Promise<SteerAnswer> {
    return "refused";
  }

  async interrupt(messageId: string): Promise<void> {
    if (this.#turn === messageId) this.#end(messageId, "stopped");
  }

  async answer(): Promise<void> {}

  events(): AsyncIterable<AgentEvent> {
    return this.#out;
  }

  activity(): string | null {
    return this.#turn === null ? null : "model";
  }

  async close(): Promise<void> {
    this.#turn = null;
    this.#closing.abort();
    this.#out.end();
  }

  #end(messageId: string, outcome: "completed" | "failed" | "stopped" | "interrupted", failure?: { readonly code: string; readonly message: string }): void {
    this.#turn = null;
    this.#deps.memory.prompts.set(messageId, "finished");
    this.#say({ type: "turn-ended", messageId, outcome, usage: NO_USAGE, ...(failure ? { failure } : {}) });
  }

  #say(message: UpMessage): void {
    this.#out.push({ kind: "message", message } as AgentEvent);
  }
}
