/**
 * A coding agent in memory. It obeys the directives of the demo model (`!say`, `!think`, `!bash`, `!ask`, `!fail`,
 * `!sleep`, `!recall`), or plays the steps it is given. What it must know after a restart is in its store.
 */
import type { Answer, Failure, Question } from "@berth/protocol";
import { AsyncQueue } from "../../core/kernel/async-queue.ts";
import { FaultScript } from "../../core/kernel/fault.ts";
import { PortError, isPortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import type { AgentConfig, AgentEvent, AgentInfo, AgentPrompt, CodingAgent, PromptKnowledge, SteerAnswer } from "./agent.port.ts";
import { AGENT_FAULTS } from "./agent.faults.ts";
import { obeyDirectives, titleOf } from "./agent.fake.script.ts";
import { FakeTurn, type TurnOutcome } from "./agent.fake.turn.ts";

export type FakeStep =
  | { readonly do: "say" | "think"; readonly text: string }
  /** Asks for permission first when the policy says so. */
  | { readonly do: "tool"; readonly name: string; readonly input: Record<string, unknown>; readonly output?: string; readonly error?: string }
  | { readonly do: "ask"; readonly questions: readonly Question[] }
  | { readonly do: "todo"; readonly items: readonly { readonly text: string; readonly status: string }[] }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "fail"; readonly failure: Failure };

interface FakeTurnRecord {
  readonly prompt: AgentPrompt;
  /** Messages it was given while it ran, in order. */
  readonly steers: AgentPrompt[];
  readonly said: AgentEvent[];
  outcome: TurnOutcome | null;
}

/** The agent's memory of a session: survives the agent's process. */
export interface FakeAgentStore {
  /** In the order of submission; `outcome` is null until the turn ends. */
  readonly turns: Map<string, FakeTurnRecord>;
  title: string | null;
}

export function createFakeAgentStore(): FakeAgentStore {
  return { turns: new Map(), title: null };
}

export interface InMemoryCodingAgentDeps {
  readonly store?: FakeAgentStore;
  readonly faults?: FaultScript;
  /** What the agent does with a prompt. */
  readonly script?: (prompt: AgentPrompt, earlier: readonly AgentPrompt[]) => readonly FakeStep[];
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const INFO: AgentInfo = { name: "in-memory", version: "1.0.0" };
const DIED: Failure = { code: "agent-died", message: "The agent ended in the middle of the turn." };
const CUT_OFF: Failure = { code: "agent-restarted", message: "The agent was restarted before the turn ended." };

export class InMemoryCodingAgent implements CodingAgent {
  readonly store: FakeAgentStore;
  readonly #faults: FaultScript;
  readonly #script: NonNullable<InMemoryCodingAgentDeps["script"]>;
  readonly #sleep: NonNullable<InMemoryCodingAgentDeps["sleep"]>;
  readonly #out = new AsyncQueue<AgentEvent>();
  #config: AgentConfig | null = null;
  #turn: FakeTurn | null = null;

  constructor({ store = createFakeAgentStore(), faults = new FaultScript(AGENT_FAULTS), script = obeyDirectives, sleep = realSleep }: InMemoryCodingAgentDeps = {}) {
    this.store = store;
    this.#faults = faults;
    this.#script = script;
    this.#sleep = sleep;
  }

