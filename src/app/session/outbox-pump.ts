/**
 * Carries the outbox to Postgres and to the organization's feed: never in the way of a prompt, at least once, for as long
 * as it takes. Receivers are idempotent, so a repeat after a lost answer changes nothing.
 */
import type { RunHistoryPayload, SessionChangePayload } from "../../core/session/session.effects.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import { sessionSummary } from "../../core/session/session.view.ts";
import type { OutboxEntry } from "../../ports/session-store/session-store.port.ts";
import type { SessionPorts } from "./session-ports.ts";

const BATCH = 20;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 60_000;
/** When what is being carried is looked at again, in case the carrying died with the object's memory. */
const LOOK_AGAIN_MS = 30_000;

export class OutboxPump {
  readonly #ports: SessionPorts;
  readonly #state: () => SessionState | null;
  readonly #rearm: () => void;
  readonly #whenEmpty: () => void;
  #pumping = false;
  #again = false;
  #forget = false;
  #lookAgainAtMs = 0;

  constructor(ports: SessionPorts, state: () => SessionState | null, rearm: () => void, whenEmpty: () => void) {
    this.#ports = ports;
    this.#state = state;
    this.#rearm = rearm;
    this.#whenEmpty = whenEmpty;
  }

  /** Starts carrying what is due, if it is not being carried already. */
  pump(): void {
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = true;
    this.#ports.background(
      this.#run().finally(() => {
        this.#pumping = false;
        if (this.#again) {
          this.#again = false;
          this.pump();
        } else {
          this.#rearm();
        }
      }),
    );
    this.#rearm();
  }

  /** When the object must be awake for what waits, or null. While it carries it is awake: an alarm that is due would only fire again and again. */
  get wakeAtMs(): number | null {
    const nextAtMs = this.#ports.store.outboxNextAtMs();
    const nowMs = this.#ports.timers.now();
    if (nextAtMs === null || nextAtMs > nowMs || !this.#pumping) return nextAtMs;
    if (this.#lookAgainAtMs <= nowMs) this.#lookAgainAtMs = nowMs + LOOK_AGAIN_MS;
    return this.#lookAgainAtMs;
  }

  /** The session was removed: once nothing waits, `whenEmpty` is called. */
  forgetWhenEmpty(): void {
    this.#forget = true;
    this.pump();
  }

  async #run(): Promise<void> {
    for (;;) {
      const due = this.#ports.store.outboxDue(this.#ports.timers.now(), BATCH);
      if (due.length === 0) break;
      for (const entry of due) await this.#carry(entry);
    }
    if (!this.#forget || this.#ports.store.outboxNextAtMs() !== null) return;
    // A session may be opened here again under the same id; that one is not to be forgotten.
    this.#forget = false;
    this.#whenEmpty();
  }

  async #carry(entry: OutboxEntry): Promise<void> {
    try {
      await this.#deliver(entry);
      this.#ports.store.outboxDone([entry.id]);
    } catch (error) {
      const pauseMs = Math.min(RETRY_MIN_MS * 2 ** Math.min(entry.attempts, 10), RETRY_MAX_MS);
      this.#ports.store.outboxRetry(entry.id, this.#ports.timers.now() + pauseMs);
      this.#ports.log({ event: "outbox-retry", target: entry.target, attempts: entry.attempts + 1, pauseMs, error: String(error) });
    }
  }

  async #deliver({ id, target, payload }: OutboxEntry): Promise<void> {
    const state = this.#state();
    if (!state) return;
    if (target === "run-history") {
      const { run } = JSON.parse(payload) as RunHistoryPayload;
      return this.#ports.runHistory.flush({ orgId: state.orgId, run, events: this.#ports.store.eventsOfRun(run.id) });
    }
    const { sessionId, removed } = JSON.parse(payload) as SessionChangePayload;
    // A change that waited longer than the removal would put the session back into lists.
    if (!removed && state.status === "ended") return;
    const summary = sessionSummary(state, this.#ports.store.lastSeq());
    if (target === "catalog") {
      return removed ? this.#ports.catalog.removeSession(state.orgId, sessionId) : this.#ports.catalog.upsertSession(state.orgId, summary);
    }
    await this.#ports.feedOf(state.orgId).publish(
      removed ? { type: "session.removed", sessionId } : { type: "session.changed", session: summary },
      `${sessionId}:${id}`,
    );
  }
}
