/**
 * A shell in a session's sandbox. Opens by a one-use ticket; reconnects to the same shell until it is closed, refused, ended
 * or taken over. What it shows is acknowledged, so that a page that is slow slows the shell and nothing else.
 */
import type { TerminalClientFrame, TerminalServerFrame, TerminalSize, WorkspaceTicket } from "@berth/protocol";
import { backoffMs } from "./clock.ts";
import { BerthError, clientError, closeCodeError, isRefusal } from "./errors.ts";
import type { Http } from "./http.ts";
import type { WebSocketConstructor, WebSocketLike } from "./socket.ts";

export type TerminalState = "connecting" | "open" | "reconnecting" | "closed";

export interface TerminalOptions extends TerminalSize {
  /** Of the shell, which outlives connections and pages: 1 to 64 letters, digits, `-`, `_`. Default: a new one's. */
  readonly name?: string;
  /** Bytes as the shell wrote them. Call `shown` once they are on the screen: no more than 256 KB come before that. */
  readonly onData: (bytes: Uint8Array, shown: () => void) => void;
  /** The shell is there, also after a reconnect. Not `fresh`: what it showed last comes now, again. */
  readonly onOpened?: (opened: { readonly fresh: boolean }) => void;
  /** The shell ended, with its exit code. */
  readonly onExit?: (code: number) => void;
  /** `error` says why, for `reconnecting` and for a `closed` that was not asked for. */
  readonly onState?: (state: TerminalState, error?: BerthError) => void;
}

const OPEN = 1;

export class SessionTerminal {
  readonly name: string;
  readonly #http: Http;
  readonly #path: string;
  readonly #options: TerminalOptions;
  readonly #WebSocket: WebSocketConstructor | undefined;
  readonly #closing = new AbortController();
  #size: TerminalSize;
  #state: TerminalState = "connecting";
  #socket: WebSocketLike | null = null;

  constructor(http: Http, path: string, WebSocket: WebSocketConstructor | undefined, options: TerminalOptions) {
    this.#http = http;
    this.#path = path;
    this.#WebSocket = WebSocket;
    this.#options = options;
    this.#size = { cols: options.cols, rows: options.rows };
    this.name = options.name ?? crypto.randomUUID();
    void this.#run();
  }

  get state(): TerminalState {
    return this.#state;
  }

  /** Types it. What is typed while there is no connection is lost. */
  write(data: string | Uint8Array<ArrayBuffer>): void {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    if (this.#state === "open" && this.#socket?.readyState === OPEN) this.#socket.send(bytes);
  }

  resize(size: TerminalSize): void {
    if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
    this.#size = { cols: size.cols, rows: size.rows };
    this.#say({ type: "resize", ...this.#size });
  }

  /** Leaves the shell, which goes on. */
  close(): void {
    this.#end();
  }

  #say(frame: TerminalClientFrame): void {
    if (this.#state === "open" && this.#socket?.readyState === OPEN) this.#socket.send(JSON.stringify(frame));
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const failure = await this.#connect(() => {
        attempt = 0;
      }).catch((error: unknown) => (BerthError.is(error) ? error : clientError("network", "The connection failed", error)));
      this.#socket = null;
      if (signal.aborted) return;
      if (failure === null || isRefusal(failure) || failure.code === "aborted") return this.#end(failure ?? undefined);
      this.#setState("reconnecting", failure);
      await this.#http.clock.sleep(failure.retryAfterMs ?? backoffMs(attempt, this.#http.clock.random()), signal);
    }
  }

  /** Lives as long as one socket. Answers why it ended; null when the shell did. */
  async #connect(onOpened: () => void): Promise<BerthError | null> {
    const { signal } = this.#closing;
    const ticket = await this.#http.post<WorkspaceTicket>(`${this.#path}/workspace-ticket`, { body: { what: "terminal" }, signal });
    if (signal.aborted) return null;
    const Chosen = this.#WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
    if (!Chosen) throw clientError("bad-answer", "There is no WebSocket here: pass one to new Berth({ WebSocket })");
    const asked = this.#size;
    const socket = new Chosen(this.#address(ticket, asked));
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    return new Promise((resolve) => {
      let outcome: BerthError | null | undefined;
      // Bytes of this socket, and the marks among them that are to be given back.
      let [came, shown] = [0, 0];
      const marks: { readonly mark: string; readonly after: number }[] = [];
      const giveBack = (): void => {
        for (let next = marks[0]; next !== undefined && next.after <= shown; next = marks[0]) {
          marks.shift();
          this.#say({ type: "ack", mark: next.mark });
        }
      };
      const over = (failure: BerthError | null): void => resolve(outcome === undefined ? failure : outcome);
      socket.addEventListener("message", ({ data }) => {
        if (this.#socket !== socket) return;
        if (typeof data !== "string") {
          const bytes = new Uint8Array(data as ArrayBuffer);
          came += bytes.length;
          let isShown = false;
          return this.#options.onData(bytes, () => {
            if (isShown || this.#socket !== socket) return;
            isShown = true;
            shown += bytes.length;
            giveBack();
          });
        }
        const frame = JSON.parse(data) as TerminalServerFrame;
        if (frame.type === "opened") {
          onOpened();
          this.#setState("open");
          this.#options.onOpened?.({ fresh: frame.fresh });
          // It may have changed on the way.
          if (asked !== this.#size) this.#say({ type: "resize", ...this.#size });
        } else if (frame.type === "mark") {
          marks.push({ mark: frame.mark, after: came });
          giveBack();
        } else if (frame.type === "exited") {
          outcome = null;
          this.#options.onExit?.(frame.code);
        } else if (frame.type === "moved") outcome = clientError("aborted", "This terminal was opened elsewhere, and is there now");
      });
      socket.addEventListener("error", () => over(clientError("network", "The connection failed")));
      socket.addEventListener("close", ({ code, reason }) => over(closeCodeError(code, reason)));
      signal.addEventListener("abort", () => over(null), { once: true });
    });
  }

  #address(ticket: WorkspaceTicket, { cols, rows }: TerminalSize): string {
    const url = new URL(ticket.url, this.#http.url("/"));
    url.protocol = url.protocol.replace("http", "ws");
    for (const [name, value] of Object.entries({ ticket: ticket.ticket, name: this.name, cols, rows })) url.searchParams.set(name, String(value));
    return url.href;
  }

  #setState(state: TerminalState, error?: BerthError): void {
    if (state === this.#state && !error) return;
    this.#state = state;
    this.#options.onState?.(state, error);
  }

  #end(error?: BerthError): void {
    if (this.#state === "closed") return;
    this.#setState("closed", error);
    this.#socket?.close(1000);
    this.#closing.abort();
  }
}
