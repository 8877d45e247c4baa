/**
 * What one entry of the outbox means to its target. Runs go one by one, a large one in pages. Summaries of the session are
 * made when they go, so the newest stands for all that wait.
 */
import type { SessionEvent } from "@berth/protocol";
import { readersOf } from "../../core/access/session-access.ts";
import type { RunHistoryPayload, SessionChangePayload } from "../../core/session/session.effects.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import { sessionSummary } from "../../core/session/session.view.ts";
import type { OutboxEntry } from "../../ports/session-store/session-store.port.ts";
import { readAccess } from "./access-text.ts";
import type { SessionPorts } from "./session-ports.ts";

export const PAGE_EVENTS = 100;
/** A page is one message between objects and one statement; an event alone may be larger. */
const PAGE_BYTES = 2_000_000;
const SUMMARIES_MAX = 1_000;

/** Makes one call and waits for it, within bounds. */
type Bounded = (call: () => Promise<unknown>) => Promise<void>;

export class OutboxDelivery {
  readonly #ports: SessionPorts;
  readonly #state: () => SessionState | null;
  /** How far the run that is being flushed got, so that a failed page is repeated and not the whole run. */
  #flushed: { readonly id: string; readonly seq: number } | null = null;
  /** The summaries that one call stands for. They stay the same until it is answered, since they make its idempotency key. */
  readonly #batches = new Map<OutboxEntry["target"], readonly OutboxEntry[]>();

  constructor(ports: SessionPorts, state: () => SessionState | null) {
    this.#ports = ports;
    this.#state = state;
  }

  /** Answers the ids of what has arrived. */
  async deliver(head: OutboxEntry, bounded: Bounded): Promise<readonly string[]> {
    const state = this.#state();
    if (!state) return [head.id];
    if (head.target === "run-history") {
      await this.#flushRun(state.orgId, head, bounded);
      return [head.id];
    }
    const batch = this.#batchFrom(head);
    await this.#report(state, batch, bounded);
    this.#batches.delete(head.target);
    return batch.map(({ id }) => id);
  }

  async #flushRun(orgId: string, { id, payload }: OutboxEntry, bounded: Bounded): Promise<void> {
    const { run, revision = 0 } = JSON.parse(payload) as RunHistoryPayload;
    // A later report of a run changes its totals only: its events went with the first.
    for (let partial = revision === 0; ; ) {
      const page = partial ? this.#nextPage(run.id, this.#flushed?.id === id ? this.#flushed.seq : 0) : { events: [], isLast: true };
      partial = !page.isLast;
      await bounded(() => this.#ports.runHistory.flush({ orgId, run, revision, events: page.events, partial }));
      if (!partial) break;
      this.#flushed = { id, seq: page.events.at(-1)?.seq ?? 0 };
    }
    this.#flushed = null;
  }

  #nextPage(runId: string, after: number): { readonly events: readonly SessionEvent[]; readonly isLast: boolean } {
    const { store } = this.#ports;
    const events = store.eventsOfRun(runId, after, { limit: PAGE_EVENTS, bytesMax: PAGE_BYTES });
    const isLast = store.eventsOfRun(runId, events.at(-1)?.seq ?? after, { limit: 1, bytesMax: 1 }).length === 0;
    return { events, isLast };
  }

  #batchFrom(head: OutboxEntry): readonly OutboxEntry[] {
    const known = this.#batches.get(head.target);
    if (known?.[0]?.id === head.id) return known;
    const batch = this.#ports.store.outboxOf(head.target, SUMMARIES_MAX);
    this.#batches.set(head.target, batch);
    return batch;
  }

  async #report(state: SessionState, batch: readonly OutboxEntry[], bounded: Bounded): Promise<void> {
    const last = batch.at(-1);
    if (!last) return;
    const { sessionId, removed } = JSON.parse(last.payload) as SessionChangePayload;
    // A change that waited longer than the removal would put the session back into lists.
    if (!removed && state.status === "ended") return;
    const { orgId } = state;
    const access = readAccess(this.#ports.store.access(), state);
    const summary = { ...sessionSummary(state, this.#ports.store.lastSeq()), ...(access.visibility === "org" ? {} : { visibility: access.visibility }) };
    if (last.target === "catalog") {
      const { catalog } = this.#ports;
      return bounded(() => (removed ? catalog.removeSession(orgId, sessionId) : catalog.upsertSession(orgId, summary, readersOf(access), access.revision ?? 0)));
    }
    const change = removed ? ({ type: "session.removed", sessionId } as const) : ({ type: "session.changed", session: summary } as const);
    return bounded(() => this.#ports.feedOf(orgId).publish(change, `${sessionId}:${last.id}`));
  }
}
