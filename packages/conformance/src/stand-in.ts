/**
 * A server that does what a case tells it, connection by connection: also what no server should. Without being told it
 * gives its log after the asked position, then `synced`, and stays.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { check } from "./check.ts";
import { sampleLog } from "./sample-log.ts";
import type { WireDelta, WireEvent } from "./wire.ts";

export interface Connection {
  /** The position it asked for. */
  readonly after: number;
  readonly request: IncomingMessage;
  /** When it came, in milliseconds. */
  readonly atMs: number;
  /** What the client said; not for SSE. */
  readonly heard: string[];
  isClosed: boolean;
  frame(events: readonly WireEvent[], deltas?: readonly WireDelta[]): void;
  /** A message with a type of its own. */
  tell(type: string, fields: Readonly<Record<string, unknown>>): void;
  /** Text that goes on: as `more` where the client asked for short frames, else as a delta. */
  more(delta: WireDelta): void;
  /** Bytes as they are; for a WebSocket one message. */
  raw(bytes: string | Uint8Array): void;
  /** Says goodbye with a code. */
  close(code: number, reason: string): void;
  /** The line goes dead. */
  cut(): void;
}

export type Script = (connection: Connection, standIn: StandIn) => void | Promise<void>;

/** An answer in place of a stream, or of a ticket. */
export interface RefusedWith {
  readonly status: number;
  readonly slug: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class StandIn {
  readonly log = sampleLog();
  readonly connections: Connection[] = [];
  /** Requests for tickets, and those that were refused in place of a stream. */
  readonly asked: { readonly request: IncomingMessage; readonly atMs: number }[] = [];
  readonly pages: string[] = [];
  /** Events on a page at most, whatever was asked for. */
  pageMax = 500;
  /** Big outputs by their path, and requests for them. */
  readonly outputs = new Map<string, string>();
  readonly outputsAsked: IncomingMessage[] = [];
  /** What each connection gets, in their order; the last one stands for all that follow. */
  scripts: Script[] = [giveAll];
  /** Refusals that come before any stream, in their order. */
  refusals: RefusedWith[] = [];
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true });
  #tickets = 0;

  constructor() {
    this.#server.on("upgrade", (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#begin(new SocketConnection(ws, request)));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** The log after a position. */
  after(seq: number, to = this.log.length): WireEvent[] {
    return this.log.filter((event) => event.seq > seq && event.seq <= to);
  }

  /** How often a stream, or what is needed for one, was asked for. */
  get attempts(): number {
    return this.connections.length + this.asked.filter(({ request }) => !request.url?.includes("stream-ticket")).length;
  }

  #begin(connection: Connection): void {
    const script = this.scripts[this.connections.length] ?? this.scripts.at(-1) ?? giveAll;
    this.connections.push(connection);
    void Promise.resolve(script(connection, this)).catch(() => connection.cut());
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://stand-in");
    const wantsTicket = request.method === "POST" && url.pathname.endsWith("/stream-ticket");
    const wantsStream = url.pathname.endsWith("/events") && (request.headers.accept ?? "").includes("text/event-stream");
    request.resume();
    const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json", ...headers }).end(JSON.stringify(body));
    };
    if (wantsTicket || wantsStream) {
      const refusal = this.refusals.shift();
      if (wantsTicket || refusal) this.asked.push({ request, atMs: performance.now() });
      if (refusal) return json(refusal.status, { type: `https://berth.dev/problems/${refusal.slug}`, title: refusal.slug, status: refusal.status, detail: "Refused by the stand-in." }, refusal.headers);
      if (wantsStream) return this.#begin(new SseConnection(request, response));
      const ticket = `tkt_org.${String(++this.#tickets).padStart(40, "0")}`;
      return json(201, { ticket, url: `${this.url.replace("http", "ws")}${url.pathname.replace(/-ticket$/, "")}`, expiresAt: new Date(Date.now() + 30_000).toISOString() });
    }
    if (url.pathname.endsWith("/events")) {
      this.pages.push(`${url.pathname}${url.search}`);
      const [after, limit] = [Number(url.searchParams.get("after") ?? 0), Number(url.searchParams.get("limit") ?? 50)];
      const data = this.after(after).slice(0, Math.min(limit, this.pageMax));
      const last = data.at(-1)?.seq ?? after;
      return json(200, { data, next: last < this.log.length ? String(last) : null, firstSeq: 1, lastSeq: this.log.length });
    }
    if (url.pathname.includes("/outputs/")) this.outputsAsked.push(request);
    const output = this.outputs.get(url.pathname);
    if (output !== undefined) return void response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(output);
    json(404, { type: "https://berth.dev/problems/not-found", title: "", status: 404, detail: url.pathname });
  }
}

