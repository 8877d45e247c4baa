/**
 * Carries the outbox to the run history, the catalog and the organization's feed: never in the way of a prompt, at least
 * once, for as long as it takes. Each target has a lane of its own, one delivery at a time in the order of the outbox, so
 * that a target that is stuck holds back nothing but its own. Receivers are idempotent, so a repeat after a lost answer
 * changes nothing.
 */
import { PortError } from "../../core/kernel/port-error.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import type { OutboxEntry } from "../../ports/session-store/session-store.port.ts";
import { OutboxDelivery } from "./outbox-delivery.ts";
import type { SessionPorts } from "./session-ports.ts";

const TARGETS = ["run-history", "catalog", "event-bus"] as const satisfies readonly OutboxEntry["target"][];

/** Pauses double from the first to the last; the last is also how long after its return a target may wait for us. */
export const RETRY_MIN_MS = 500;
export const RETRY_MAX_MS = 15_000;
/** A call that was not answered by then may never be: it counts as unknown and is made again. */
export const DELIVERY_MS = 30_000;
/** Wake-ups for that are rounded up to this, since most calls are answered at once and each time set is a write. */
const WAKE_STEP_MS = 10_000;

interface Lane {
  readonly target: OutboxEntry["target"];
  /** What is under way: until when it is waited for, and how that waiting ends early. */
  carrying: { readonly untilMs: number; readonly giveUp: () => void } | null;
  isBusy: boolean;
  /** Oldest entry of the outbox; undefined when that has to be asked, which costs a query. */
  head: OutboxEntry | null | undefined;
  /** Also kept here, for a store that cannot note the pause. */
  notBeforeMs: number;
}

export class OutboxPump {
  readonly #ports: SessionPorts;
  readonly #delivery: OutboxDelivery;
  readonly #rearm: () => void;
  readonly #whenEmpty: () => void;
  readonly #lanes: readonly Lane[] = TARGETS.map((target) => ({ target, carrying: null, isBusy: false, head: undefined, notBeforeMs: 0 }));
  /** By when what was added is carried, once it is known to be written; null when nothing is put off. */
  #putOffToMs: number | null = null;
  #forget = false;

  constructor(ports: SessionPorts, state: () => SessionState | null, rearm: () => void, whenEmpty: () => void) {
    this.#ports = ports;
    this.#delivery = new OutboxDelivery(ports, state);
    this.#rearm = rearm;
    this.#whenEmpty = whenEmpty;
  }

  /**
   * Entries were added in the transaction that is being written: they are carried once it is, so that a prompt that goes
   * with them does not wait for that.
   */
  added(): void {
    for (const lane of this.#lanes) if (lane.head === null) lane.head = undefined;
    const isPutOff = this.#putOffToMs !== null;
    this.#putOffToMs ??= this.#untilMs;
    this.#rearm();
    if (!isPutOff) this.#ports.afterCommit(() => this.pump());
  }

  /** Carries what is due and is not being carried, and gives up waiting for what is not answered. */
  pump(): void {
    this.#putOffToMs = null;
    for (const lane of this.#lanes) {
      if (lane.carrying && lane.carrying.untilMs <= this.#nowMs) lane.carrying.giveUp();
      if (!lane.isBusy) this.#start(lane);
    }
    this.#rearm();
  }

  /** When the object must be awake for what waits, or null. */
  get wakeAtMs(): number | null {
    const putOff = this.#putOffToMs;
    const times = this.#lanes.flatMap((lane) => lane.carrying?.untilMs ?? (putOff === null ? this.#nextAtMs(lane) : putOff) ?? []);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** The session was removed: once nothing waits, `whenEmpty` is called. */
  forgetWhenEmpty(): void {
    this.#forget = true;
    this.pump();
  }

  #start(lane: Lane): void {
    if (!this.#isDue(lane)) return this.#forgetIfEmpty();
    lane.isBusy = true;
    this.#ports.background(this.#run(lane));
  }

  async #run(lane: Lane): Promise<void> {
    try {
      while (this.#isDue(lane)) await this.#carry(lane);
    } finally {
      // In the same turn as the last look at the outbox, so that what is added from now on starts the lane again.
      lane.isBusy = false;
      this.#rearm();
    }
    this.#forgetIfEmpty();
  }

  async #carry(lane: Lane): Promise<void> {
    const head = this.#head(lane);
    if (!head) return;
    try {
      const done = await this.#delivery.deliver(head, (call) => this.#bounded(lane, call));
      lane.head = undefined;
      this.#ports.store.outboxDone(done);
    } catch (error) {
      lane.head = undefined;
      this.#pause(lane, head, error);
    }
  }

  #pause(lane: Lane, { id, target, attempts }: OutboxEntry, error: unknown): void {
    const pauseMs = Math.min(RETRY_MIN_MS * 2 ** Math.min(attempts, 10), RETRY_MAX_MS);
    lane.notBeforeMs = this.#nowMs + pauseMs;
    this.#ports.log({ event: "outbox-retry", target, attempts: attempts + 1, pauseMs, error: String(error) });
    this.#ports.store.outboxRetry(id, lane.notBeforeMs);
  }

  /** Waits for one call until the object's alarm finds it too old; what it does after that changes nothing. */
  async #bounded(lane: Lane, call: () => Promise<unknown>): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        lane.carrying = { untilMs: this.#untilMs, giveUp: () => reject(unanswered(lane.target)) };
        this.#rearm();
        call().then(() => resolve(), reject);
      });
    } finally {
      lane.carrying = null;
    }
  }

  #isDue(lane: Lane): boolean {
    const atMs = this.#nextAtMs(lane);
    return atMs !== null && atMs <= this.#nowMs;
  }

  /** Of the oldest entry: the others wait for it, since order is kept. */
  #nextAtMs(lane: Lane): number | null {
    const head = this.#head(lane);
    return head ? Math.max(head.nextAttemptAtMs, lane.notBeforeMs) : null;
  }

  #head(lane: Lane): OutboxEntry | null {
    if (lane.head === undefined) lane.head = this.#ports.store.outboxOf(lane.target, 1)[0] ?? null;
    return lane.head;
  }

  get #untilMs(): number {
    return Math.ceil((this.#nowMs + DELIVERY_MS) / WAKE_STEP_MS) * WAKE_STEP_MS;
  }

  #forgetIfEmpty(): void {
    if (!this.#forget || this.#lanes.some(({ isBusy }) => isBusy) || this.#ports.store.outboxNextAtMs() !== null) return;
    // A session may be opened here again under the same id; that one is not to be forgotten.
    this.#forget = false;
    this.#whenEmpty();
  }

  get #nowMs(): number {
    return this.#ports.timers.now();
  }
}

function unanswered(target: OutboxEntry["target"]): PortError {
  return new PortError({
    port: target,
    operation: "deliver",
    code: "deadline-exceeded",
    outcome: "unknown",
    retry: "same-request",
    message: `no answer in ${DELIVERY_MS / 1000} s`,
  });
}
