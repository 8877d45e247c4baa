/** One session: what can be done with it by its id alone. Nothing is asked of the server until a method is called. */
import type {
  Answer,
  AppliedWork,
  ClientToken,
  CreateClientToken,
  CreateShare,
  CreateShareLink,
  CreatedShareLink,
  Delivery,
  FolderListing,
  ListeningPort,
  ListeningPorts,
  Message,
  ResumeSession,
  SandboxPolicy,
  Session,
  SessionEvent,
  SessionSecret,
  Share,
  UpdateSession,
  WorkDiff,
  WorkspaceTicket,
  WrittenFile,
} from "@berth/protocol";
import { follow, type FollowItem, type FollowOptions } from "./follow.ts";
import type { Http } from "./http.ts";
import { makeList, type List, type Page, type PageOptions } from "./page.ts";
import type { WebSocketConstructor } from "./socket.ts";
import { SessionStream, type StreamOptions } from "./stream.ts";
import { SessionTerminal, type TerminalOptions } from "./terminal.ts";
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

  /** What it gets of the organization's secrets, by name. */
  secrets(options: PageOptions = {}): List<SessionSecret> {
    return makeList(this.#http, `${this.#path}/secrets`, {}, options);
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

  /** How the sandbox is kept: what is declared, and what was measured last, by whom and when. */
  policy(options: Signal = {}): Promise<SandboxPolicy> {
    return this.#http.get(`${this.#path}/policy`, options);
  }

  /**
   * Has it measured again: the answer says `measuring`, and `policy()` has the new facts a few seconds later.
   * @throws BerthError `conflict` without a sandbox
   */
  measurePolicy(options: Signal = {}): Promise<SandboxPolicy> {
    return this.#http.post(`${this.#path}/policy/measure`, options);
  }

  /** Answers a permission or a question that the agent asked. @throws BerthError `conflict` when it is answered */
  answer(requestId: string, answer: Answer, options: Signal = {}): Promise<void> {
    return this.#http.post(`${this.#path}/answer`, { ...options, body: { requestId, answer } });
  }

  /** What differs in the work folder from where the work began. @throws BerthError `conflict` while no sandbox runs */
  diff(options: Signal = {}): Promise<WorkDiff> {
    return this.#http.get(`${this.#path}/diff`, options);
  }

  /** Writes the session's work to a branch of the folder it came from. */
  apply(request: { readonly branch: string }, options: Signal = {}): Promise<AppliedWork> {
    return this.#http.post(`${this.#path}/apply`, { ...options, body: request });
  }

  /** The whole of a tool's big output, of which its event has the head and the tail. @throws BerthError `not-found` */
  output(ref: { readonly name: string }, options: Signal = {}): Promise<string> {
    return this.#http.text(`${this.#path}/outputs/${encodeURIComponent(ref.name)}`, options);
  }

  /** With whom it is shared, links included. */
  shares(): List<Share> {
    return makeList(this.#http, `${this.#path}/shares`, {});
  }

  /** With a member, service account or team; again with the same one changes the role. */
  share(input: CreateShare, options: Signal = {}): Promise<Share> {
    return this.#http.post(`${this.#path}/shares`, { ...options, body: input });
  }

  /** Ends a share or a link. */
  unshare(shareId: string, options: Signal = {}): Promise<void> {
    return this.#http.delete(`${this.#path}/shares/${encodeURIComponent(shareId)}`, options);
  }

  /** The answer holds the link's token, the only time it is seen; `berth.redeemShareLink` takes it. */
  createShareLink(input: CreateShareLink, options: Signal = {}): Promise<CreatedShareLink> {
    return this.#http.post(`${this.#path}/share-links`, { ...options, body: input });
  }

  /** A short-lived bearer token for this session alone, for a page of your own. */
  createClientToken(input: CreateClientToken, options: Signal = {}): Promise<ClientToken> {
    return this.#http.post(`${this.#path}/client-tokens`, { ...options, body: input });
  }

  endClientToken(id: string, options: Signal = {}): Promise<void> {
    return this.#http.delete(`${this.#path}/client-tokens/${encodeURIComponent(id)}`, options);
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

  /** What is in a folder of the work folder, by its path from there on. @throws BerthError `conflict` without a sandbox */
  files(path = "", options: Signal = {}): Promise<FolderListing> {
    return this.#http.get(`${this.#path}/files`, { ...options, query: { path } });
  }

  /** A file of the work folder. @throws BerthError `not-found`, `conflict` without a sandbox */
  readFile(path: string, options: Signal = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#http.bytes(`${this.#path}/files/content`, { ...options, query: { path } });
  }

  /** Writes a file of the work folder, whole or not at all, with the folders on its way. */
  writeFile(path: string, content: string | Blob | Uint8Array<ArrayBuffer>, options: Signal = {}): Promise<WrittenFile> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return this.#http.putBytes(`${this.#path}/files/content`, bytes, { ...options, query: { path } });
  }

  /** A shell in the session's sandbox, for who may act in the session. Closes with `conflict` while there is no sandbox. */
  terminal(options: TerminalOptions): SessionTerminal {
    return new SessionTerminal(this.#http, this.#path, this.#WebSocket, options);
  }

  /** What listens in the session's sandbox, and so can be seen by `preview`. @throws BerthError `conflict` without a sandbox */
  async ports(options: Signal = {}): Promise<readonly ListeningPort[]> {
    return (await this.portList(options)).ports;
  }

  /** The same, and in `expected` what the session's environment names and nothing listens on yet. @throws BerthError `conflict` without a sandbox */
  portList(options: Signal = {}): Promise<ListeningPorts> {
    return this.#http.get<ListeningPorts>(`${this.#path}/ports`, options);
  }

  /**
   * What is served on a port of the session's sandbox, for who may act in the session: `url` opens it in a browser, once, within 30
   * seconds, on an origin of its own.
   */
  preview(port: number): Promise<WorkspaceTicket> {
    return this.#http.post<WorkspaceTicket>(`${this.#path}/workspace-ticket`, { body: { what: "port", port } });
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
