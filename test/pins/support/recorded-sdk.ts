/** Every method of the SDK, called once, with the requests that it made. Nothing is asked of a network. */
import { Berth, type SessionClient, type SessionStream, type WebSocketConstructor } from "@berth/sdk";

const ORIGIN = "http://127.0.0.1:8787";
const SESSION = "ses_1";
const MESSAGE = { id: "msg_1", status: "completed" };
const OVER = { seq: 1, type: "message.status", messageId: MESSAGE.id, data: { status: "completed" } };

type Call = (berth: Berth, session: SessionClient) => Promise<unknown>;

/** By `<resource>.<method>`. What asks nothing of the server is here too, so that no method is forgotten. */
const CALLS: Readonly<Record<string, Call>> = {
  "berth.health": (berth) => berth.health(),
  "berth.me": (berth) => berth.me(),
  "berth.signOut": (berth) => berth.signOut(),
  "berth.session": async (berth) => berth.session(SESSION),
  "sessions.create": (berth) => berth.sessions.create({ model: "demo/demo" }),
  "sessions.list": (berth) => berth.sessions.list().all(),
  "sessions.get": (berth) => berth.sessions.get(SESSION),
  "sessions.update": (berth) => berth.sessions.update(SESSION, { title: "One" }),
  "sessions.remove": (berth) => berth.sessions.remove(SESSION),
  "runs.list": (berth) => berth.runs.list().all(),
  "runs.get": (berth) => berth.runs.get("run_1"),
  "runs.events": (berth) => berth.runs.events("run_1").all(),
  "keys.list": (berth) => berth.keys.list().all(),
  "keys.create": (berth) => berth.keys.create({ provider: "example", kind: "openai-compatible", key: "example" }),
  "keys.remove": (berth) => berth.keys.remove("pk_1"),
  "models.list": (berth) => berth.models.list().all(),
  "apiKeys.list": (berth) => berth.apiKeys.list().all(),
  "apiKeys.create": (berth) => berth.apiKeys.create({ name: "One" }),
  "apiKeys.revoke": (berth) => berth.apiKeys.revoke("key_1"),
  "machine.discoveries": (berth) => berth.machine.discoveries().all(),
  "machine.import": (berth) => berth.machine.import("found_1"),
  "machine.inspectFolder": (berth) => berth.machine.inspectFolder("/work"),
  "session.get": (_, session) => session.get(),
  "session.update": (_, session) => session.update({ title: "One" }),
  "session.remove": (_, session) => session.remove(),
  "session.send": (_, session) => session.send("hello"),
  "session.messages": (_, session) => session.messages().all(),
  "session.cancel": (_, session) => session.cancel(MESSAGE.id),
  "session.stop": (_, session) => session.stop(),
  "session.move": (_, session) => session.move(MESSAGE.id, null),
  "session.resume": (_, session) => session.resume({ interrupted: "skip" }),
  "session.hibernate": (_, session) => session.hibernate(),
  "session.answer": (_, session) => session.answer("req_1", { kind: "reject" }),
  "session.apply": (_, session) => session.apply({ branch: "work" }),
  "session.output": (_, session) => session.output({ name: "out_1" }),
  "session.eventPage": (_, session) => session.eventPage(),
  "session.events": (_, session) => session.events()[Symbol.asyncIterator]().next(),
  "session.follow": (_, session) => session.follow()[Symbol.asyncIterator]().next(),
  "session.stream": (_, session) => untilClosed(session),
  "session.wait": (_, session) => session.wait(),
  "session.transcript": (_, session) => session.transcript(),
};

/** What the SDK has, found by looking at it. */
export function sdkMethods(): string[] {
  const berth = new Berth({ baseUrl: ORIGIN });
  const resources = Object.entries(berth).filter(([, value]) => typeof value === "object");
  return [["berth", berth] as const, ["session", berth.session(SESSION)] as const, ...resources].flatMap(([name, value]) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(value)).filter((method) => method !== "constructor").map((method) => `${name}.${method}`),
  );
}

export const calledMethods = Object.keys(CALLS);

/** `GET /v1/sessions/ses_1`, by the method that asked. A WebSocket is a GET. */
export async function recordRequests(): Promise<ReadonlyMap<string, readonly string[]>> {
  const recorded = new Map<string, string[]>();
  for (const [method, call] of Object.entries(CALLS)) {
    const requests: string[] = [];
    const berth = recordingBerth((line) => void requests.push(line));
    await call(berth, berth.session(SESSION));
    recorded.set(method, requests);
  }
  return recorded;
}

function recordingBerth(note: (line: string) => void): Berth {
  return new Berth({
    baseUrl: ORIGIN,
    maxRetries: 0,
    fetch: async (url, init) => {
      const { pathname } = new URL(url);
      note(`${init.method ?? "GET"} ${pathname}`);
      return answerTo(pathname, new Headers(init.headers).get("accept") ?? "");
    },
    WebSocket: RefusingSocket.noting(note),
  });
}

/** What lets each method come to its end. */
function answerTo(pathname: string, accept: string): Response {
  if (accept === "text/event-stream") return new Response(`id: 1\ndata: ${JSON.stringify(OVER)}\n\n`, { headers: { "content-type": accept } });
  const items = pathname.endsWith("/messages") ? [MESSAGE] : pathname.endsWith("/events") ? [OVER] : [];
  const ticket = { ticket: "tkt_example", url: `/v1/sessions/${SESSION}/stream`, expiresAt: "2026-01-01T00:00:30.000Z" };
  return Response.json({ data: items, next: null, id: SESSION, status: "idle", lastSeq: 1, ...(pathname.endsWith("/stream-ticket") ? ticket : {}) });
}

/** A socket that is refused for good as soon as it is listened to. */
class RefusingSocket {
  readonly readyState = 3;

  static noting(note: (line: string) => void): WebSocketConstructor {
    return class extends RefusingSocket {
      constructor(url: string) {
        super();
        note(`GET ${new URL(url).pathname}`);
      }
    };
  }

  addEventListener(type: string, listener: (event: { readonly data: unknown; readonly code: number; readonly reason: string }) => void): void {
    if (type === "close") queueMicrotask(() => listener({ data: "", code: 4404, reason: "there is no such session" }));
  }
  send(): void {}
  close(): void {}
}

function untilClosed(session: SessionClient): Promise<void> {
  return new Promise((resolve) => {
    const stream: SessionStream = session.stream({ onFrame: () => undefined, onState: (state) => state === "closed" && resolve(stream.close()) });
  });
}
