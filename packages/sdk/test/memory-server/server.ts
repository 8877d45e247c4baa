/** The API over HTTP on 127.0.0.1, in memory. Same answers as the routes, for tests of clients without the rest. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { makeProblem, type Problem } from "@berth/protocol";
import { WebSocketServer } from "ws";
import { route, type Answered, type Request } from "./routes.ts";
import { Refused, type MemorySession } from "./session.ts";
import { MemoryState } from "./state.ts";
import { serveSocket, serveSse } from "./streams.ts";

export interface MemoryServer {
  readonly url: string;
  readonly state: MemoryState;
  close(): Promise<void>;
}

export interface MemoryServerOptions {
  readonly port?: number;
  readonly state?: MemoryState;
  /** Answers what is not the API: a page, for looking at it. True when it did. */
  readonly fallback?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export async function startMemoryServer(options: MemoryServerOptions = {}): Promise<MemoryServer> {
  const state = options.state ?? new MemoryState();
  const server = createServer((request, response) => {
    void handle(state, request, response, options.fallback);
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url ?? "/", "http://x");
    const session = state.sessions.get(url.pathname.split("/")[3] ?? "");
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (!session || !state.tickets.delete(url.searchParams.get("ticket") ?? "")) return webSocket.close(session ? 4401 : 4404, "The ticket is used or expired");
      serveSocket(webSocket, session, Number(url.searchParams.get("after") ?? 0), state);
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function handle(state: MemoryState, request: IncomingMessage, response: ServerResponse, fallback: MemoryServerOptions["fallback"]): Promise<void> {
  const url = new URL(request.url ?? "/", "http://x");
  const isApi = url.pathname.startsWith("/v1/") || url.pathname === "/health";
  if (!isApi && fallback?.(request, response)) return;
  try {
    if (url.pathname !== "/health" && !isSignedIn(state, request)) throw new Refused(makeProblem("unauthenticated", "Sign in, or send an API key", { fix: "Open the link that the server printed." }));
    const session = streamedSession(state, request, url);
    if (session) return serveSse(response, session, Number(request.headers["last-event-id"] ?? url.searchParams.get("after") ?? 0));
    const text = await readBody(request);
    const asked: Request = { method: request.method ?? "GET", url, path: url.pathname.split("/").slice(1), body: text ? JSON.parse(text) : {} };
    const key = request.headers["idempotency-key"];
    const answer = asked.method === "POST" && typeof key === "string"
      ? await state.once(key, `${asked.url.pathname} ${text}`, () => route(state, asked))
      : await route(state, asked);
    write(response, answer);
  } catch (error) {
    const problem = error instanceof Refused ? error.problem : makeProblem("internal", String(error));
    writeProblem(response, problem);
  }
}

function isSignedIn(state: MemoryState, request: IncomingMessage): boolean {
  const { authorization = "", cookie = "" } = request.headers;
  return authorization ? state.apiKeys.some(({ key }) => authorization === `Bearer ${key}`) : cookie.includes("berth_session=");
}

function streamedSession(state: MemoryState, request: IncomingMessage, url: URL): MemorySession | null {
  const [, version, kind, id, what] = url.pathname.split("/");
  if (version !== "v1" || kind !== "sessions" || what !== "events" || !request.headers.accept?.includes("text/event-stream")) return null;
  return state.session(id ?? "");
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function write(response: ServerResponse, { status, body }: Answered): void {
  if (status === 204) return void response.writeHead(204).end();
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function writeProblem(response: ServerResponse, problem: Problem): void {
  response.writeHead(problem.status, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
}
