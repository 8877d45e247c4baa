/**
 * One open session: its transcript as it grows, the connection, and messages on their way. Nothing is shown before the
 * log was replayed once, so that a reload does not play the conversation again before one's eyes.
 */
import { applyDeltas, applyEvents, BerthError, emptyTranscript, type Delivery, type SessionClient, type SessionRight, type SessionStream, type StreamState, type Transcript, type Turn } from "@berth/sdk";
import { toMessage, type ErrorMessage } from "./error-message.ts";
import { withShownStatus } from "./shown-status.ts";

export interface PendingMessage {
  /** Also its idempotency key, so that trying again cannot send it twice. */
  readonly key: string;
  readonly text: string;
  readonly delivery: Delivery;
  /** Known once the server answered; shown until its event arrives. */
  readonly messageId: string | null;
  /** How many turns there were when it was sent. */
  readonly turnsBefore: number;
  readonly error: ErrorMessage | null;
}

export interface SessionView {
  readonly transcript: Transcript;
  readonly loaded: boolean;
  readonly connection: StreamState;
  /** Why the stream is closed or reconnecting. */
  readonly error: BerthError | null;
  readonly pending: readonly PendingMessage[];
  /** The beginning is archived and not shown. */
  readonly truncated: boolean;
  /** What one may do here; null until the server said so. */
  readonly right: SessionRight | null;
}

export class SessionStore {
  readonly session: SessionClient;
  #stream: SessionStream | null = null;
  #view: SessionView = { transcript: emptyTranscript(), loaded: false, connection: "connecting", error: null, pending: [], truncated: false, right: null };
  #transcript: Transcript = this.#view.transcript;
  readonly #listeners = new Set<() => void>();

  constructor(session: SessionClient) {
    this.session = session;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): SessionView => this.#view;

  open(): void {
    const stream: SessionStream = this.session.stream({
      after: this.#transcript.lastSeq,
      onFrame: ({ events, deltas }) => {
        this.#transcript = applyDeltas(applyEvents(this.#transcript, events), deltas);
        if (this.#view.loaded) this.#publish({});
      },
      onSynced: () => {
        // After a gap it may be another one.
        if (this.#view.loaded) this.askRight();
        this.#publish({ loaded: true });
      },
      onReset: () => this.#publish({ truncated: true }),
      onState: (connection, error) => {
        // One that was closed here has nothing more to say.
        if (this.#stream === stream) this.#publish({ connection, error: error ?? null });
      },
    });
    this.#stream = stream;
    this.#publish({ connection: stream.state, error: null });
    this.askRight();
  }

  /** What cannot be asked stays as it was: the server refuses what one may not. */
  askRight(): void {
    this.session.get().then(
      ({ access = null }) => this.#publish({ right: access }),
      () => undefined,
    );
  }

  /** What went wrong, in words. One who is told that they may not is shown less from then on. */
  refusal(error: unknown): ErrorMessage {
    if (BerthError.is(error) && error.code === "forbidden") this.askRight();
    return toMessage(error);
  }

  close(): void {
    const stream = this.#stream;
    this.#stream = null;
    stream?.close();
  }

  /** After a refusal or on request: from where it stood. */
  reopen(): void {
    this.close();
    this.open();
  }

  send(text: string, delivery: Delivery = "queue"): void {
    const pending: PendingMessage = { key: crypto.randomUUID(), text, delivery, messageId: null, turnsBefore: this.#transcript.turns.length, error: null };
    this.#publish({ pending: [...this.#view.pending, pending] });
    void this.#post(pending);
  }

  retry(key: string): void {
    const pending = this.#view.pending.find((candidate) => candidate.key === key);
    if (!pending) return;
    this.#change(key, { error: null });
    void this.#post(pending);
  }

  discard(key: string): void {
    this.#publish({ pending: this.#view.pending.filter((candidate) => candidate.key !== key) });
  }

  async #post({ key, text, delivery }: PendingMessage): Promise<void> {
    try {
      const { id } = await this.session.send(text, { idempotencyKey: key, ...(delivery === "steer" ? { delivery } : {}) });
      this.#change(key, { messageId: id });
    } catch (error) {
      this.#change(key, { error: this.refusal(error) });
    }
  }

  #change(key: string, change: Partial<PendingMessage>): void {
    this.#publish({ pending: this.#view.pending.map((pending) => (pending.key === key ? { ...pending, ...change } : pending)) });
  }

  #publish(change: Partial<SessionView>): void {
    const view = { ...this.#view, ...change, transcript: withShownStatus(this.#transcript) };
    this.#view = { ...view, pending: withoutArrived(view.pending, view.transcript.turns) };
    for (const listener of this.#listeners) listener();
  }
}

/**
 * The event of a message may come before the answer to its request, or instead of it: a new turn of the same text is
 * that message. Each turn stands for one.
 */
function withoutArrived(pending: readonly PendingMessage[], turns: readonly Turn[]): readonly PendingMessage[] {
  if (pending.length === 0) return pending;
  const claimed = new Set<string>();
  return pending.filter(({ messageId, text, turnsBefore }) => {
    const turn = turns.find((candidate, at) => {
      if (messageId !== null) return candidate.messageId === messageId;
      return at >= turnsBefore && candidate.text === text && !claimed.has(candidate.messageId);
    });
    if (turn) claimed.add(turn.messageId);
    return !turn;
  });
}
