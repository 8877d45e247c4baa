/**
 * One viewer's account of a session, kept as strictly as the contract is worded: every `seq` once and in order, every
 * piece of text at its offset, and the same text when it comes again. Whatever breaks that fails the check that watches.
 */
import {
  applyDelta,
  applyEvent,
  emptyTranscript,
  type Delta,
  type SessionClient,
  type SessionEvent,
  type SessionStream,
  type Transcript,
  type Turn,
} from "@berth/sdk";

const OVER = ["completed", "failed", "stopped", "interrupted", "cancelled"];

export class SessionLog {
  readonly events: SessionEvent[] = [];
  /** Text of each part as it was streamed, whether or not the part has ended. */
  readonly streamed = new Map<string, string>();
  /** Offset of the first piece seen of each part. */
  readonly firstOffsets = new Map<string, number>();
  transcript: Transcript = emptyTranscript();
  reconnects = 0;
  /** `seq` at the moment replay was over. */
  syncedAt: number | null = null;
  #wake = Promise.withResolvers<void>();
  #broken: Error | null = null;
  #stop: () => void = () => undefined;

  /** Watches over server-sent events until it is disposed of. */
  static follow(session: SessionClient, signal: AbortSignal): SessionLog {
    const log = new SessionLog();
    const own = new AbortController();
    log.#stop = () => own.abort();
    void log.#read(session, AbortSignal.any([signal, own.signal]));
    return log;
  }

  /** Watches over WebSocket until it is disposed of. */
  static stream(session: SessionClient, signal: AbortSignal): { readonly log: SessionLog; readonly stream: SessionStream } {
    const log = new SessionLog();
    const stream = session.stream({
      onFrame: ({ events, deltas }) => {
        for (const event of events) log.#takeEvent(event);
        for (const delta of deltas) log.#takeDelta(delta);
        log.#changed();
      },
      onSynced: (seq) => {
        log.syncedAt ??= seq;
        log.#changed();
      },
      onReset: (from) => log.#break(`the server asked to read again from ${from}`),
      onState: (state, error) => {
        if (state === "reconnecting") log.reconnects += 1;
        if (state === "closed" && error) log.#break(error.message);
        log.#changed();
      },
    });
    log.#stop = () => stream.close();
    signal.addEventListener("abort", () => log.#break("time was over"), { once: true });
    return { log, stream };
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  /** @throws Error naming what was waited for and where things stood */
  async until<T>(what: string, find: () => T | null | undefined | false): Promise<T> {
    for (;;) {
      const found = find();
      if (found) return found;
      if (this.#broken) throw new Error(`${this.#broken.message}, while waiting for ${what}. ${this.#standing()}`);
      await this.#wake.promise;
    }
  }

  turn(messageId: string): Turn | undefined {
    return this.transcript.turns.find((turn) => turn.messageId === messageId);
  }

  /** Resolves with the turn when it and its run are over, however they went. */
  async over(messageId: string): Promise<Turn> {
    return this.until("the turn to end", () => {
      const turn = this.turn(messageId);
      return turn && OVER.includes(turn.status) && turn.run?.end !== null && turn;
    });
  }

  /** As {@link over}, and it completed. */
  async completed(messageId: string): Promise<Turn> {
    const turn = await this.over(messageId);
    if (turn.status !== "completed") throw new Error(`the turn ended as ${turn.status}: ${turn.failure?.message ?? "no reason was given"}`);
    return turn;
  }

  /** The text part of a message that is being written. */
  openText(messageId: string): { readonly partId: string; readonly text: string } | undefined {
    const part = this.turn(messageId)?.items.findLast((item) => item.kind === "part" && item.part.kind === "text" && item.open);
    return part && { partId: part.id, text: this.streamed.get(part.id) ?? "" };
  }

  async #read(session: SessionClient, signal: AbortSignal): Promise<void> {
    try {
      for await (const item of session.follow({ signal })) {
        if (item.kind === "event") this.#takeEvent(item.event);
        else if (item.kind === "delta") this.#takeDelta(item.delta);
        else if (item.kind === "synced") this.syncedAt ??= item.seq;
        else if (item.kind === "reconnecting") this.reconnects += 1;
        else this.#break(`the server does not hold events before ${item.from}`);
        this.#changed();
      }
      this.#break(signal.aborted ? "time was over" : "the stream ended");
    } catch (error) {
      this.#break(error instanceof Error ? error.message : String(error));
    }
  }

  #takeEvent(event: SessionEvent): void {
    const last = this.events.at(-1)?.seq ?? 0;
    if (event.seq !== last + 1) this.#break(`event ${event.seq} came after ${last}`);
    this.events.push(event);
    this.transcript = applyEvent(this.transcript, event);
    if (event.type === "part.ended") {
      const { id, text } = event.data.part;
      const streamed = this.streamed.get(id);
      if (streamed !== undefined && text !== undefined && !text.startsWith(streamed)) {
        this.#break(`part ${id} ended with another text than was streamed`);
      }
    }
    if (event.type === "session.status" && event.data.status === "failed") {
      this.#break(`the session failed: ${event.data.failure?.message ?? "no reason was given"}`);
    }
  }

  #takeDelta(delta: Delta): void {
    const { partId, offset, text } = delta;
    const known = this.streamed.get(partId) ?? "";
    if (!this.firstOffsets.has(partId)) this.firstOffsets.set(partId, offset);
    if (offset > known.length) this.#break(`text of part ${partId} has a hole from ${known.length} to ${offset}`);
    const overlap = known.slice(offset, offset + text.length);
    if (!text.startsWith(overlap)) this.#break(`text of part ${partId} came differently a second time at ${offset}`);
    if (offset + text.length > known.length) this.streamed.set(partId, known.slice(0, offset) + text);
    this.transcript = applyDelta(this.transcript, delta);
  }

  #break(message: string): void {
    this.#broken ??= new Error(message);
    this.#changed();
  }

  #changed(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }

  #standing(): string {
    const last = this.events.at(-1);
    const { status, waitingFor, sandbox } = this.transcript;
    return `Session ${status}${waitingFor ? ` for ${waitingFor}` : ""}, sandbox ${sandbox?.phase ?? "not asked for"}, last event ${last ? `${last.seq} ${last.type}` : "none"}.`;
  }
}
