/**
 * A session over WebSocket: frames as the hub coalesces them, acknowledged once handled, and actions over the same
 * socket. Opens by a one-use ticket, so that no key stands in an address; reconnects by cursor until closed or refused.
 */
import type { Answer, ClientFrame, Delivery, Delta, Message, ServerFrame, SessionEvent, StreamTicket } from "@berth/protocol";
import { archivePages } from "./archive.ts";
import { backoffMs } from "./clock.ts";
import { LogCursor } from "./cursor.ts";
import { BerthError, clientError, isRefusal, problemError } from "./errors.ts";
import type { Http } from "./http.ts";
import { PendingActions, type ActionFrame } from "./stream-actions.ts";
import { openSocket, type Socket, type WebSocketConstructor } from "./socket.ts";

export type StreamState = "connecting" | "replaying" | "live" | "reconnecting" | "closed";

export interface StreamOptions {
  /** The last `seq` already known. Default 0: from the beginning. */
  readonly after?: number;
  /** One call per frame: new events once each and in order, then text of parts that are still open. */
  readonly onFrame: (frame: { readonly events: readonly SessionEvent[]; readonly deltas: readonly Delta[] }) => void;
  readonly onSynced?: (seq: number) => void;
  /** Events before `from` are not held any more: what was built from them has to be read again. */
  readonly onReset?: (from: number) => void;
  /** `error` says why, for `reconnecting` and for a `closed` that was not asked for. */
  readonly onState?: (state: StreamState, error?: BerthError) => void;
}

const PING_EVERY_MS = 20_000;
const PONG_WITHIN_MS = 10_000;

export class SessionStream {
  readonly #http: Http;
  readonly #path: string;
  readonly #options: StreamOptions;
  readonly #WebSocket: WebSocketConstructor | undefined;
  readonly #cursor: LogCursor;
  readonly #closing = new AbortController();
  readonly #actions = new PendingActions();
  #state: StreamState = "connecting";
  /** Where the last text of the connection ended: a `more` frame goes on there. */
  #textEnd: { readonly partId: string; readonly end: number } | null = null;
  #socket: Socket | null = null;

  constructor(http: Http, path: string, WebSocket: WebSocketConstructor | undefined, options: StreamOptions) {
    this.#http = http;
    this.#path = path;
    this.#options = options;
    this.#WebSocket = WebSocket;
    this.#cursor = new LogCursor(options.after ?? 0);
    void this.#run();
  }

  get state(): StreamState {
    return this.#state;
  }

  /** The newest `seq` delivered. */
  get seq(): number {
    return this.#cursor.seq;
  }

  /** Survives a reconnect: it is sent again under the same key, and the server knows it. */
  prompt(text: string, options: { readonly model?: string; readonly delivery?: Delivery; readonly idempotencyKey?: string } = {}): Promise<Message> {
    const idempotencyKey = options.idempotencyKey ?? crypto.randomUUID();
    return this.#act({ type: "prompt", text, idempotencyKey, ...(options.model ? { model: options.model } : {}), ...(options.delivery ? { delivery: options.delivery } : {}) }) as Promise<Message>;
  }

  /** @throws BerthError `network` when the connection went before the answer came; it may have been applied */
  async stop(): Promise<void> {
    await this.#act({ type: "stop" });
  }

  async cancel(messageId: string): Promise<void> {
    await this.#act({ type: "cancel", messageId });
  }

  async answer(request: string, answer: Answer): Promise<void> {
    await this.#act({ type: "answer", request, answer });
  }

  close(): void {
    this.#end();
  }

  #act(action: ActionFrame): Promise<unknown> {
    if (this.#state === "closed") return Promise.reject(clientError("aborted", "The stream is closed"));
    const { frame, result } = this.#actions.add(action);
    this.#send(frame);
    return result;
  }

