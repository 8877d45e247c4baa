/** Viewers that write down what they were given, and say when they have seen enough. */
import type { Delta, SessionClient, SessionEvent } from "@berth/sdk";

export interface Recording {
  /** Events as they came, repeats and disorder included. */
  readonly events: readonly SessionEvent[];
  readonly deltas: readonly Delta[];
  /** Everything up to `seq`, after which the viewer leaves. @throws Error when it does not come in time */
  until(seq: number, timeoutMs?: number): Promise<readonly SessionEvent[]>;
  /** Resolves with the first event that fits, past or future. */
  first(fits: (event: SessionEvent) => boolean, timeoutMs?: number): Promise<SessionEvent>;
  /** Resolves once the deltas hold that many characters. */
  text(characters: number, timeoutMs?: number): Promise<void>;
  close(): void;
}

interface Waiting {
  readonly done: () => boolean;
  readonly resolve: () => void;
}

class Recorder {
  readonly events: SessionEvent[] = [];
  readonly deltas: Delta[] = [];
  readonly #what: string;
  readonly #close: () => void;
  #waiting: Waiting[] = [];
  #failure: unknown = null;

  constructor(what: string, close: () => void) {
    this.#what = what;
    this.#close = close;
  }

  take(events: readonly SessionEvent[], deltas: readonly Delta[]): void {
    this.events.push(...events);
    this.deltas.push(...deltas);
    this.#check();
  }

  fail(error: unknown): void {
    this.#failure ??= error;
    this.#check();
  }

  close(): void {
    this.#close();
  }

  async until(seq: number, timeoutMs = 30_000): Promise<readonly SessionEvent[]> {
    try {
      await this.#wait(() => (this.events.at(-1)?.seq ?? 0) >= seq, `seq ${seq}`, timeoutMs);
      return this.events.slice(0, this.events.findIndex((event) => event.seq >= seq) + 1);
    } finally {
      this.#close();
    }
  }

  async first(fits: (event: SessionEvent) => boolean, timeoutMs = 60_000): Promise<SessionEvent> {
    await this.#wait(() => this.events.some(fits), "an event", timeoutMs);
    return this.events.find(fits) as SessionEvent;
  }

  async text(characters: number, timeoutMs = 60_000): Promise<void> {
    await this.#wait(() => this.deltas.reduce((sum, { text }) => sum + text.length, 0) >= characters, `${characters} characters`, timeoutMs);
  }

  #wait(done: () => boolean, what: string, timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`${this.#what}: ${what} did not come within ${timeoutMs} ms; last seq ${this.events.at(-1)?.seq}; ${String(this.#failure)}`)), timeoutMs);
    this.#waiting.push({ done, resolve });
    this.#check();
    return promise.finally(() => clearTimeout(timer));
  }

  #check(): void {
    this.#waiting = this.#waiting.filter(({ done, resolve }) => {
      if (!done()) return true;
      resolve();
      return false;
    });
  }
}

/** Over SSE. */
export function recordFollowing(session: SessionClient, after = 0): Recording {
  const leaving = new AbortController();
  const recorder = new Recorder("SSE", () => leaving.abort());
  void (async () => {
    for await (const item of session.follow({ after, signal: leaving.signal })) {
      if (item.kind === "event") recorder.take([item.event], []);
      else if (item.kind === "delta") recorder.take([], [item.delta]);
    }
  })().catch((error: unknown) => recorder.fail(error));
  return recorder;
}

/** Over WebSocket. */
export function recordStreaming(session: SessionClient, after = 0): Recording {
  const stream = session.stream({
    after,
    onFrame: ({ events, deltas }) => recorder.take(events, deltas),
    onState: (_state, error) => {
      if (error) recorder.fail(error);
    },
  });
  const recorder = new Recorder("WebSocket", () => stream.close());
  return recorder;
}
