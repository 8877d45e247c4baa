/**
 * The scripted agent: it does one thing each time the draw comes to it, and writes down by itself what it executed and
 * said. What must be known after its process ended is in the memory it is given.
 */
import { NO_USAGE, type Answer, type Part, type UpMessage } from "@berth/protocol";
import { AsyncQueue } from "../../src/core/kernel/async-queue.ts";
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import { isPortError, PortError, type PortErrorCode } from "../../src/core/kernel/port-error.ts";
import type { AgentConfig, AgentEvent, AgentInfo, AgentPrompt, CodingAgent, PromptKnowledge, SteerAnswer } from "../../src/ports/agent/agent.port.ts";
import { writeScript, type Act } from "./agent-script.ts";
import type { Execution } from "./records.ts";
import type { World } from "./world.ts";

export interface TurnMemory {
  readonly said: AgentEvent[];
  /** Ids of messages that were given to the turn while it ran. */
  readonly steers: Set<string>;
  outcome: string | null;
}

/** Survives the agent's process, as long as the sandbox's disk does. */
export interface AgentMemory {
  readonly turns: Map<string, TurnMemory>;
  titled: boolean;
}

export interface AgentOptions {
  readonly world: World;
  readonly epoch: number;
  /** Asked each time, since a checkpoint may take its place before the agent is opened. */
  readonly memory: () => AgentMemory;
  readonly faults: FaultScript;
  /** Asks the broker for a model call; resolves when the answer is there, false when there is no room for the call. */
  modelCall(): Promise<boolean>;
}

interface Turn {
  readonly messageId: string;
  readonly memory: TurnMemory;
  readonly execution: Execution;
  readonly script: Act[];
  readonly open: Map<string, Part>;
  readonly requests: Map<string, "permission" | "question">;
  isWaiting: boolean;
  activity: string;
}

const INFO: AgentInfo = { name: "scripted", version: "1" };
const CUT = { code: "agent-restarted", message: "The agent was restarted before the turn ended." };
const OUT_OF_ROOM = { code: "budget-reached", message: "A spending cap leaves no room for the next model call." };
const DIED = { code: "agent-died", message: "The agent ended in the middle of the turn." };

export class ScriptedAgent implements CodingAgent {
  readonly #o: AgentOptions;
  readonly #out = new AsyncQueue<AgentEvent>();
  #config: AgentConfig | null = null;
  #turn: Turn | null = null;
  #isGone = false;

  constructor(options: AgentOptions) {
    this.#o = options;
  }