  #send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const failure = await this.#connect(() => {
        attempt = 0;
      });
      this.#socket = null;
      if (signal.aborted) return;
      if (isRefusal(failure)) return this.#end(failure);
      this.#actions.connectionLost(failure);
      this.#setState("reconnecting", failure);
      await this.#http.clock.sleep(failure.retryAfterMs ?? backoffMs(attempt, this.#http.clock.random()), signal);
    }
  }

  /** Lives as long as one socket. Answers why it ended. */
  async #connect(onSynced: () => void): Promise<BerthError> {
    const connection = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, connection.signal]);
    try {
      const ticket = await this.#http.post<StreamTicket>(`${this.#path}/stream-ticket`, { signal });
      const socket = await openSocket(this.#WebSocket, this.#address(ticket), signal);
      this.#socket = socket;
      this.#textEnd = null;
      this.#setState("replaying");
      for (const frame of this.#actions.unanswered()) this.#send(frame);
      let heard = true;
      void this.#watch(signal, () => heard, (value) => (heard = value), socket);
      for await (const text of socket.messages()) {
        heard = true;
        if (text === "pong") continue;
        const frame = JSON.parse(text) as ServerFrame;
        if (frame.type === "reset" && frame.archive !== undefined) await this.#readArchive(frame.from, signal);
        const problem = this.#handle(frame, onSynced);
        if (problem) return problem;
      }
      return socket.closeError();
    } catch (error) {
      return BerthError.is(error) ? error : clientError("network", "The connection failed", error);
    } finally {
      connection.abort();
    }
  }

  /** A socket whose other end is gone can stay open for minutes: it is asked, and closed when it says nothing. */
  async #watch(signal: AbortSignal, heard: () => boolean, setHeard: (value: boolean) => void, socket: Socket): Promise<void> {
    while (!signal.aborted) {
      await this.#http.clock.sleep(PING_EVERY_MS, signal);
      if (signal.aborted) return;
      setHeard(false);
      socket.send("ping");
      await this.#http.clock.sleep(PONG_WITHIN_MS, signal);
      if (!signal.aborted && !heard()) socket.close();
    }
  }

  #handle(frame: ServerFrame, onSynced: () => void): BerthError | null {
    switch (frame.type) {
      case "frame": {
        const { events, gap } = this.#cursor.accept(frame.events);
        // What came before the hole counts as read, so it is given.
        this.#deliver(events, gap ? [] : frame.deltas);
        if (gap) return clientError("network", "The stream skipped an event");
        this.#send({ type: "ack", frame: frame.frame });
        return null;
      }
      case "more": {
        if (this.#textEnd === null) return clientError("network", "The stream went on with a text that was not begun");
        const { partId, end } = this.#textEnd;
        this.#deliver([], [{ partId, offset: end, text: frame.text }]);
        this.#send({ type: "ack", frame: frame.frame });
        return null;
      }
      case "synced":
        onSynced();
        this.#setState("live");
        this.#options.onSynced?.(frame.seq);
        return null;
      case "reset":
        // What the archive gave is not passed over. The socket goes on with `from` either way.
        if (this.#cursor.reset(frame.from)) this.#options.onReset?.(frame.from);
        return null;
      case "result":
        this.#actions.resolve(frame.requestId, frame.value);
        return null;
      case "problem": {
        const error = problemError(frame.problem);
        if (frame.requestId === undefined) return error;
        this.#actions.reject(frame.requestId, error);
        return null;
      }
      default:
        return null;
    }
  }

  #deliver(events: readonly SessionEvent[], deltas: readonly Delta[]): void {
    const last = deltas.at(-1);
    if (last) this.#textEnd = { partId: last.partId, end: last.offset + last.text.length };
    if (events.length > 0 || deltas.length > 0) this.#options.onFrame({ events, deltas });
  }

  /** Events that the stream does not hold any more, up to where it begins. */
  async #readArchive(from: number, signal: AbortSignal): Promise<void> {
    for await (const page of archivePages(this.#http, `${this.#path}/events`, this.#cursor, from, signal)) this.#deliver(page, []);
  }

  #address(ticket: StreamTicket): string {
    const url = new URL(ticket.url, this.#http.url("/"));
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("frames", "short");
    url.searchParams.set("ticket", ticket.ticket);
    url.searchParams.set("after", String(this.#cursor.seq));
    return url.href;
  }

  #setState(state: StreamState, error?: BerthError): void {
    if (state === this.#state && !error) return;
    this.#state = state;
    this.#options.onState?.(state, error);
  }

  #end(error?: BerthError): void {
    if (this.#state === "closed") return;
    this.#setState("closed", error);
    this.#socket?.close();
    this.#closing.abort();
    this.#actions.rejectAll(error ?? clientError("aborted", "The stream was closed"));
  }
}
