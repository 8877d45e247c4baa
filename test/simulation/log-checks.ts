/**
 * Reads the committed log as anybody could, event by event, and says where it breaks a promise. Also what the simulated
 * people know of the session: what runs, what is asked, what waits.
 */
import type { SessionEvent } from "@berth/protocol";

const START_MAX_MS = 90_000;
const TERMINAL = new Set(["completed", "failed", "stopped", "interrupted", "cancelled"]);

export interface KnownMessage {
  readonly messageId: string;
  readonly text: string;
  /** Made by the policy or by a person's word out of this interrupted one. */
  readonly from: string | null;
  /** For a turn that runs already. */
  readonly steers: boolean;
  /** Number of the event with which it, or the one it stands in for, came. */
  readonly since: number;
  status: string;
}

interface Running {
  readonly runId: string;
  readonly messageId: string;
  readonly epoch: number;
  readonly startedAtMs: number;
}

export class LogChecks {
  readonly #violate: (rule: string, what: string) => void;
  readonly #slackMs: () => number;
  readonly events: SessionEvent[] = [];
  readonly messages = new Map<string, KnownMessage>();
  readonly dispatched: string[] = [];
  /** By interrupted message: what stands in for it. */
  readonly standIns = new Map<string, "continue" | "retry">();
  readonly requests = new Map<string, "permission" | "question">();
  readonly runsEnded = new Map<string, { readonly messageId: string; readonly outcome: string; readonly atMs: number }>();
  /** Epochs of which it was said that their sandbox is not kept as declared. */
  readonly differing = new Set<number>();
  queue: string[] = [];
  running: Running | null = null;
  status = "none";
  waitingFor: string | null = null;
  failure: { readonly code: string } | null = null;
  epoch = 0;
  /** The newest sandbox was let go. */
  isRevoked = true;
  isReady = false;
  #startingSince: { readonly atMs: number; readonly slackMs: number } | null = null;

  constructor(violate: (rule: string, what: string) => void, slackMs: () => number) {
    this.#violate = violate;
    this.#slackMs = slackMs;
  }

  get lastSeq(): number {
    return this.events.length;
  }

  take(event: SessionEvent): void {
    const atMs = Date.parse(event.at);
    if (event.seq !== this.events.length + 1) this.#violate("SIM4", `event ${event.seq} was committed after ${this.events.length}`);
    this.events.push(event);
    switch (event.type) {
      case "session.status":
        return this.#statusOf(event, atMs);
      case "sandbox.status": {
        const { epoch, phase } = event.data;
        if (phase === "requested") {
          if (epoch <= this.epoch) this.#violate("SIM6", `epoch ${epoch} was asked for after ${this.epoch}`);
          if (!this.isRevoked) this.#violate("SIM6", `epoch ${epoch} was asked for while ${this.epoch} was not let go`);
          this.epoch = epoch;
          this.isRevoked = false;
          this.isReady = false;
        } else if (epoch !== this.epoch) this.#violate("SIM6", `epoch ${epoch} is ${phase} while ${this.epoch} is the newest`);
        if (phase === "ready") this.isReady = true;
        if (phase === "lost" || phase === "stopped" || phase === "failed") this.isRevoked = true;
        return;
      }
      case "message.queued":
        return this.#queued(event);
      case "message.moved":
        return this.#moved(event);
      case "message.status":
        return this.#moves(event);
      case "run.started": {
        if (this.running) this.#violate("SIM6", `run ${event.runId} began while ${this.running.runId} ran`);
        if (event.data.epoch !== this.epoch || this.isRevoked || !this.isReady) this.#violate("SIM6", `a run began in epoch ${event.data.epoch}, which is not the session's ready sandbox`);
        this.running = { runId: event.runId ?? "", messageId: event.messageId ?? "", epoch: event.data.epoch, startedAtMs: atMs };
        return;
      }
      case "run.ended": {
        if (this.running?.runId !== event.runId) this.#violate("SIM3", `run ${event.runId} ended and did not run`);
        if (this.runsEnded.has(event.runId ?? "")) this.#violate("SIM3", `run ${event.runId} ended twice`);
        this.runsEnded.set(event.runId ?? "", { messageId: event.messageId ?? "", outcome: event.data.outcome, atMs });
        this.running = null;
        return;
      }
      case "part.started":
        this.#ofAgent(event.messageId, event.type);
        if (Number(event.data.part.id.split("_").at(-2)) !== this.running?.epoch) this.#violate("SIM6", `part ${event.data.part.id} was taken in epoch ${this.epoch}`);
        return;
      case "todo.updated":
        return this.#ofAgent(event.messageId, event.type);
      case "permission.asked":
      case "question.asked":
        this.#ofAgent(event.messageId, event.type);
        this.requests.set(event.data.requestId, event.type === "permission.asked" ? "permission" : "question");
        return;
      case "policy.mismatch":
        this.differing.add(event.data.epoch);
        return;
      case "request.answered":
        if (!this.requests.delete(event.data.requestId)) this.#violate("SIM3", `request ${event.data.requestId} was answered and was not open`);
        return;
      default:
    }
  }

