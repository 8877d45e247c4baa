/**
 * Moves what is old or large out of the session's own database into the blob store, in the background and one thing at a
 * time: big outputs, and pages of events past the number that is held. The blob comes first and the rows go after it, so
 * that a crash in between only means doing it again. Clears all of it away when the session is removed.
 */
import type { RunHistoryPayload } from "../../core/session/session.effects.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import { blobPrefix, outputKey, pageKey } from "./blob-keys.ts";
import type { SessionPorts } from "./session-ports.ts";

export interface ArchiveLimits {
  /** Newest events that are always held. */
  readonly keep: number;
  /** Events and bytes of one archived page. */
  readonly pageEvents: number;
  readonly pageBytes: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = { keep: 10_000, pageEvents: 1_000, pageBytes: 4 * 1024 * 1024 };

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** When work in progress is looked at again, in case it died with the object's memory. */
const LOOK_AGAIN_MS = 30_000;
/** While a run holds its events back, the question is asked again after so many more. */
const ASK_AGAIN_EVENTS = 100;
const HISTORY_MAX = 100;
const LIST_PAGE = 100;

export class BlobKeeper {
  readonly #ports: SessionPorts;
  readonly #state: () => SessionState | null;
  readonly #rearm: () => void;
  readonly #limits: ArchiveLimits;
  #busy = false;
  #retryAtMs: number | null = null;
  #lookAgainAtMs = 0;
  #failures = 0;
  /** False once it is known that no output waits; asking costs a query. */
  #mayHaveOutputs = true;
  #askAtSeq = 0;
  /** Whether a page is due whose events the run history may still ask for. */
  #isHeldBack = false;
  #whenRemoved: (() => void) | null = null;

  constructor(ports: SessionPorts, state: () => SessionState | null, rearm: () => void) {
    this.#ports = ports;
    this.#state = state;
    this.#rearm = rearm;
    this.#limits = ports.archive ?? ARCHIVE_LIMITS;
  }

  /** Called after each commit; costs nothing while there is nothing to do. `lastSeq`: absent means look in any case. */
  tend(lastSeq?: number, hasOutputs = false): void {
    this.#mayHaveOutputs ||= hasOutputs;
    const mayArchive = lastSeq === undefined || lastSeq >= this.#askAtSeq;
    if (this.#busy || (!this.#mayHaveOutputs && !mayArchive && this.#whenRemoved === null)) return;
    if (this.#retryAtMs !== null && this.#retryAtMs > this.#ports.timers.now()) return;
    this.#retryAtMs = null;
    const work = this.#next();
    if (work === null) return;
    this.#busy = true;
    this.#ports.background(this.#run(work));
    this.#rearm();
  }

  /** The run history may have got what a page waited for. */
  outboxMoved(): void {
    if (this.#isHeldBack) this.tend();
  }

  /** When the object must be awake for what could not be done, or null. */
  get wakeAtMs(): number | null {
    if (!this.#busy) return this.#retryAtMs;
    const nowMs = this.#ports.timers.now();
    if (this.#lookAgainAtMs <= nowMs) this.#lookAgainAtMs = nowMs + LOOK_AGAIN_MS;
    return this.#lookAgainAtMs;
  }

  /** The session is over: removes its blobs for as long as it takes, then calls `done`. */
  removeAll(done: () => void): void {
    this.#whenRemoved = done;
    this.#retryAtMs = null;
    this.tend();
  }

  async #run(first: () => Promise<void>): Promise<void> {
    try {
      for (let work: (() => Promise<void>) | null = first; work !== null; work = this.#next()) {
        await work();
        this.#failures = 0;
      }
    } catch (error) {
      const pauseMs = Math.min(RETRY_MIN_MS * 2 ** Math.min(this.#failures, 10), RETRY_MAX_MS);
      this.#failures += 1;
      this.#retryAtMs = this.#ports.timers.now() + pauseMs;
      this.#ports.log({ event: "blob-retry", attempts: this.#failures, pauseMs, error: String(error) });
    } finally {
      this.#busy = false;
      this.#rearm();
    }
  }

  /** The next thing to do, or null. */
  #next(): (() => Promise<void>) | null {
    const state = this.#state();
    if (state === null) return null;
    const done = this.#whenRemoved;
    if (done !== null) return () => this.#remove(state, done);
    if (state.status === "ended") return null;
    const [name] = this.#mayHaveOutputs ? this.#ports.store.pendingOutputs(1) : [];
    if (name !== undefined) return () => this.#storeOutput(state, name);
    this.#mayHaveOutputs = false;
    return this.#nextPage(state);
  }

  async #storeOutput(state: SessionState, name: string): Promise<void> {
    const { store, blobs } = this.#ports;
    const text = store.pendingOutput(name);
    if (text === null) return;
    await blobs.put(outputKey(state, name), new TextEncoder().encode(text), { contentType: "text/plain; charset=utf-8" });
    store.outputStored(name);
  }

  #nextPage(state: SessionState): (() => Promise<void>) | null {
    const { store } = this.#ports;
    const { keep, pageEvents, pageBytes } = this.#limits;
    const from = store.firstSeq();
    const lastSeq = store.lastSeq();
    this.#isHeldBack = false;
    this.#askAtSeq = from - 1 + keep + pageEvents;
    if (lastSeq < this.#askAtSeq) return null;
    const texts = store.eventTexts(from - 1, { limit: pageEvents, bytesMax: pageBytes });
    const to = from + texts.length - 1;
    if (to < this.#neededFrom(state)) return () => this.#archive(state, { from, to }, texts);
    this.#isHeldBack = true;
    this.#askAtSeq = lastSeq + ASK_AGAIN_EVENTS;
    return null;
  }

  async #archive(state: SessionState, page: { readonly from: number; readonly to: number }, texts: readonly string[]): Promise<void> {
    const bytes = new TextEncoder().encode(`${texts.join("\n")}\n`);
    await this.#ports.blobs.put(pageKey(state, page), bytes, { contentType: "application/jsonl" });
    this.#ports.store.archived(page);
  }

  /** The oldest `seq` that the run history may still ask for: of the run in progress, of runs to come, and of those it does not have yet. */
  #neededFrom({ run, queue, steering }: SessionState): number {
    const { store } = this.#ports;
    const waiting = store.outboxOf("run-history", HISTORY_MAX);
    // With so many waiting it is not worth finding out.
    if (waiting.length === HISTORY_MAX) return 0;
    const runs = waiting.map(({ payload }) => (JSON.parse(payload) as RunHistoryPayload).run.id);
    if (run !== null) runs.push(run.runId);
    // A run's record begins with its message, which may wait for long.
    runs.push(...queue.map(({ runId }) => runId), ...steering.map(({ message }) => message.runId));
    return Math.min(...runs.map((runId) => store.eventsOfRun(runId, 0, { limit: 1, bytesMax: 1 })[0]?.seq ?? Number.POSITIVE_INFINITY));
  }

  async #remove(state: SessionState, done: () => void): Promise<void> {
    const { blobs } = this.#ports;
    const prefix = blobPrefix(state);
    for (;;) {
      const { blobs: found } = await blobs.list(prefix, { after: null, limit: LIST_PAGE });
      if (found.length === 0) break;
      for (const { key } of found) await blobs.delete(key);
    }
    this.#whenRemoved = null;
    done();
  }
}