class SocketConnection implements Connection {
  readonly request: IncomingMessage;
  readonly atMs = performance.now();
  readonly heard: string[] = [];
  isClosed = false;
  /** Whether a ping is answered. */
  readonly #socket: WebSocket;
  #frame = 0;

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.#socket = socket;
    this.request = request;
    socket.on("message", (data) => this.heard.push(String(data as Buffer)));
    socket.on("close", () => (this.isClosed = true));
    socket.on("error", () => undefined);
  }

  get after(): number {
    return Number(new URL(this.request.url ?? "/", "http://stand-in").searchParams.get("after") ?? 0);
  }

  frame(events: readonly WireEvent[], deltas: readonly WireDelta[] = []): void {
    this.tell("frame", { frame: ++this.#frame, events, deltas });
  }

  more(delta: WireDelta): void {
    if (this.request.url?.includes("frames=short")) this.tell("more", { frame: ++this.#frame, text: delta.text });
    else this.frame([], [delta]);
  }

  tell(type: string, fields: Readonly<Record<string, unknown>>): void {
    this.raw(JSON.stringify({ type, ...fields }));
  }

  raw(bytes: string | Uint8Array): void {
    this.#socket.send(bytes);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  cut(): void {
    this.#socket.terminate();
  }
}

export class SseConnection implements Connection {
  readonly request: IncomingMessage;
  readonly atMs = performance.now();
  readonly heard: string[] = [];
  isClosed = false;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.#response = response;
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
    response.flushHeaders();
    request.socket.setNoDelay(true);
    response.on("close", () => (this.isClosed = true));
  }

  get after(): number {
    const last = this.request.headers["last-event-id"];
    return Number(last ?? new URL(this.request.url ?? "/", "http://stand-in").searchParams.get("after") ?? 0);
  }

  frame(events: readonly WireEvent[], deltas: readonly WireDelta[] = []): void {
    this.raw([...events.map(sseEvent), ...deltas.map((delta) => sseBlock("delta", delta))].join(""));
  }

  more(delta: WireDelta): void {
    this.frame([], [delta]);
  }

  tell(type: string, fields: Readonly<Record<string, unknown>>): void {
    this.raw(sseBlock(type, fields, type === "reset" ? Number(fields["from"]) - 1 : undefined));
    if (type === "reset") this.#response.end();
  }

  raw(bytes: string | Uint8Array): void {
    this.#response.write(bytes);
  }

  close(code: number, reason: string): void {
    this.raw(sseBlock("closed", { code, reason }));
    this.#response.end();
  }

  cut(): void {
    this.#response.destroy();
  }

  /** A clean end of the answer. */
  end(): void {
    this.#response.end();
  }
}

export function sseBlock(event: string, data: unknown, id?: number): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

export const sseEvent = (event: WireEvent): string => sseBlock(event.type, event, event.seq);

/** What a good server does. */
export const giveAll: Script = (connection, standIn) => giveTo(standIn.log.length)(connection, standIn);

/** The log up to an event, then `synced`, and stays. */
export function giveTo(seq: number): Script {
  return (connection, standIn) => {
    const events = standIn.after(connection.after, seq);
    if (events.length > 0) connection.frame(events);
    connection.tell("synced", { seq: Math.max(seq, connection.after) });
  };
}

export function asSse(connection: Connection): SseConnection {
  check(connection instanceof SseConnection, "an SSE connection");
  return connection;
}