  #ofAgent(messageId: string | undefined, what: string): void {
    if (!this.running || this.running.messageId !== messageId) this.#violate("SIM6", `${what} of ${messageId} while ${this.running?.messageId ?? "nothing"} runs`);
    if (this.running && (this.isRevoked || this.running.epoch !== this.epoch)) this.#violate("SIM6", `${what} was appended for epoch ${this.running.epoch}, which was let go`);
  }

  #statusOf(event: Extract<SessionEvent, { type: "session.status" }>, atMs: number): void {
    const { status, waitingFor, failure } = event.data;
    if (this.status === "ended") this.#violate("SIM1", `an ended session became ${status}`);
    this.status = status;
    this.waitingFor = waitingFor ?? null;
    this.failure = failure ?? null;
    if (status === "failed" && (!failure || failure.message === "" || failure.code === "")) this.#violate("SIM5", "the session failed without a reason");
    if (status === "starting") {
      this.#startingSince ??= { atMs, slackMs: this.#slackMs() };
      return;
    }
    const since = this.#startingSince;
    this.#startingSince = null;
    if (!since) return;
    const tookMs = atMs - since.atMs - (this.#slackMs() - since.slackMs);
    if (tookMs > START_MAX_MS) this.#violate("SIM5", `a start took ${tookMs} ms`);
  }

  #queued(event: Extract<SessionEvent, { type: "message.queued" }>): void {
    const messageId = event.messageId ?? "";
    const { text, position } = event.data;
    if (this.messages.has(messageId)) this.#violate("SIM3", `message ${messageId} was queued twice`);
    const { continues, retryOf, delivery } = event.data;
    const from = continues ?? retryOf ?? null;
    const old = from === null ? undefined : this.messages.get(from);
    if (from !== null) this.#standsIn(messageId, from, retryOf === undefined ? "continue" : "retry", text);
    this.messages.set(messageId, { messageId, text, from, steers: delivery === "steer", since: old?.since ?? event.seq, status: "queued" });
    const place = this.#place(position);
    if (from === null && place !== this.queue.length) this.#violate("SIM7", `message ${messageId} took place ${place} of ${this.queue.length}`);
    this.queue.splice(place, 0, messageId);
  }

  /** Only an interrupted message gets another in its place, once, and only if somebody asked for that kind. */
  #standsIn(messageId: string, from: string, kind: "continue" | "retry", text: string): void {
    const old = this.messages.get(from);
    if (old?.status !== "interrupted") this.#violate("SIM3", `message ${messageId} stands in for ${from}, which is ${old?.status ?? "unknown"}`);
    if (this.standIns.has(from)) this.#violate("SIM3", `message ${messageId} stands in for ${from}, and so does another`);
    if (kind === "retry" && old?.text !== text) this.#violate("SIM3", `message ${messageId} repeats ${from} with another text`);
    this.standIns.set(from, kind);
  }

  #moved(event: Extract<SessionEvent, { type: "message.moved" }>): void {
    const messageId = event.messageId ?? "";
    if (!this.queue.includes(messageId)) this.#violate("SIM7", `message ${messageId} was moved and does not wait`);
    this.queue = this.queue.filter((other) => other !== messageId);
    this.queue.splice(this.#place(event.data.position), 0, messageId);
  }

  #place(position: number): number {
    return position - (this.running ? 1 : 0);
  }

  #moves(event: Extract<SessionEvent, { type: "message.status" }>): void {
    const messageId = event.messageId ?? "";
    const message = this.messages.get(messageId);
    const { status } = event.data;
    if (!message) return this.#violate("SIM2", `message ${messageId} became ${status} and was never queued`);
    if (TERMINAL.has(message.status)) this.#violate("SIM2", `message ${messageId} was ${message.status} and became ${status}`);
    if (status === "dispatched" && message.steers && this.running) {
      message.status = status;
      this.queue = this.queue.filter((other) => other !== messageId);
      return;
    }
    if (status === "queued") {
      // The agent did not take it: it waits where it would be if it had come as any other.
      const later = this.queue.findIndex((other) => (this.messages.get(other)?.since ?? 0) > message.since);
      this.queue.splice(later < 0 ? this.queue.length : later, 0, messageId);
    }
    if (status === "dispatched") {
      if (this.queue[0] !== messageId) this.#violate("SIM7", `message ${messageId} was dispatched before ${this.queue[0]}`);
      this.dispatched.push(messageId);
    }
    message.status = status;
    if (status !== "queued") this.queue = this.queue.filter((other) => other !== messageId);
  }

  /** Ids of messages that are neither waiting nor at an end. */
  unsettled(): readonly KnownMessage[] {
    return [...this.messages.values()].filter(({ status }) => !TERMINAL.has(status));
  }
}
