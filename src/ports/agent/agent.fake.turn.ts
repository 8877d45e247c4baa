/** One turn of the in-memory agent: plays steps, waits for answers, and ends once. */
import { NO_USAGE, type Answer, type Failure, type Part, type PermissionPolicy, type Question, type UpMessage } from "@berth/protocol";
import type { AgentEvent } from "./agent.port.ts";
import type { FakeStep } from "./agent.fake.ts";

export type TurnOutcome = Pick<Extract<UpMessage, { type: "turn-ended" }>, "outcome" | "failure">;
type Message = Extract<AgentEvent, { kind: "message" }>["message"];

export interface FakeTurnDeps {
  readonly messageId: string;
  readonly policy: PermissionPolicy;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  say(event: AgentEvent): void;
  /** Before each step: go on, never go on, or fail. */
  strike(): "go-on" | "hang" | Failure;
  over(outcome: TurnOutcome): void;
}

interface Request {
  readonly kind: "permission" | "question";
  readonly settle: (answer: Answer | null) => void;
}

export class FakeTurn {
  readonly messageId: string;
  readonly #deps: FakeTurnDeps;
  readonly #open = new Map<string, Part>();
  readonly #requests = new Map<string, Request>();
  readonly #ending = new AbortController();
  /** Given to it while it ran, for its next model request. */
  #steered: FakeStep[] = [];
  #count = 0;
  activity = "model";

  constructor(deps: FakeTurnDeps) {
    this.#deps = deps;
    this.messageId = deps.messageId;
  }

