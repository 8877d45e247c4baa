/**
 * The program on fakes in this process, behind real HTTP and real sockets, so that the kit can be put to its hub and routes
 * with a log that is archived after few events. Its agent obeys the directives that need no pace.
 */
import { SCOPES } from "@berth/protocol";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { WebSocketServer } from "ws";
import { createApp } from "../../../routes/index.ts";
import type { FrameSocket } from "../../../src/app/http/sse.ts";
import type { Author, SessionHandle } from "../../../src/app/session-handle.ts";
import type { InProcessSession, OpenedSocket } from "../../../src/app/session/in-process-session.ts";
import { MemoryBerth } from "../../../test/system/support/memory-berth.ts";
import { demoDriver, printed, type Driver } from "../src/driver.ts";
import type { ServerUnderTest } from "../src/venue.ts";

/** The agent in memory runs nothing: it prints what it is told to echo, and tells no tool from another by its command. */
const echoing: Driver = { ...demoDriver, session: {}, prompt: (steps) => demoDriver.prompt(steps.map((step) => ("print" in step ? { tool: printed(step.print) } : step))) };

const EVENTS_HELD = 120;
const STEP_MS = 4;

export async function serveMemory(): Promise<{ readonly server: ServerUnderTest; close(): Promise<void> }> {
  const berth = new MemoryBerth({ archive: { keep: EVENTS_HELD, pageEvents: 40, pageBytes: 1024 * 1024 } });
  berth.time.advance(Date.now() - berth.time.now());
  const moving = setInterval(() => {
    berth.time.advance(STEP_MS);
    void berth.instance.wake();
  }, STEP_MS);
  const { services } = berth.instance;
  const known = new Map<string, readonly [string, string]>();
  const of = (orgId: string, sessionId: string): SessionHandle => {
    known.set(`${orgId}/${sessionId}`, [sessionId, orgId]);
    return withSockets(berth.session(sessionId, orgId));
  };
  const sessions = { ...services.sessions, of };
  const app = createApp(() => ({ ...services, sessions }), { log: () => undefined });
  const ask = async (request: IncomingMessage): Promise<Response & { readonly webSocket?: SessionSocket }> => app.fetch(await toRequest(request, base()));
  const server = createServer((request, response) => {
    void (async () => {
      const answer = await ask(request);
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      const reader = answer.body?.getReader();
      response.on("close", () => void reader?.cancel().catch(() => undefined));
      for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) response.write(read.value);
      response.end();
    })().catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    void ask(request).then(({ status, webSocket }) => {
      if (!webSocket) return void socket.on("error", () => undefined).end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      sockets.handleUpgrade(request, socket, head, (ws) => {
        webSocket.addEventListener("message", ({ data }) => ws.send(String(data)));
        webSocket.addEventListener("close", ({ code, reason }) => ws.close(code, reason));
        ws.on("message", (data) => (String(data as Buffer) === "ping" ? ws.send("pong") : webSocket.send(String(data as Buffer))));
        ws.on("error", () => undefined);
        ws.on("close", () => webSocket.close());
        webSocket.accept();
      });
    });
  });
  const base = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const owner = await services.identity.ensureOwner({ name: "Ada", email: "ada@example.com", orgName: "Ada's" });
  const { secret } = await services.identity.createApiKey(owner, { name: "conformance", expiresAtMs: null, scopes: SCOPES });
  const stranger = berth.instance.identity.addMember({ orgId: "org_other", userName: "Grace", role: "owner" });
  const other = await services.identity.createApiKey({ ...owner, ...stranger }, { name: "other", expiresAtMs: null, scopes: SCOPES });
  const hangUp = (): void => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
  };
  /** Each session's object loses its memory; stores and sandboxes stay. */
  const restart = async (): Promise<void> => {
    hangUp();
    for (const [sessionId, orgId] of known.values()) berth.crash(sessionId, orgId);
  };
  return {
    server: { url: base(), key: secret, otherKey: other.secret, restart, driver: echoing, freshSessions: true, patienceMs: 4000, eventsHeld: EVENTS_HELD, lacks: ["permissions"] },
    close: async () => {
      clearInterval(moving);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        hangUp();
      });
    },
  };
}

async function toRequest(request: IncomingMessage, base: string): Promise<Request> {
  const headers = new Headers(Object.entries(request.headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as [string, string]] : [])));
  const hasBody = request.method === "POST" || request.method === "PATCH" || request.method === "PUT";
  return new Request(base + (request.url ?? "/"), { method: request.method ?? "GET", headers, ...(hasBody ? { body: new Uint8Array(await buffer(request)) } : {}) });
}

interface Listeners {
  readonly message: ((event: { readonly data: unknown }) => void)[];
  readonly close: ((event: { readonly code: number; readonly reason: string }) => void)[];
  readonly error: (() => void)[];
}

/** What the Worker gets of an upgrade: the session's end of a socket, as workerd hands it out. */
class SessionSocket implements FrameSocket {
  readonly #open: (socket: SessionSocket) => OpenedSocket<unknown>;
  readonly #listeners: Listeners = { message: [], close: [], error: [] };
  #opened: OpenedSocket<unknown> | null = null;
  #early: string[] = [];

  constructor(open: (socket: SessionSocket) => OpenedSocket<unknown>) {
    this.#open = open;
  }

  accept(): void {
    this.#opened = this.#open(this);
    for (const text of this.#early) this.send(text);
  }

  send(text: string): void {
    // A frame that comes while the socket opens is acknowledged before there is an end to say it to.
    if (!this.#opened) this.#early.push(text);
    else void this.#opened.send(parsed(text));
  }

  close(): void {
    this.#opened?.close();
  }

  addEventListener<T extends keyof Listeners>(type: T, listener: Listeners[T][number]): void {
    (this.#listeners[type] as Listeners[T][number][]).push(listener);
  }

  deliver(frame: unknown): void {
    for (const listener of this.#listeners.message) listener({ data: JSON.stringify(frame) });
  }

  ended(code: number, reason: string): void {
    for (const listener of this.#listeners.close) listener({ code, reason });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The handle with sockets that can be opened by a request, as a Durable Object has them. */
function withSockets(session: InProcessSession): SessionHandle {
  const fetch = async (request: Request): Promise<Response> => {
    const author = JSON.parse(request.headers.get("x-berth-author") ?? "null") as Author | null;
    const after = Number(new URL(request.url).searchParams.get("after") ?? 0);
    const socket = new SessionSocket((own) => session.openViewer(author as Author, after, { frame: (frame) => own.deliver(frame), closed: (code, reason) => own.ended(code, reason) }));
    // Node's `Response` refuses status 101, which workerd's has.
    return Object.defineProperties(new Response(null), { status: { value: author ? 101 : 401 }, webSocket: { value: author ? socket : null } });
  };
  return new Proxy<SessionHandle>(session, { get: (target, name) => (name === "fetch" ? fetch : (Reflect.get(target, name, target) as unknown)) });
}
