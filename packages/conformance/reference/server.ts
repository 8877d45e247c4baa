/**
 * A second server of the stream contract, made from packages/protocol/SPEC.md alone: plain Node and ws, in memory, no code
 * shared with Berth. What its sessions run is in script-agent.ts, as Berth's run the demo model.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { WebSocketServer } from "ws";
import { attempt, fieldRefused, isObject, ok, problemOf, Refusal, refuse } from "./answers.ts";
import { NO_USAGE, playScript } from "./script-agent.ts";
import type { Answer, Frame, Json, Switch, Tamper, Transport } from "./tamper.ts";

type Event = Json & { seq: number; type: string; data: Json };
type Delta = { partId: string; offset: number; text: string };
type Message = Json & { id: string; text: string; status: string };
interface Wire { readonly keyId: string; readonly transport: Transport; send(frame: Frame): void; close(code: number, reason: string): void }
export interface ReferenceServer { readonly url: string; readonly apiKey: string; close(): Promise<void> }
const DEFAULTS = { tickMs: 16, stalledMs: 30_000, ticketMs: 30_000, keepAliveMs: 15_000, keep: 10_000, tamper: {} as Tamper };
type Options = typeof DEFAULTS;
const [MODEL, PAGE, FRAMES_MAX, BYTES_MAX] = ["reference/script", 200, 256, 1024 * 1024];
const off = ({ tamper }: Options, what: Switch): boolean => tamper.off?.includes(what) ?? false;

class Viewer {
  readonly memo: Json = {};
  #frame = 0; #acked = 0; #sizes: number[] = []; #bytes = 0; #live = false; #synced = false; #progressAt = Date.now(); #cursor: number;
  readonly wire: Wire; readonly #session: Session; readonly #options: Options; readonly #watch: NodeJS.Timeout;
  constructor(session: Session, after: number, options: Options, wire: Wire) {
    [this.#session, this.#cursor, this.#options, this.wire] = [session, after, options, wire];
    this.#watch = setInterval(() => {
      const isStalled = !this.#live && this.#sizes.length > 0 && Date.now() - this.#progressAt >= options.stalledMs;
      if (isStalled && !off(options, "stall")) wire.close(4408, "no frame was acknowledged for too long; connect again after the last seq");
    }, options.stalledMs / 8);
  }
  start(): void {
    const { first, log, id, viewers } = this.#session;
    const [low, high] = this.#options.tamper.bounds?.(first, log.length) ?? [first, log.length];
    const after = this.#cursor > high ? 0 : this.#cursor;
    if (this.#cursor + 1 < low || this.#cursor > high) {
      this.#cursor = low - 1;
      this.control({ type: "reset", from: low, ...(after + 1 < low ? { archive: `/v1/sessions/${id}/events?after=${after}` } : {}) });
    }
    viewers.add(this);
    this.#pump();
  }
  leave(): void { clearInterval(this.#watch); this.#session.viewers.delete(this); }
  control(frame: Frame): void { for (const each of this.#options.tamper.out?.(frame, this.memo, this.wire.transport) ?? [frame]) this.wire.send(each); }
  ack(frame: number): void {
    if (!(frame > this.#acked && frame <= this.#frame)) return;
    for (; this.#acked < frame; this.#acked++) this.#bytes -= this.#sizes.shift() ?? 0;
    if ((this.#progressAt = Date.now()) && !this.#live) this.#pump();
  }
  tick(events: Event[], deltas: Delta[]): void { this.#live &&= !this.#full(); if (!this.#live) return; this.#emit(events, deltas); this.#cursor = events.at(-1)?.seq ?? this.#cursor; }
  #full(): boolean { return !off(this.#options, "credit") && (this.#sizes.length >= FRAMES_MAX || this.#bytes >= BYTES_MAX); }
  #pump(): void {
    const { log, open } = this.#session;
    if (this.#synced && off(this.#options, "catch-up")) this.#cursor = log.length;
    for (; this.#cursor < log.length; this.#cursor = Math.min(this.#cursor + PAGE, log.length)) { if (this.#full()) return; this.#emit(log.slice(this.#cursor, this.#cursor + PAGE), []); }
    this.#session.flush();
    const soFar = [...open].filter(([, text]) => text !== "").map(([partId, text]) => ({ partId, offset: 0, text }));
    if (soFar.length > 0 && !off(this.#options, "open-parts")) this.#emit([], soFar);
    if (!this.#synced) this.control({ type: "synced", seq: this.#cursor });
    this.#live = this.#synced = true;
  }
  #emit(events: Event[], deltas: Delta[]): void {
    if (this.#sizes.length === 0) this.#progressAt = Date.now();
    const frame = { type: "frame", frame: ++this.#frame, events, deltas };
    this.#bytes += this.#sizes[this.#sizes.push(JSON.stringify(frame).length) - 1] ?? 0;
    this.control(frame);
  }
}

class Session {
  readonly id = `ses_${randomUUID()}`; readonly log: Event[] = []; readonly viewers = new Set<Viewer>(); readonly open = new Map<string, string>(); readonly messages: Message[] = [];
  readonly tickets = new Map<string, { until: number; keyId: string }>(); gone = false; readonly #asked = new Map<string, (() => void) | null>(); readonly #memo: Json = {};
  #status = ""; #events: Event[] = []; #deltas: Delta[] = []; #timer: NodeJS.Timeout | null = null; #running: AbortController | null = null; #parts = 0; readonly #options: Options;
  constructor(options: Options) { this.#options = options; this.commit("session.created", { title: "Script", model: MODEL, workspace: { kind: "empty" } }); this.commit("session.status", { status: "idle" }); }
  get first(): number { return Math.max(1, this.log.length - this.#options.keep + 1); }
  resource(): Json { return { id: this.id, title: "Script", status: this.#status, model: MODEL, lastSeq: this.log.length, queueLength: this.#waiting().length }; }
  commit(type: string, data: Json, about: Json = {}): void {
    const bent = this.#options.tamper.commit?.({ type, data, ...about }, this.#memo);
    if (type === "session.status") this.#status = String(data["status"]);
    if (bent === null) return;
    const own = { seq: this.log.length + 1, id: `evt_${randomUUID()}`, at: new Date().toISOString() };
    this.log.push({ ...own, type, data, ...(bent ?? about) });
    this.#events.push(...this.log.slice(-1));
    if (type === "part.ended") this.#deltas = this.#deltas.filter(({ partId }) => partId !== (data["part"] as Json)["id"]);
    this.#schedule();
  }
  #delta(partId: string, text: string): void {
    const [soFar, last] = [this.open.get(partId) ?? "", this.#deltas.at(-1)];
    this.open.set(partId, soFar + text);
    if (last?.partId === partId && !off(this.#options, "deltas-apart")) last.text += text; else this.#deltas.push({ partId, offset: soFar.length, text });
    this.#schedule();
  }
  #schedule(): void { if (off(this.#options, "ticks")) this.flush(); else this.#timer ??= setTimeout(() => this.flush(), this.#options.tickMs); }
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    const [events, deltas] = [this.#events, this.#deltas];
    [this.#timer, this.#events, this.#deltas] = [null, [], []];
    if (events.length + deltas.length > 0) for (const viewer of [...this.viewers]) viewer.tick(events, deltas);
  }
  #waiting(): Message[] { return this.messages.filter(({ status }) => status === "queued"); }
  #mark(message: Message, status: string): void { message.status = status; this.commit("message.status", { status }, { messageId: message.id }); }
  send(text: unknown, model: unknown, actor: Json): Message {
    if (typeof text !== "string" || text === "") throw fieldRefused("/text", "must be text");
    if (model !== undefined && model !== MODEL) throw new Refusal("unknown-model", `There is no model ${String(model)}.`, { allowed: [MODEL] });
    const message: Message = { id: `msg_${randomUUID()}`, text, status: "queued", model: MODEL, author: actor, createdAt: new Date().toISOString() };
    this.commit("message.queued", { text, model: MODEL, position: this.#waiting().length + (this.#running ? 1 : 0) }, { messageId: message.id, actor });
    if (this.messages.push(message)) queueMicrotask(() => void this.#next());
    return { ...message };
  }
  cancel(id: string): Message {
    const message = this.messages.find((each) => each.id === id) ?? refuse(new Refusal("not-found", "There is no such message."));
    if (message.status !== "queued") throw new Refusal("conflict", "It does not wait any more.");
    return (this.#mark(message, "cancelled"), message);
  }
  stop(): Json { this.#running?.abort(); return this.resource(); }
  answer(requestId: string, answer: unknown): Json {
    const goOn = this.#asked.get(requestId);
    if (!goOn) throw goOn === null ? new Refusal("conflict", "That was answered already.") : new Refusal("not-found", "There is no such request.");
    this.#asked.set(requestId, null);
    this.commit("request.answered", { requestId, answer });
    return (goOn(), { requestId });
  }
  end(): void { this.gone = true; this.stop(); if (!off(this.#options, "retire-session")) for (const { wire } of [...this.viewers]) wire.close(4410, "the session was deleted"); }
  async #next(): Promise<void> {
    const message = this.#waiting().at(off(this.#options, "fifo") ? -1 : 0);
    if (this.#running || !message || this.gone) return;
    const [about, { signal }] = [{ messageId: message.id, runId: `run_${randomUUID()}` }, (this.#running = new AbortController())];
    this.#mark(message, "running");
    this.commit("run.started", { model: MODEL, epoch: 1 }, about);
    this.commit("session.status", { status: "running" });
    const stage = { open: this.open, nextPart: () => `prt_${++this.#parts}`, ask: (question: string, options: string[]) => this.#ask(question, options, about, signal) };
    await playScript(message.text, { ...stage, commit: (type, data) => this.commit(type, data, about), delta: (id, text) => this.#delta(id, text) }, signal);
    const outcome = signal.aborted ? "stopped" : "completed";
    this.commit("run.ended", { outcome, usage: NO_USAGE, costMicros: 0 }, about);
    this.#mark(message, outcome);
    this.commit("session.status", { status: "idle" });
    void ((this.#running = null), this.#next());
  }
  async #ask(question: string, options: string[], about: Json, signal: AbortSignal): Promise<void> {
    const requestId = `req_${randomUUID()}`;
    this.commit("question.asked", { requestId, questions: [{ question, options: options.map((label) => ({ label })) }] }, about);
    this.commit("session.status", { status: "waiting", waitingFor: "question" });
    await new Promise<void>((resolve, reject) => { this.#asked.set(requestId, resolve); signal.addEventListener("abort", () => reject(new Error("stopped"))); });
    this.commit("session.status", { status: "running" });
  }
}

export async function startReferenceServer(given: Partial<Options> = {}): Promise<ReferenceServer> {
  const [options, tamper] = [{ ...DEFAULTS, ...given }, given.tamper ?? {}];
  const [sessions, keys, answers] = [new Map<string, Session>(), new Map([["example-key", "key_0"]]), new Map<string, { request: string; answer: Promise<Answer> }>()];
  const find = (id = ""): Session => [sessions.get(id)].find((session) => session && !session.gone) ?? refuse(new Refusal("not-found", "There is no such session."));
  const keyOf = ({ headers }: IncomingMessage): string =>
    keys.get(headers.authorization?.replace(/^Bearer /, "") ?? "") ?? (off(options, "auth") ? "key_0" : refuse(new Refusal("unauthenticated", "Send a valid key.")));
  const afterOf = ({ searchParams }: URL, transport: Transport, lastEventId?: string): number => {
    const text = (off(options, "last-event-id") ? undefined : lastEventId) ?? searchParams.get("after") ?? "0";
    if (!off(options, "validation") && !/^(0|[1-9][0-9]{0,14})$/.test(text)) throw new Refusal("bad-cursor", "A position is the seq of an event, or 0.");
    return tamper.after?.(Number.parseInt(text) || 0, transport) ?? (Number.parseInt(text) || 0);
  };
  const send = async (session: Session, key: unknown, { text, model }: Json, keyId: string): Promise<Answer> => {
    const [request, known] = [JSON.stringify([session.id, text, model]), off(options, "idempotency") ? undefined : answers.get(String(key))];
    if (known && known.request !== request) throw new Refusal("idempotency-mismatch", "This Idempotency-Key was used with another body.");
    const answer = known?.answer ?? (async () => ok(session.send(text, model, { kind: "api-key", id: keyId }), 201))();
    if (key !== undefined) answers.set(String(key), { request, answer });
    return await answer.catch((error: unknown) => { if (!off(options, "forget")) answers.delete(String(key)); throw error; });
  };
  type Asked = { id: string; sub: string; url: URL; keyId: string; request: IncomingMessage; body: (...fields: string[]) => Json };
  const routes: Record<string, (asked: Asked) => Answer | Promise<Answer>> = {
    "POST sessions": ({ body }) => {
      const made = body("model")["model"] === MODEL ? new Session(options) : refuse(new Refusal("unknown-model", "There is no such model.", { allowed: [MODEL] }));
      return (sessions.set(made.id, made), ok(made.resource(), 201));
    },
    "GET sessions/:id": ({ id }) => ok(find(id).resource()),
    "DELETE sessions/:id": ({ id }) => ok(find(id).end(), 204),
    "POST sessions/:id/messages": ({ id, body, request, keyId }) => send(find(id), request.headers["idempotency-key"], body("text", "model"), keyId),
    "GET sessions/:id/messages": ({ id }) => ok({ data: find(id).messages, next: null }),
    "DELETE sessions/:id/messages/:sub": ({ id, sub }) => ok(find(id).cancel(sub)),
    "GET sessions/:id/events": ({ id, url }) => page(find(id), url),
    "GET sessions/:id/stream": ({ id }) => { find(id); throw new Refusal("bad-request", "This address takes a WebSocket upgrade."); },
    "POST sessions/:id/stream-ticket": ({ id, keyId }) => {
      const [ticket, until] = [`tkt_${randomUUID()}`, Date.now() + options.ticketMs];
      find(id).tickets.set(ticket, { until, keyId });
      return ok({ ticket, url: `${base().replace("http", "ws")}/v1/sessions/${id}/stream`, expiresAt: new Date(until).toISOString() }, 201);
    },
    "POST sessions/:id/stop": ({ id }) => ok(find(id).stop()),
    "POST sessions/:id/answer": ({ id, body }) => { const { requestId, answer } = body("requestId", "answer"); return ok(find(id).answer(String(requestId), answer)); },
    "POST api-keys": () => { const key = { id: `key_${randomUUID()}`, key: `example-${randomUUID()}` }; keys.set(key.key, key.id); return ok(key, 201); },
    "DELETE api-keys/:id": ({ id }) => {
      for (const [key, each] of keys) if (each === id) keys.delete(key);
      const wires = [...sessions.values()].flatMap(({ viewers }) => [...viewers].map(({ wire }) => wire));
      for (const wire of wires) if (wire.keyId === id && !off(options, "retire-key")) wire.close(4401, "the key was revoked");
      return ok(null, 204);
    },
  };
  async function route(request: IncomingMessage, url: URL): Promise<Answer> {
    const [, , kind = "", id = "", what = "", sub = ""] = url.pathname.split("/");
    const path = [kind, id && ":id", what, sub && ":sub"].filter(Boolean).join("/");
    const methods = Object.keys(routes).filter((line) => line.endsWith(` ${path}`)).map((line) => line.split(" ")[0]);
    if (methods.length === 0) throw new Refusal("not-found", "There is nothing here.");
    const [keyId, raw] = [keyOf(request), await textOf(request)];
    const answer = routes[`${request.method} ${path}`] ?? refuse(new Refusal("method-not-allowed", `This takes ${methods.join(", ")}.`, { allow: methods.join(", ") }));
    const body = (...fields: string[]): Json => {
      if (!/json/.test(request.headers["content-type"] ?? "")) throw new Refusal("unsupported-media-type", "Send JSON.");
      const value = attempt(() => JSON.parse(raw) as Json) ?? refuse(new Refusal("malformed-json", "The body is not valid JSON."));
      for (const field of Object.keys(value)) if (!fields.includes(field) && !off(options, "validation")) throw fieldRefused(`/${field}`, "This is not known.");
      return value;
    };
    return await answer({ id, sub, url, keyId, request, body });
  }
  function page(session: Session, url: URL): Answer {
    const [after, limit] = [afterOf(url, "page"), Number(url.searchParams.get("limit") ?? 50)];
    if (!off(options, "validation") && !(Number.isInteger(limit) && limit >= 1 && limit <= 500)) throw fieldRefused("limit", "must be 1 to 500");
    const data = session.log.slice(after, after + (limit || 50));
    const next = data.length > 0 && after + data.length < session.log.length ? String(after + data.length) : null;
    return ok({ data, next, firstSeq: session.first, lastSeq: session.log.length }, 200, next === null ? {} : { link: `<${url.pathname}?limit=${limit}&after=${next}>; rel="next"` });
  }
  function eventStream(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const [keyId, session] = [keyOf(request), find(url.pathname.split("/")[3])];
    const after = afterOf(url, "sse", request.headers["last-event-id"] as string | undefined);
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", ...(off(options, "sse-headers") ? {} : { "cache-control": "no-store" }) });
    const write = (text: string): void => void (response.writableEnded || response.write(tamper.sse?.(text, viewer.memo) ?? text));
    const block = (event: string, data: unknown, id?: number): string => `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    const close = (code: number, reason: string): void => { write(block("closed", { code, reason })); response.end(); };
    const sendBlocks = ({ type, ...frame }: Frame): void => {
      for (const event of (frame["events"] ?? []) as Event[]) write(block(event.type, event, event.seq));
      for (const delta of (frame["deltas"] ?? []) as Delta[]) write(block("delta", delta));
      if (type === "frame") return void setImmediate(() => viewer.ack(frame["frame"] as number));
      if (type === "synced" || type === "reset") write(block(type, frame, type === "reset" ? (frame["from"] as number) - 1 : undefined));
      if (type === "reset") response.end();
    };
    const viewer = new Viewer(session, after, options, { keyId, transport: "sse", close, send: sendBlocks });
    const alive = setInterval(() => off(options, "keep-alive") || write(": keep-alive\n\n"), options.keepAliveMs);
    void response.on("close", () => { clearInterval(alive); viewer.leave(); });
    viewer.start();
  }
  const server = createServer((request, response) => {
    const [url, accept = ""] = [new URL(request.url ?? "/", base()), request.headers.accept];
    const streams = url.pathname.endsWith("/events") && (/text\/event-stream/.test(accept) || (off(options, "accept") && accept === "*/*"));
    void (streams ? Promise.resolve().then(() => eventStream(request, response, url)) : route(request, url)).catch((error: unknown): Answer => {
      const { allow, ...body } = problemOf(error);
      return ok(body, body.status, { "content-type": "application/problem+json", ...(allow === undefined ? {} : { allow: String(allow) }) });
    }).then((answer) => {
      if (!answer) return;
      answer.headers = { "content-type": "application/json", "cache-control": "no-store", ...answer.headers };
      tamper.answer?.(answer, request.method ?? "GET", url.pathname, url.searchParams);
      response.writeHead(answer.status, answer.headers).end(answer.status === 204 ? undefined : JSON.stringify(answer.body));
    });
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    try {
      const url = new URL(request.url ?? "/", base());
      const [id = "", ticket] = [url.pathname.split("/")[3], url.searchParams.get("ticket")];
      const keyId = ticket === null ? keyOf(request) : redeem(id, ticket);
      const [session, after] = [find(id), afterOf(url, "ws")];
      sockets.handleUpgrade(request, socket, head, (ws) => {
        const viewer = new Viewer(session, after, options, { keyId, transport: "ws", send: (frame) => ws.send(JSON.stringify(frame)), close: (code, reason) => ws.close(code, reason) });
        ws.on("error", () => undefined).on("close", () => viewer.leave()).on("message", (data) => {
          const text = tamper.in ? tamper.in(String(data), viewer.memo) : String(data);
          if (text === "ping") ws.send("pong"); else if (text !== null) hear(session, viewer, text);
        });
        viewer.start();
      });
    } catch (error) {
      const answer = JSON.stringify(problemOf(error));
      socket.on("error", () => undefined).end(`HTTP/1.1 ${problemOf(error).status} Refused\r\ncontent-type: application/problem+json\r\nconnection: close\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`);
    }
  });
  function redeem(id: string, ticket: string): string {
    const own = off(options, "ownership") ? [...sessions.values()].find(({ tickets }) => tickets.has(ticket)) : sessions.get(id);
    const found = own?.tickets.get(ticket);
    if (!off(options, "one-use")) own?.tickets.delete(ticket);
    if (off(options, "ticket-known") || (found && (found.until > Date.now() || off(options, "ticket-end")))) return found?.keyId ?? "key_0";
    throw new Refusal("unauthenticated", "The ticket is unknown, used or expired.");
  }
  const FIELDS: Record<string, string> = { ack: "frame", prompt: "requestId text model? idempotencyKey?", cancel: "requestId messageId", stop: "requestId", answer: "requestId request answer" };
  function hear(session: Session, viewer: Viewer, text: string): void {
    const said: unknown = attempt(() => JSON.parse(text) as unknown);
    const fields = isObject(said) ? FIELDS[String(said["type"])]?.split(" ") : undefined;
    const isWhole = isObject(said) && fields?.every((field) => field.endsWith("?") || field in said);
    const isKnown = isObject(said) && Object.keys(said).every((name) => name === "type" || fields?.some((field) => field.replace("?", "") === name));
    if (!isObject(said) || !isWhole || !isKnown) return off(options, "validation") ? undefined : viewer.wire.close(4400, "that was not understood");
    const { type, requestId, ...asked } = said;
    if (type === "ack") return viewer.ack(Number(asked["frame"]));
    const acts: Record<string, () => unknown> = {
      cancel: () => session.cancel(String(asked["messageId"])), stop: () => session.stop(), answer: () => session.answer(String(asked["request"]), asked["answer"]),
      prompt: async () => (await send(session, asked["idempotencyKey"], asked, viewer.wire.keyId)).body,
    };
    void Promise.resolve().then(acts[String(type)]).then((value) => viewer.control({ type: "result", requestId, value }), (error: unknown) => viewer.control({ type: "problem", requestId, problem: problemOf(error) }));
  }
  const base = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    for (const end of [...[...sessions.values()].map((session) => () => session.stop()), ...[...sockets.clients].map((client) => () => client.terminate())]) end();
    await new Promise<void>((resolve) => { server.close(() => resolve()); server.closeAllConnections(); });
  };
  return { url: base(), apiKey: "example-key", close };
}
