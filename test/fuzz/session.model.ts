/** What must be true of a session whatever happens to it, kept beside the machine in the plainest way. */
import { EVENT_DATA, type MessageStatus, type NewEvent } from "@berth/protocol";
import { invariant } from "../../src/core/kernel/assert.ts";
import { earliestDeadline } from "../../src/core/session/deadlines.ts";
import type { Step } from "../../src/core/session/session.effects.ts";
import type { SessionInput } from "../../src/core/session/session.inputs.ts";
import type { SessionState } from "../../src/core/session/session.state.ts";

const RANK: Readonly<Record<MessageStatus, number>> = {
  queued: 0,
  dispatched: 1,
  running: 2,
  completed: 3,
  failed: 3,
  stopped: 3,
  interrupted: 3,
  cancelled: 3,
};
const TERMINAL = 3;

export class SessionModel {
  /** Accepted prompts in order, with where they are. */
  readonly statuses = new Map<string, MessageStatus>();
  #waiting: string[] = [];
  /** When each message came in; one that stands in for another has that one's place. */
  readonly #orders = new Map<string, number>();
  readonly #steers = new Set<string>();
  #newestEpoch = 0;
  #openRun: string | null = null;
  readonly #runs = new Set<string>();
  readonly #flushed = new Set<string>();
  readonly #outboxIds = new Set<string>();
  readonly #asked = new Set<string>();
  #alarmAtMs: number | null = null;

  check(before: SessionState | null, input: SessionInput, step: Step): void {
    if (step.refusal) return this.#checkRefusal(before, step);
    for (const event of step.events) this.#checkEvent(event, step.state);
    for (const entry of step.outbox) {
      invariant(!this.#outboxIds.has(entry.id), `outbox id ${entry.id} is used twice`);
      this.#outboxIds.add(entry.id);
      if (entry.target === "run-history") this.#flushed.add((JSON.parse(entry.payload) as { run: { id: string } }).run.id);
    }
    for (const effect of step.effects) {
      if (effect.type === "create-sandbox") {
        const again = input.type === "session-restored" && effect.epoch === this.#newestEpoch;
        invariant(again || effect.epoch > this.#newestEpoch, "a sandbox is created under an old epoch");
        this.#newestEpoch = effect.epoch;
      }
      if (effect.type === "set-alarm") this.#alarmAtMs = effect.atMs;
    }
    const { state } = step;
    invariant(this.#alarmAtMs === (earliestDeadline(state.deadlines)?.atMs ?? null), "the alarm is not the earliest deadline");
    for (const message of step.messages) invariant(message.status === this.statuses.get(message.id), "a message row differs from its events");
    invariant(state.queue.map((message) => message.messageId).join() === this.#waiting.join(), "the queue is not first in, first out");
    for (const [id, status] of this.statuses) {
      const steered = state.steering.some(({ message }) => message.messageId === id);
      const held = steered || state.current?.messageId === id || state.queue.some((message) => message.messageId === id);
      invariant(held === RANK[status] < TERMINAL, `message ${id} is ${status} and ${held ? "still" : "no longer"} held`);
    }
    invariant(this.#runs.size - this.#flushed.size === (state.run === null ? 0 : 1), "an ended run was not handed to the history");
  }

  #queued(id: string, data: { readonly delivery?: string | undefined; readonly continues?: string | undefined; readonly retryOf?: string | undefined }): void {
    invariant(!this.statuses.has(id), `message ${id} is queued twice`);
    this.statuses.set(id, "queued");
    const of = data.continues ?? data.retryOf;
    if (of !== undefined) invariant(this.statuses.get(of) === "interrupted", `message ${of} was not interrupted`);
    if (data.delivery === "steer") this.#steers.add(id);
    this.#orders.set(id, of === undefined ? this.#orders.size : (this.#orders.get(of) ?? 0));
    if (of === undefined) this.#waiting.push(id);
    else this.#waiting.unshift(id);
  }

  /** Where it would be if it had waited all along. */
  #wait(id: string): void {
    const order = (other: string): number => this.#orders.get(other) ?? 0;
    const later = this.#waiting.findIndex((other) => order(other) > order(id));
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, id);
  }

  #checkRefusal(before: SessionState | null, { state, events, outbox, messages, effects }: Step): void {
    invariant(state === before, "a refusal changed the state");
    invariant(events.length + outbox.length + messages.length + effects.length === 0, "a refusal had consequences");
  }

  #checkEvent(event: NewEvent, state: SessionState): void {
    EVENT_DATA[event.type].parse(event.data);
    const id = event.messageId ?? "";
    switch (event.type) {
      case "message.queued":
        return this.#queued(id, event.data);
      case "message.moved": {
        invariant(this.#waiting.includes(id), `message ${id} moved and does not wait`);
        const others = this.#waiting.filter((other) => other !== id);
        this.#waiting = others.toSpliced(event.data.position - (this.#openRun === null ? 0 : 1), 0, id);
        return;
      }
      case "message.status": {
        const from = this.statuses.get(id);
        const to = event.data.status;
        const comesBack = to === "queued" && from === "dispatched" && this.#steers.has(id);
        invariant(from && (RANK[to] > RANK[from] || comesBack), `message ${id} went from ${from} to ${to}`);
        const steers = this.#steers.has(id) && this.#openRun !== null;
        if (to === "dispatched") invariant(steers || this.#waiting[0] === id, `message ${id} overtook another`);
        if (comesBack) this.#wait(id);
        if (to === "dispatched" || to === "cancelled") this.#waiting = this.#waiting.filter((other) => other !== id);
        this.statuses.set(id, to);
        return;
      }
      case "run.started":
        invariant(this.#openRun === null && !this.#runs.has(event.runId ?? ""), "two runs at once, or one twice");
        invariant(event.data.epoch <= state.epoch, "a run of an epoch to come");
        this.#openRun = event.runId ?? "";
        this.#runs.add(this.#openRun);
        return;
      case "run.ended":
        invariant(this.#openRun === event.runId, "a run ended that was not running");
        this.#openRun = null;
        return;
      case "permission.asked":
      case "question.asked":
        this.#asked.add(event.data.requestId);
        return;
      case "request.answered":
        invariant(this.#asked.delete(event.data.requestId), "a request was answered twice, or never asked");
        return;
      default:
    }
  }
}
