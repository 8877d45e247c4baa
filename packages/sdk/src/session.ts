/** One session: what can be done with it by its id alone. Nothing is asked of the server until a method is called. */
import type {
  Answer,
  AppliedWork,
  Delivery,
  Message,
  ResumeSession,
  Session,
  SessionEvent,
  UpdateSession,
} from "@berth/protocol";
import { follow, type FollowItem, type FollowOptions } from "./follow.ts";
import type { Http } from "./http.ts";
import { makeList, type List, type Page, type PageOptions } from "./page.ts";
import type { WebSocketConstructor } from "./socket.ts";
import { SessionStream, type StreamOptions } from "./stream.ts";
import { applyEvent, emptyTranscript } from "./transcript.ts";
import type { Transcript } from "./transcript-model.ts";
import { waitForMessage, type WaitOptions, type WaitResult } from "./wait.ts";

export interface SendOptions {
  /** For this message only. Absent: the session's. */
  readonly model?: string;
  /** `steer`: for the turn that runs now. */
  readonly delivery?: Delivery;
  /** The same key and text again answers the first message. Absent: one is made per call. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface EventsOptions extends FollowOptions {
  /** False: ends with the newest event there is. Default true: goes on until the signal aborts. */
  readonly live?: boolean;
}

export interface Signal {
  readonly signal?: AbortSignal;
}

export class SessionClient {
  readonly id: string;
  readonly #http: Http;
  readonly #path: string;
  readonly #WebSocket: WebSocketConstructor | undefined;

  constructor(http: Http, id: string, WebSocket: WebSocketConstructor | undefined) {
    this.id = id;
    this.#http = http;
    this.#path = `/v1/sessions/${encodeURIComponent(id)}`;
    this.#WebSocket = WebSocket;
  }

  get(options: Signal = {}): Promise<Session> {
    return this.#http.get(this.#path, options);
  }

  update(changes: UpdateSession, options: Signal = {}): Promise<Session> {
    return this.#http.patch(this.#path, { ...options, body: changes });
  }

  /** Ends the session and destroys its sandbox. Its run history stays. */
  remove(options: Signal = {}): Promise<void> {
    return this.#http.delete(this.#path, options);
  }

  /** Puts a message in the queue. A repeat after a lost answer is the same message. */
  send(text: string, options: SendOptions = {}): Promise<Message> {
    const { model, delivery, idempotencyKey, signal } = options;
    return this.#http.post(`${this.#path}/messages`, { body: { text, model, delivery }, idempotencyKey, signal });
  }

  /** Oldest first. */
  messages(options: PageOptions = {}): List<Message> {
    return makeList(this.#http, `${this.#path}/messages`, {}, options);
  }

  /** Takes a message out of the queue. @throws BerthError `conflict` when it is running or over */
  cancel(messageId: string, options: Signal = {}): Promise<Message | undefined> {
    return this.#http.delete(`${this.#path}/messages/${encodeURIComponent(messageId)}`, options);
  }

  /** Puts a queued message before another one, or with null last. @throws BerthError `conflict` when it is running or over */
  move(messageId: string, before: string | null, options: Signal = {}): Promise<Message> {
    return this.#http.patch(`${this.#path}/messages/${encodeURIComponent(messageId)}`, { ...options, body: { before } });
  }

  /** Stops the running turn; the queue goes on with the next message. */
  stop(options: Signal = {}): Promise<Session> {
    return this.#http.post(`${this.#path}/stop`, options);
  }

  /**
   * Starts a new sandbox for a failed, hibernated or interrupted session. What was cut off is skipped, unless `interrupted`
   * says to continue with what is done or to retry it.
   */
  resume(options: ResumeSession & Signal = {}): Promise<Session> {
    const { interrupted, signal } = options;
    return this.#http.post(`${this.#path}/resume`, { signal, body: { interrupted } });
  }

  /** Saves the work and gives the sandbox back; a message or `resume` brings it back. */
  hibernate(options: Signal = {}): Promise<Session> {
    return this.#http.post(`${this.#path}/hibernate`, options);
  }

  /** Answers a permission or a question that the agent asked. @throws BerthError `conflict` when it is answered */
  answer(requestId: string, answer: Answer, options: Signal = {}): Promise<void> {
    return this.#http.post(`${this.#path}/answer`, { ...options, body: { requestId, answer } });
  }

  /** Writes the session's work to a branch of the folder it came from. */
  apply(request: { readonly branch: string }, options: Signal = {}): Promise<AppliedWork> {
    return this.#http.post(`${this.#path}/apply`, { ...options, body: request });
  }

  /** The whole of a tool's big output, of which its event has the head and the tail. @throws BerthError `not-found` */
  output(ref: { readonly name: string }, options: Signal = {}): Promise<string> {
    return this.#http.text(`${this.#path}/outputs/${encodeURIComponent(ref.name)}`, options);
  }

  /** One page of committed events, oldest first. `next` is the `after` of the next page. */
  async eventPage(options: { readonly after?: number; readonly limit?: number } & Signal = {}): Promise<Page<SessionEvent>> {
    const { after = 0, limit, signal } = options;
    return this.#http.get(`${this.#path}/events`, { query: { after, limit }, signal });
  }

  /** Committed events, each once and in order; reconnects by itself. @throws BerthError when the server refuses */
  async *events(options: EventsOptions = {}): AsyncGenerator<SessionEvent> {
    if (options.live === false) return yield* this.#history(options);
    for await (const item of this.follow(options)) if (item.kind === "event") yield item.event;
  }

  /** Events, text as it is written, and where the stream stands. */
  follow(options: FollowOptions = {}): AsyncGenerator<FollowItem> {
    return follow(this.#http, `${this.#path}/events`, options);
  }

  /** The same over WebSocket, one call per frame, with actions over the same socket. For pages. */
  stream(options: StreamOptions): SessionStream {
    return new SessionStream(this.#http, this.#path, this.#WebSocket, options);
  }

  /**
   * Resolves when the message, or the newest one, is over, however it went.
   * @throws BerthError `session-over` when the session failed or ended first, `not-found` for an unknown message
   */
  wait(options: WaitOptions = {}): Promise<WaitResult> {
    return waitForMessage(this, options);
  }

  /** The conversation so far. */
  async transcript(options: Signal = {}): Promise<Transcript> {
    let transcript = emptyTranscript();
    for await (const event of this.#history(options)) transcript = applyEvent(transcript, event);
    return transcript;
  }

  async *#history(options: { readonly after?: number; readonly signal?: AbortSignal }): AsyncGenerator<SessionEvent> {
    let { after = 0 } = options;
    for (;;) {
      const signal = options.signal ? { signal: options.signal } : {};
      const { data, next } = await this.eventPage({ after, limit: 500, ...signal });
      yield* data;
      const last = data.at(-1);
      if (!last || next === null) return;
      after = last.seq;
    }
  }
}