  async open(config: AgentConfig, signal: AbortSignal): Promise<AgentInfo> {
    signal.throwIfAborted();
    if (this.#config && JSON.stringify(this.#config) === JSON.stringify(config)) return INFO;
    this.#cut(CUT_OFF);
    const slow = this.#faults.strike("open", "after-apply");
    if (slow) await this.#sleep(1, signal);
    this.#config = config;
    return INFO;
  }

  async prompt(prompt: AgentPrompt): Promise<void> {
    this.#faults.strike("prompt", "before-send");
    const config = this.#need("prompt");
    if (this.#recordOf(prompt.messageId)) throw refusal("prompt", "already-exists", "This prompt was submitted before.");
    if (this.#turn) throw refusal("prompt", "failed-precondition", "Another turn is running.");
    const earlier = this.#prompts();
    const record: FakeTurnRecord = { prompt, steers: [], said: [], outcome: null };
    this.store.turns.set(prompt.messageId, record);
    const turn = new FakeTurn({
      messageId: prompt.messageId,
      policy: config.permissions,
      sleep: this.#sleep,
      strike: () => this.#strikeTurn(prompt.messageId),
      say: (event) => {
        record.said.push(event);
        this.#out.push(event);
      },
      over: (outcome) => {
        record.outcome = outcome;
        if (this.#turn === turn) this.#turn = null;
      },
    });
    this.#turn = turn;
    if (this.store.title === null) this.#sayTitle(titleOf(prompt.text));
    void turn.play(this.#script(prompt, earlier));
    this.#faults.strike("prompt", "after-apply");
  }

  async lookup(messageId: string): Promise<PromptKnowledge> {
    const known = this.#recordOf(messageId);
    if (!known) return "unknown";
    if (this.#turn?.messageId === known.prompt.messageId) return "running";
    return known.outcome === null || known.outcome.outcome === "interrupted" ? "maybe" : "finished";
  }

  async resume(messageId: string): Promise<void> {
    this.#need("resume");
    if (this.#turn?.messageId === messageId) return;
    const known = this.store.turns.get(messageId);
    if (!known) throw refusal("resume", "not-found", "This prompt was never submitted.");
    this.#out.push(...known.said);
    if (known.said.some((event) => event.kind === "message" && event.message.type === "turn-ended")) return;
    known.outcome = { outcome: "interrupted", failure: CUT_OFF };
    const ended = FakeTurn.endingOf(messageId, known.said, known.outcome);
    known.said.push(...ended);
    this.#out.push(...ended);
  }

  async steer(turnMessageId: string, steerId: string, text: string): Promise<SteerAnswer> {
    this.#need("steer");
    if (this.#recordOf(steerId)) return "taken";
    const turn = this.#turn;
    const record = this.store.turns.get(turnMessageId);
    if (turn?.messageId !== turnMessageId || !record || this.#faults.strike("steer", "before-send")) return "refused";
    const message: AgentPrompt = { ...record.prompt, messageId: steerId, text };
    turn.steer(this.#script(message, this.#prompts()));
    record.steers.push(message);
    this.#faults.strike("steer", "after-apply");
    return "taken";
  }

  async interrupt(messageId: string): Promise<void> {
    if (this.#turn?.messageId === messageId) this.#turn.end({ outcome: "stopped" });
  }

  async answer(requestId: string, answer: Answer): Promise<void> {
    this.#faults.strike("answer", "before-send");
    this.#need("answer");
    const taken = this.#turn?.answer(requestId, answer) ?? "gone";
    if (taken === "gone") throw refusal("answer", "not-found", "That question is gone: its turn ended, or it was answered.");
    if (taken === "wrong-kind") throw refusal("answer", "invalid-argument", "The answer is not of the kind that was asked for.");
  }

  events(): AsyncIterable<AgentEvent> {
    return this.#out;
  }

  activity(): string | null {
    return this.#turn?.activity ?? null;
  }

  async close(): Promise<void> {
    this.#cut(CUT_OFF);
    this.#config = null;
    this.#out.end();
  }

  /** The process ends as by an out-of-memory kill: nothing more is said of the turn but that it was cut off. */
  die(): void {
    this.#cut(DIED);
    this.#config = null;
    this.#out.push({ kind: "message", message: { type: "agent-failed", failure: DIED } });
  }

  /** The process and its reader end together, so that nobody hears anything more. */
  vanish(): void {
    this.#turn?.vanish();
    this.#turn = null;
    this.#config = null;
    this.#out.end();
  }

  /** The turn that a prompt began, or that a message steered. */
  #recordOf(messageId: string): FakeTurnRecord | undefined {
    const steered = (turn: FakeTurnRecord): boolean => turn.steers.some((steer) => steer.messageId === messageId);
    return this.store.turns.get(messageId) ?? [...this.store.turns.values()].find(steered);
  }

  #prompts(): AgentPrompt[] {
    return [...this.store.turns.values()].flatMap(({ prompt, steers }) => [prompt, ...steers]);
  }

  #cut(failure: Failure): void {
    this.#turn?.end({ outcome: "interrupted", failure });
    this.#turn = null;
  }

  #sayTitle(title: string): void {
    this.store.title = title;
    this.#out.push({ kind: "message", message: { type: "title", title } });
  }

  /** What an armed fault makes of the turn: a failure, nothing, or never going on. */
  #strikeTurn(messageId: string): "go-on" | "hang" | Failure {
    // A cut of the stream is mended inside an adapter; here there is nothing between agent and reader to cut.
    this.#faults.strike("events", "mid-stream");
    try {
      if (this.#faults.strike("turn", "mid-stream")) return "hang";
      this.#faults.strike("turn", "after-apply");
      return "go-on";
    } catch (error) {
      if (!isPortError(error)) throw error;
      if (error.code === "internal") {
        queueMicrotask(() => this.#turn?.messageId === messageId && this.die());
        return "hang";
      }
      return { code: error.code === "permission-denied" ? "model-unauthorized" : "model-rate-limited", message: error.message };
    }
  }

  #need(operation: string): AgentConfig {
    if (!this.#config) throw refusal(operation, "failed-precondition", "The agent is not running.");
    return this.#config;
  }
}

function refusal(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "agent", operation, code, outcome: "not-applied", retry: "never", message });
}

function realSleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