  async play(steps: readonly FakeStep[]): Promise<void> {
    this.#say({ type: "turn-started", messageId: this.messageId });
    const left = [...steps];
    let isAskedAnew = false;
    for (;;) {
      // One macrotask-free pause, so that a caller sees a turn that runs.
      await Promise.resolve();
      if (this.#isOver) return;
      // As the demo model has it: the newest message says what to do, so the rest of an older one is dropped.
      if (this.#steered.length > 0 && (isAskedAnew || left.length === 0)) left.splice(0, left.length, ...this.#steered.splice(0));
      const step = left.shift();
      if (!step) break;
      isAskedAnew = step.do === "tool" || step.do === "ask";
      const struck = this.#deps.strike();
      if (struck === "hang") await this.#never();
      else if (struck !== "go-on") return this.end({ outcome: "failed", failure: struck });
      if (!this.#isOver) await this.#step(step);
    }
    this.end({ outcome: "completed" });
  }

  /** What to do once the model is asked anew. */
  steer(steps: readonly FakeStep[]): void {
    this.#steered.push(...steps);
  }

  /** Ends what is open, withdraws what is unanswered, then says how the turn went. A second end changes nothing. */
  end(outcome: TurnOutcome): void {
    if (this.#isOver) return;
    this.#ending.abort();
    for (const part of this.#open.values()) this.#say({ type: "part-ended", messageId: this.messageId, part: cut(part) });
    for (const requestId of this.#requests.keys()) this.#say({ type: "request-gone", requestId });
    this.#say({ type: "turn-ended", messageId: this.messageId, usage: { ...NO_USAGE, outputTokens: this.#count }, ...outcome });
    this.#deps.over(outcome);
    for (const { settle } of this.#requests.values()) settle(null);
  }

  /** Stops without a word, as when the process is killed together with its reader. */
  vanish(): void {
    this.#ending.abort();
  }

  answer(requestId: string, answer: Answer): "taken" | "gone" | "wrong-kind" {
    const request = this.#requests.get(requestId);
    if (!request) return "gone";
    if (answer.kind !== "reject" && answer.kind !== request.kind) return "wrong-kind";
    this.#requests.delete(requestId);
    request.settle(answer);
    return "taken";
  }

  /** What is left to say of a turn that was cut off, from what was said of it. */
  static endingOf(messageId: string, said: readonly AgentEvent[], outcome: TurnOutcome): AgentEvent[] {
    const open = new Map<string, Part>();
    for (const event of said) {
      if (event.kind === "delta") {
        const part = open.get(event.partId);
        if (part) open.set(part.id, { ...part, text: (part.text ?? "") + event.text });
      } else if (event.message.type === "part-started") open.set(event.message.part.id, event.message.part);
      else if (event.message.type === "part-ended") open.delete(event.message.part.id);
    }
    const ends = [...open.values()].map((part): Message => ({ type: "part-ended", messageId, part: cut(part) }));
    const last: Message = { type: "turn-ended", messageId, usage: NO_USAGE, ...outcome };
    return [...ends, last].map((message) => ({ kind: "message", message }));
  }

  get #isOver(): boolean {
    return this.#ending.signal.aborted;
  }

  async #step(step: FakeStep): Promise<void> {
    switch (step.do) {
      case "say":
        return this.#speak("text", step.text);
      case "think":
        return this.#speak("reasoning", step.text);
      case "tool":
        return this.#tool(step);
      case "ask":
        return this.#ask(step.questions);
      case "todo":
        return this.#say({ type: "todo", messageId: this.messageId, items: [...step.items] });
      case "sleep":
        return this.#deps.sleep(step.ms, this.#ending.signal);
      case "fail":
        return this.end({ outcome: "failed", failure: step.failure });
    }
  }

  async #speak(kind: "text" | "reasoning", text: string): Promise<void> {
    const id = this.#nextId("prt");
    this.#start({ id, kind, text: "" });
    for (const { index, 0: piece } of text.matchAll(/\S+\s*|\s+/g)) {
      if (this.#isOver) return;
      this.#deps.say({ kind: "delta", partId: id, offset: index, text: piece });
      this.#open.set(id, { id, kind, text: text.slice(0, index + piece.length) });
      await Promise.resolve();
    }
    if (!this.#isOver) this.#finish({ id, kind, text });
  }

  async #tool({ name, input, output = "", error }: Extract<FakeStep, { do: "tool" }>): Promise<void> {
    const id = this.#nextId("prt");
    const tool = { name, callId: this.#nextId("call"), input };
    this.#start({ id, kind: "tool", tool: { ...tool, status: "running" } });
    const rule = ruleOf(this.#deps.policy, name);
    const isAllowed = rule === "ask" ? await this.#permission(name, input) : rule === "allow";
    if (this.#isOver) return;
    if (!isAllowed) return this.#finish({ id, kind: "tool", tool: { ...tool, status: "failed", error: "Permission was not given." } });
    this.activity = name;
    if (output !== "") this.#deps.say({ kind: "delta", partId: id, offset: 0, text: output });
    const seconds = /\bsleep (\d+(?:\.\d+)?)/.exec(typeof input["command"] === "string" ? input["command"] : "")?.[1];
    if (seconds !== undefined) await this.#deps.sleep(Number(seconds) * 1_000, this.#ending.signal);
    await Promise.resolve();
    if (this.#isOver) return;
    this.activity = "model";
    this.#finish({ id, kind: "tool", tool: { ...tool, ...(error === undefined ? { status: "completed", output } : { status: "failed", error }) } });
  }

  async #permission(tool: string, input: Record<string, unknown>): Promise<boolean> {
    const title = typeof input["command"] === "string" ? input["command"] : tool;
    const requestId = this.#nextId("per");
    const asked: Message = { type: "permission-asked", messageId: this.messageId, requestId, tool, title, patterns: [title], detail: input };
    const answer = await this.#request(requestId, "permission", asked);
    return answer?.kind === "permission" && answer.reply !== "reject";
  }

  async #ask(questions: readonly Question[]): Promise<void> {
    const requestId = this.#nextId("que");
    await this.#request(requestId, "question", { type: "question-asked", messageId: this.messageId, requestId, questions: [...questions] });
  }

  #request(requestId: string, kind: Request["kind"], asked: Message): Promise<Answer | null> {
    return new Promise((settle) => {
      this.#requests.set(requestId, { kind, settle });
      this.#say(asked);
    });
  }

  #never(): Promise<void> {
    return new Promise((resolve) => this.#ending.signal.addEventListener("abort", () => resolve()));
  }

  #start(part: Part): void {
    this.#open.set(part.id, part);
    this.#say({ type: "part-started", messageId: this.messageId, part });
  }

  #finish(part: Part): void {
    this.#open.delete(part.id);
    this.#say({ type: "part-ended", messageId: this.messageId, part });
  }

  #nextId(prefix: string): string {
    this.#count += 1;
    return `${prefix}_${this.messageId}_${this.#count}`;
  }

  #say(message: Message): void {
    this.#deps.say({ kind: "message", message });
  }
}

function cut(part: Part): Part {
  return part.tool ? { ...part, tool: { ...part.tool, status: "failed", error: "The turn ended before this tool did." } } : part;
}

/** Patterns within a tool are not looked at: the first of them that is not `allow` counts for all. */
function ruleOf(policy: PermissionPolicy, tool: string): "allow" | "ask" | "deny" {
  const rule = policy[tool] ?? policy["*"] ?? "allow";
  if (typeof rule === "string") return rule;
  return Object.values(rule).find((each) => each !== "allow") ?? "allow";
}