  async open(config: AgentConfig, signal: AbortSignal): Promise<AgentInfo> {
    const { world, faults } = this.#o;
    signal.throwIfAborted();
    if (this.#config && JSON.stringify(this.#config) === JSON.stringify(config)) return INFO;
    this.#cut(CUT);
    const slow = faults.strike("open", "after-apply");
    await world.gate("agent starts", slow ? world.pick([3_000, 20_000]) : 0);
    this.#config = config;
    return INFO;
  }

  async prompt({ messageId, text }: AgentPrompt): Promise<void> {
    const { world, faults, epoch } = this.#o;
    const memory = this.#o.memory();
    faults.strike("prompt", "before-send");
    if (!this.#config) throw refusal("prompt", "failed-precondition", "The agent is not running.");
    if (memory.turns.has(messageId)) throw refusal("prompt", "already-exists", "This prompt was submitted before.");
    if (this.#turn) throw refusal("prompt", "failed-precondition", "Another turn is running.");
    const record: TurnMemory = { said: [], steers: new Set(), outcome: null };
    memory.turns.set(messageId, record);
    const execution = world.records.executed(messageId, text, epoch, world.time.now());
    const script = writeScript(world, messageId, epoch, this.#config.permissions["*"] === "ask");
    this.#turn = { messageId, memory: record, execution, script, open: new Map(), requests: new Map(), isWaiting: false, activity: "model" };
    if (!memory.titled) {
      memory.titled = true;
      this.#out.push({ kind: "message", message: { type: "title", title: `About ${text.slice(0, 12)}` } });
    }
    this.#say({ type: "turn-started", messageId });
    this.#workSoon(this.#turn);
    faults.strike("prompt", "after-apply");
  }

  async lookup(messageId: string): Promise<PromptKnowledge> {
    if (this.#turn?.messageId === messageId || this.#turn?.memory.steers.has(messageId)) return "running";
    const known = this.#known(messageId);
    if (!known) return "unknown";
    return known.outcome === null || known.outcome === "interrupted" ? "maybe" : "finished";
  }

  async resume(messageId: string): Promise<void> {
    if (this.#turn?.messageId === messageId) return;
    const known = this.#o.memory().turns.get(messageId);
    if (!known) throw refusal("resume", "not-found", "This prompt was never submitted.");
    this.#out.push(...known.said);
    if (known.outcome !== null) return;
    known.outcome = "interrupted";
    const open = new Map<string, Part>();
    for (const event of known.said) {
      if (event.kind === "delta") {
        const part = open.get(event.partId);
        if (part && !part.tool) open.set(part.id, { ...part, text: (part.text ?? "") + event.text });
      } else if (event.message.type === "part-started") open.set(event.message.part.id, event.message.part);
      else if (event.message.type === "part-ended") open.delete(event.message.part.id);
    }
    const last: UpMessage[] = [...open.values()].map((part) => ({ type: "part-ended", messageId, part: cutPart(part) }));
    last.push({ type: "turn-ended", messageId, usage: NO_USAGE, outcome: "interrupted", failure: CUT });
    const events = last.map((message) => ({ kind: "message", message }) as AgentEvent);
    known.said.push(...events);
    this.#out.push(...events);
  }

  async steer(turnMessageId: string, steerId: string, text: string): Promise<SteerAnswer> {
    const { world, faults } = this.#o;
    if (!this.#config) throw refusal("steer", "failed-precondition", "The agent is not running.");
    if (this.#known(steerId)) return "taken";
    const turn = this.#turn;
    if (turn?.messageId !== turnMessageId || faults.strike("steer", "before-send") || world.chance(0.2)) return "refused";
    turn.memory.steers.add(steerId);
    world.records.steered.set(steerId, (world.records.steered.get(steerId) ?? 0) + 1);
    world.say(`the agent takes ${steerId} (${text})`);
    turn.script.push({ do: "say", message: { type: "todo", messageId: turnMessageId, items: [{ text: "and that", status: "pending" }] } });
    faults.strike("steer", "after-apply");
    return "taken";
  }

  #known(messageId: string): TurnMemory | undefined {
    const { turns } = this.#o.memory();
    return turns.get(messageId) ?? [...turns.values()].find(({ steers }) => steers.has(messageId));
  }

  async interrupt(messageId: string): Promise<void> {
    const turn = this.#turn;
    if (turn?.messageId !== messageId || this.#o.world.takes("agent:ignores-stop")) return;
    this.#end(turn, "stopped");
  }

  async answer(requestId: string, answer: Answer): Promise<void> {
    this.#o.faults.strike("answer", "before-send");
    const turn = this.#turn;
    const kind = turn?.requests.get(requestId);
    if (!turn || !kind) throw refusal("answer", "not-found", "That question is gone.");
    if (answer.kind !== "reject" && answer.kind !== kind) throw refusal("answer", "invalid-argument", "The answer is not of the kind that was asked for.");
    turn.requests.delete(requestId);
    turn.isWaiting = turn.requests.size > 0;
    this.#workSoon(turn);
  }

  events(): AsyncIterable<AgentEvent> {
    return this.#out;
  }

  activity(): string | null {
    return this.#turn?.activity ?? null;
  }

  async close(): Promise<void> {
    this.#cut(CUT);
    this.#config = null;
    this.#out.end();
  }

  get isInTurn(): boolean {
    return this.#turn !== null;
  }

  /** Process and reader end together, so that nobody hears anything more. */
  vanish(): void {
    this.#isGone = true;
    this.#turn = null;
  }

  /** Its process ends, in a turn or between two. */
  die(): void {
    if (this.#config === null) return;
    this.#cut(DIED);
    this.#config = null;
    this.#out.push({ kind: "message", message: { type: "agent-failed", failure: DIED } });
  }

  /** As if its next model call had found no room. */
  runsOutOfRoom(): void {
    if (this.#turn) this.#end(this.#turn, "interrupted", OUT_OF_ROOM);
  }

  #cut(failure: { readonly code: string; readonly message: string }): void {
    if (this.#turn) this.#end(this.#turn, "interrupted", failure);
  }

  #workSoon(turn: Turn): void {
    this.#o.world.traffic.once("agent works", () => this.#work(turn));
  }

  /** Where nothing else happens in between it goes on at once. */
  #work(turn: Turn): void {
    while (this.#next(turn)) {
      if (!this.#o.world.isCalm) return this.#workSoon(turn);
    }
  }

  /** True where the next may follow. */
  #next(turn: Turn): boolean {
    if (this.#isGone || this.#turn !== turn || turn.isWaiting) return false;
    const struck = this.#strike(this.#o.faults);
    if (struck === "hang") this.#hang(turn);
    else if (struck === "die") this.die();
    else if (struck !== null) this.#end(turn, "failed", struck);
    else return this.#act(turn, turn.script.shift());
    return false;
  }

  #act(turn: Turn, act: Act | undefined): boolean {
    const { world, epoch } = this.#o;
    switch (act?.do) {
      case undefined:
        this.#end(turn, "completed");
        return false;
      case "say":
        if (act.message.type === "part-started") {
          const { part } = act.message;
          turn.open.set(part.id, part);
          turn.activity = part.tool?.name ?? "model";
          world.records.parts.set(part.id, { messageId: turn.messageId, epoch, text: "", isEnded: false });
        }
        if (act.message.type === "part-ended") this.#endPart(turn, act.message.part);
        this.#say(act.message);
        return true;
      case "delta": {
        const part = turn.open.get(act.partId);
        const spoken = world.records.parts.get(act.partId);
        if (!part || !spoken) return true;
        const event: AgentEvent = { kind: "delta", partId: act.partId, offset: spoken.text.length, text: act.text };
        spoken.text += act.text;
        if (!part.tool) turn.open.set(part.id, { ...part, text: spoken.text });
        turn.memory.said.push(event);
        this.#out.push(event);
        return true;
      }
      case "ask":
        turn.requests.set(act.requestId, act.message.type === "permission-asked" ? "permission" : "question");
        this.#say(act.message);
        turn.isWaiting = act.andMore !== true;
        return !turn.isWaiting;
      case "call":
        void this.#o.modelCall().then((isGranted) => (isGranted ? this.#workSoon(turn) : this.#end(turn, "interrupted", OUT_OF_ROOM)));
        return false;
      case "sleep":
        world.time.after(act.ms, () => this.#workSoon(turn));
        return false;
      case "fail":
        this.#end(turn, "failed", { code: "model-unavailable", message: "The model answered 500." });
        return false;
    }
  }

  /** It goes on only when it is told to stop, or not even then. */
  #hang(turn: Turn): void {
    turn.script.length = 0;
    turn.isWaiting = true;
    this.#o.world.say("the turn hangs");
  }

  #strike(faults: FaultScript): "hang" | "die" | { readonly code: string; readonly message: string } | null {
    faults.strike("events", "mid-stream");
    try {
      if (faults.strike("turn", "mid-stream")) return "hang";
      faults.strike("turn", "after-apply");
      return null;
    } catch (error) {
      if (!isPortError(error)) throw error;
      if (error.code === "internal") return "die";
      return { code: error.code === "permission-denied" ? "model-unauthorized" : "model-rate-limited", message: error.message };
    }
  }

  #endPart(turn: Turn, part: Part): void {
    turn.open.delete(part.id);
    turn.activity = "model";
    const spoken = this.#o.world.records.parts.get(part.id);
    if (!spoken) return;
    spoken.isEnded = true;
  }

  #end(turn: Turn, outcome: "completed" | "failed" | "stopped" | "interrupted", failure?: { readonly code: string; readonly message: string }): void {
    if (this.#turn !== turn) return;
    const { messageId } = turn;
    for (const part of turn.open.values()) this.#say({ type: "part-ended", messageId, part: cutPart(part) });
    // One that died with its process withdraws nothing.
    const withdrawn = failure === DIED && this.#o.world.chance(0.8) ? [] : turn.requests.keys();
    for (const requestId of withdrawn) this.#say({ type: "request-gone", requestId });
    this.#say({ type: "turn-ended", messageId, usage: NO_USAGE, outcome, ...(failure ? { failure } : {}) });
    turn.memory.outcome = outcome;
    turn.execution.outcome = outcome;
    this.#turn = null;
  }

  #say(message: UpMessage): void {
    const event = { kind: "message", message } as AgentEvent;
    this.#turn?.memory.said.push(event);
    this.#out.push(event);
  }
}

function cutPart(part: Part): Part {
  return part.tool ? { ...part, tool: { ...part.tool, status: "failed", error: "The turn ended before this tool did." } } : part;
}

function refusal(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "agent", operation, code, outcome: "not-applied", retry: "never", message });
}
