/**
 * A second server of the stream contract, made from packages/protocol/SPEC.md alone: plain Node and ws, in memory, no code
 * shared with Berth. What its sessions run is in script-agent.ts, as Berth's run the demo model.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { WebSocketServer } from "ws";
import { fieldRefused, headAndTail, ok, problemOf, readBody, readSaid, Refusal, refusalText, refuse, refused } from "./answers.ts";
import { NO_USAGE, playScript, type Part } from "./script-agent.ts";
import type { Answer, Frame, Json, Kept, Switch, Tamper, Transport } from "./tamper.ts";

type Event = Json & { seq: number; type: string; data: Json };
type Delta = { partId: string; offset: number; text: string };
type Message = Json & { id: string; text: string; status: string };
/** A message's turn: what it names in events, what stops it, and the messages that steer it. */
interface Turn { readonly about: Json; readonly ending: AbortController; readonly steers: Message[]; readonly inbox: Message[] }
interface Wire { readonly keyId: string; readonly transport: Transport; send(frame: Frame): void; close(code: number, reason: string): void }
export interface ReferenceServer { readonly url: string; readonly apiKey: string; readonly otherKey: string; restart(): Promise<void>; close(): Promise<void> }
const DEFAULTS = { steering: true, tickMs: 16, stalledMs: 30_000, ticketMs: 30_000, keepAliveMs: 15_000, keep: 10_000, tamper: {} as Tamper };
type Options = typeof DEFAULTS;
const [MODEL, PAGE, FRAMES_MAX, BYTES_MAX, INLINE_MAX] = ["reference/script", 200, 256, 1024 * 1024, 64 * 1024];
const off = ({ tamper }: Options, what: Switch): boolean => tamper.off?.includes(what) ?? false;

class Viewer {
  readonly memo: Json = {}; #frame = 0; #acked = 0; #sizes: number[] = []; #bytes = 0; #live = false; #synced = false; #progressAt = Date.now(); #cursor: number;
  readonly wire: Wire; readonly #session: Session; readonly #options: Options; readonly #watch: NodeJS.Timeout;
  constructor(session: Session, after: number, options: Options, wire: Wire) {
    [this.#session, this.#cursor, this.#options, this.wire] = [session, after, options, wire];
    this.#watch = setInterval(() => {
      const isStalled = !this.#live && this.#sizes.length > 0 && Date.now() - this.#progressAt >= options.stalledMs;
      if (isStalled && !off(options, "stall")) wire.close(4408, "no frame was acknowledged for too long; connect again after the last seq");
    }, options.stalledMs / 8);
  }
  start(): void { this.#skip(...this.#bounds()); this.#session.viewers.add(this); this.#pump(); }
  #bounds(): readonly [number, number] { const { first, log } = this.#session; return this.#options.tamper.bounds?.(first, log.length) ?? [first, log.length]; }
  #skip(low: number, high = Infinity): void {
    const after = this.#cursor > high ? 0 : this.#cursor;
    if (this.#cursor + 1 >= low && this.#cursor <= high) return;
    this.#cursor = low - 1;
    this.control({ type: "reset", from: low, ...(after + 1 < low ? { archive: `/v1/sessions/${this.#session.id}/events?after=${after}` } : {}) });
  }
  leave(): void { clearInterval(this.#watch); this.#session.viewers.delete(this); if (off(this.#options, "cards-unwatched")) this.#session.stop(); }
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
    if (this.#synced && off(this.#options, "catch-up")) this.#cursor = log.length; else if (this.#synced && !off(this.#options, "behind")) this.#skip(this.#bounds()[0]);
    for (; this.#cursor < log.length; this.#cursor = Math.min(this.#cursor + PAGE, log.length)) { if (this.#full()) return; this.#emit(log.slice(this.#cursor, this.#cursor + PAGE), []); }
    this.#session.flush();
    const soFar = [...open].filter(([, text]) => text !== "").map(([partId, text]) => ({ partId, offset: 0, text }));
    if (soFar.length > 0 && !off(this.#options, "open-parts")) this.#emit([], soFar);
    if (!this.#synced) this.control({ type: "synced", seq: this.#cursor });
    this.#live = this.#synced = true;
  }
  #emit(events: Event[], deltas: Delta[]): void {
    const frame = { type: "frame", frame: ++this.#frame, events, deltas };
    if (this.#sizes.length === 0) this.#progressAt = Date.now();
    this.#bytes += this.#sizes[this.#sizes.push(JSON.stringify(frame).length) - 1] ?? 0;
    this.control(frame);
  }
}

class Session {
  readonly id = `ses_${randomUUID()}`; readonly log: Event[] = []; readonly viewers = new Set<Viewer>(); readonly open = new Map<string, string>(); readonly messages: Message[] = []; readonly outputs = new Map<string, string>();
  readonly tickets = new Map<string, { until: number; keyId: string }>(); gone = false; #queue: Message[] = []; #turn: Turn | null = null; readonly #asked = new Map<string, { kind: string; goOn(answer: Json): void } | null>();
  #status: Json = {}; #events: Event[] = []; #deltas: Delta[] = []; #timer: NodeJS.Timeout | undefined; #parts = 0; readonly #memo: Json = {}; readonly #options: Options; readonly owner: string;
  constructor(options: Options, owner: string) { [this.#options, this.owner] = [options, owner]; this.commit("session.created", { title: "Script", model: MODEL, workspace: { kind: "empty" } }); this.commit("session.status", { status: "idle" }); }
  get first(): number { return Math.max(1, this.log.length - this.#options.keep + 1); }
  resource(): Json { return { id: this.id, title: "Script", model: MODEL, lastSeq: this.log.length, queueLength: this.#queue.length, ...this.#status }; }
  commit(type: string, data: Json, about: Json = {}): void {
    const bent = this.#options.tamper.commit?.({ type, data, ...about }, this.#memo);
    if (type === "session.status") this.#status = data;
    if (bent === null) return;
    const own = { seq: this.log.length + 1, id: `evt_${randomUUID()}`, at: new Date().toISOString() };
    this.#events.push(...this.log.slice(this.log.push({ ...own, type, data, ...(bent ?? about) }) - 1));
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
    const [events, deltas] = [this.#events, this.#deltas];
    [this.#timer, this.#events, this.#deltas] = [void clearTimeout(this.#timer), [], []];
    if (events.length + deltas.length > 0) for (const viewer of [...this.viewers]) viewer.tick(events, deltas);
  }
  #mark(message: Message, status: string, about: Json = {}): Message { message.status = status; this.commit("message.status", { status }, { messageId: message.id, ...about }); return { ...message }; }
  send({ text, model, delivery = "queue" }: Json, actor: Json): Message {
    if (typeof text !== "string" || text === "") throw fieldRefused("/text", "must be text");
    if (delivery !== "queue" && delivery !== "steer" && !off(this.#options, "validation")) throw fieldRefused("/delivery", "must be queue or steer");
    if (model !== undefined && model !== MODEL) throw new Refusal("unknown-model", `There is no model ${String(model)}.`, { allowed: [MODEL] });
    const [turn, steers] = [delivery === "steer" ? this.#turn : null, delivery === "steer" ? { delivery } : {}];
    const message: Message = { id: `msg_${randomUUID()}`, text, status: "queued", model: MODEL, author: actor, createdAt: new Date().toISOString(), ...steers };
    this.commit("message.queued", { text, model: MODEL, position: this.#queue.length + (this.#turn ? 1 : 0), ...steers }, { messageId: message.id, actor });
    this.messages.push(message);
    if (turn && this.#options.steering && !off(this.#options, "steering") && (off(this.#options, "taken") ? this.#queue : []).push(message) && turn.inbox.push(message) && turn.steers.push(message)) return this.#mark(message, "running", { runId: (message["runId"] = turn.about["runId"]) });
    if (turn) this.commit("message.steer-deferred", { reason: "refused" }, { messageId: message.id });
    if ((off(this.#options, "deferred") ? this.#queue.unshift(message) : this.#queue.push(message)) && !(off(this.#options, "idle") && delivery === "steer" && !turn)) queueMicrotask(() => void this.#next());
    return { ...message };
  }
  #waiting(id: string): Message {
    const message = this.messages.find((each) => each.id === id) ?? refuse(new Refusal("not-found", "There is no such message."));
    return this.#queue.includes(message) || off(this.#options, "waiting") ? message : refuse(new Refusal("conflict", "It does not wait any more."));
  }
  cancel(id: string, actor: Json): Message { const message = this.#waiting(id); this.#queue = off(this.#options, "cancel") ? this.#queue : this.#queue.filter((each) => each !== message); return this.#mark(message, "cancelled", { actor }); }
  move(id: string, before: unknown, actor: Json): Message {
    const [message, others] = [this.#waiting(id), this.#queue.filter((each) => each.id !== id)];
    const at = before === null || off(this.#options, "before") ? others.length : others.findIndex((each) => each.id === before);
    if (at < 0) throw fieldRefused("/before", "must name a message that waits, or be null");
    if (this.#queue[at] !== message || off(this.#options, "moves")) this.commit("message.moved", { position: at + (this.#turn ? 1 : 0) }, { messageId: id, actor });
    return ((this.#queue = off(this.#options, "order") ? this.#queue : others.toSpliced(at, 0, message)), { ...message });
  }
  kept(answers: Kept["answers"]): Kept { return { log: this.log, queue: this.#queue, asked: this.#asked, outputs: this.outputs, steers: this.#turn?.steers ?? [], inbox: this.#turn?.inbox ?? [], answers }; }
  stop(): Json { this.#turn?.ending.abort(); return this.resource(); }
  answer(requestId: string, answer: Json, actor: Json): Json {
    const asked = this.#asked.get(requestId);
    if (!asked) throw asked === null ? new Refusal("conflict", "That was answered already.") : new Refusal("not-found", "There is no such request.");
    if (answer["kind"] !== "reject" && answer["kind"] !== asked.kind && !off(this.#options, "kinds")) throw fieldRefused("/answer/kind", `must be ${asked.kind} or reject`);
    return (this.#close(requestId, answer, actor), asked.goOn(answer), { requestId });
  }
  #close(requestId: string, answer: Json, actor: Json): void { this.#asked.set(requestId, null); this.commit("request.answered", { requestId, answer }, { actor }); }
  end(): void { this.gone = true; this.stop(); if (!off(this.#options, "retire-session")) for (const { wire } of [...this.viewers]) wire.close(4410, "the session was deleted"); }
  async #next(): Promise<void> {
    const message = this.#turn || this.gone ? undefined : off(this.#options, "fifo") ? this.#queue.pop() : this.#queue.shift();
    if (!message) return;
    const { about, ending, steers, inbox } = (this.#turn = { about: { messageId: message.id, runId: `run_${randomUUID()}` }, ending: new AbortController(), steers: [], inbox: [] } as Turn);
    this.#mark(message, "running");
    for (const [type, data] of [["run.started", { model: MODEL, epoch: 1 }], ["session.status", { status: "running" }]] as const) this.commit(type, data, about);
    const stage = { open: this.open, nextPart: () => `prt_${++this.#parts}`, ask: async (kind: string, data: Json) => (kind === "permission" && off(this.#options, "permissions") ? {} : await this.#ask(kind, data, about, ending.signal)), steered: () => inbox.shift()?.text };
    await playScript(message.text, { ...stage, commit: (type, data) => this.commit(type, this.#cut(data), about), delta: (id, text) => this.#delta(id, text) }, ending.signal);
    const outcome = ending.signal.aborted ? "stopped" : "completed";
    this.commit("run.ended", { outcome, usage: NO_USAGE, costMicros: 0 }, about);
    for (const each of [message, ...steers]) this.#mark(each, outcome);
    this.commit("session.status", { status: "idle" });
    void ((this.#turn = null), this.#next());
  }
  #cut(data: Json): Json {
    const [part, name, output] = [data["part"] as Part, off(this.#options, "own-names") ? "out_1" : `out_${randomUUID()}`, (data["part"] as Part).tool?.output ?? ""];
    const bytes = Buffer.byteLength(output);
    if (bytes <= (off(this.#options, "inline") ? INLINE_MAX / 2 : INLINE_MAX) || off(this.#options, "cut") || !this.outputs.set(name, output)) return data;
    return { part: { ...part, tool: { ...part.tool, output: headAndTail(output, INLINE_MAX), outputRef: { name, address: `/v1/sessions/${this.id}/outputs/${name}`, bytes } } } };
  }
  async #ask(kind: string, data: Json, about: Json, signal: AbortSignal): Promise<Json> {
    const requestId = off(this.#options, "own-requests") ? "req_1" : `req_${randomUUID()}`;
    this.commit(`${kind}.asked`, { requestId, ...data }, about);
    this.commit("session.status", { status: "waiting", waitingFor: kind });
    const given = Promise.withResolvers<Json>();
    this.#asked.set(requestId, { kind, goOn: given.resolve });
    signal.addEventListener("abort", () => { if (this.#asked.get(requestId) && !off(this.#options, "close-cards")) this.#close(requestId, { kind: "reject" }, { kind: "system", id: "server" }); given.reject(new Error("stopped")); });
    const answer = await given.promise;
    return (this.commit("session.status", { status: "running" }), answer);
  }
}

export async function startReferenceServer(given: Partial<Options> = {}): Promise<ReferenceServer> {
  const [options, tamper, sessions, answers] = [{ ...DEFAULTS, ...given }, given.tamper ?? {}, new Map<string, Session>(), new Map<string, { request: string; answer: Promise<Answer> }>()];
  const [keys, owner] = [new Map([["example-key", "key_0"], ["example-other-key", "other_0"]]), (keyId: string): string => keyId.split("_")[0] ?? ""];
  const find = (id: string | undefined, keyId: string): Session => [sessions.get(id ?? "")].find((session) => session && !session.gone && (session.owner === owner(keyId) || off(options, "organizations"))) ?? refuse(new Refusal("not-found", "There is no such session."));
  const open = (org: string): Answer => { const session = new Session(options, org); return (sessions.set(session.id, session), ok(session.resource(), 201)); };
  const actorOf = (keyId: string): Json => ({ kind: "api-key", id: keyId });
  const keyOf = ({ headers }: IncomingMessage): string => keys.get(headers.authorization?.replace(/^Bearer /, "") ?? "") ?? (off(options, "auth") ? "key_0" : refuse(new Refusal("unauthenticated", "Send a valid key.")));
  const afterOf = ({ searchParams }: URL, transport: Transport, lastEventId?: string): number => {
    const text = (off(options, "last-event-id") ? undefined : lastEventId) ?? searchParams.get("after") ?? "0";
    if (!off(options, "validation") && !/^(0|[1-9][0-9]{0,14})$/.test(text)) throw new Refusal("bad-cursor", "A position is the seq of an event, or 0.");
    return tamper.after?.(Number.parseInt(text) || 0, transport) ?? (Number.parseInt(text) || 0);
  };
  const send = async (session: Session, key: unknown, body: Json, keyId: string): Promise<Answer> => {
    const [request, known] = [JSON.stringify([session.id, body["text"], body["model"], off(options, "delivery") ? "" : (body["delivery"] ?? "queue")]), off(options, "idempotency") ? undefined : answers.get(String(key))];
    if (known && known.request !== request) throw new Refusal("idempotency-mismatch", "This Idempotency-Key was used with another body.");
    const answer = known?.answer ?? (async () => ok(session.send(body, actorOf(keyId)), 201))();
    if (key !== undefined) answers.set(String(key), { request, answer });
    return await answer.catch((error: unknown) => { if (!off(options, "forget")) answers.delete(String(key)); throw error; });
  };
  type Asked = { id: string; sub: string; session: () => Session; url: URL; keyId: string; request: IncomingMessage; body: (...fields: string[]) => Json };
  const routes: Record<string, (asked: Asked) => Answer | Promise<Answer>> = {
    "POST sessions": ({ keyId, body }) => (body("model", "permissions")["model"] === MODEL ? open(owner(keyId)) : refuse(new Refusal("unknown-model", "There is no such model.", { allowed: [MODEL] }))),
    "GET sessions/:id": ({ session }) => ok(session().resource()),
    "DELETE sessions/:id": ({ session }) => ok(session().end(), 204),
    "POST sessions/:id/messages": ({ session, body, request, keyId }) => send(session(), request.headers["idempotency-key"], body("text", "model", "delivery"), keyId),
    "GET sessions/:id/messages": ({ session }) => ok({ data: session().messages, next: null }),
    "PATCH sessions/:id/messages/:sub": ({ session, sub, body, keyId }) => ok(session().move(sub, body("before")["before"], actorOf(keyId))),
    "DELETE sessions/:id/messages/:sub": ({ session, sub, keyId }) => ok(session().cancel(sub, actorOf(keyId))),
    "GET sessions/:id/outputs/:sub": ({ session, sub }) => ok(session().outputs.get(sub) ?? refuse(new Refusal("not-found", "There is no such output.")), 200, { "content-type": "text/plain; charset=utf-8" }),
    "GET sessions/:id/events": ({ session, url }) => page(session(), url),
    "GET sessions/:id/stream": ({ session }) => refuse(new Refusal("bad-request", `The address of ${session().id} takes a WebSocket upgrade.`)),
    "POST sessions/:id/stream-ticket": ({ session, keyId }) => {
      const [{ id, tickets }, ticket, until] = [session(), `tkt_${randomUUID()}`, Date.now() + options.ticketMs];
      return (tickets.set(ticket, { until, keyId }), ok({ ticket, url: `${base().replace("http", "ws")}/v1/sessions/${id}/stream`, expiresAt: new Date(until).toISOString() }, 201));
    },
    "POST sessions/:id/stop": ({ session }) => ok(session().stop()),
    "POST sessions/:id/answer": ({ session, body, keyId }) => { const { requestId, answer } = body("requestId", "answer"); return ok(session().answer(String(requestId), answer as Json, actorOf(keyId))); },
    "POST api-keys": ({ keyId }) => { const key = { id: `${owner(keyId)}_${randomUUID()}`, key: `example-${randomUUID()}` }; keys.set(key.key, key.id); return ok(key, 201); },
    "DELETE api-keys/:id": ({ id }) => {
      for (const [key, each] of keys) if (each === id) keys.delete(key);
      for (const { viewers } of sessions.values()) for (const { wire } of [...viewers]) if (wire.keyId === id && !off(options, "retire-key")) wire.close(4401, "the key was revoked");
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
    return await answer({ id, sub, session: () => find(id, keyId), url, keyId, request, body: (...fields) => readBody(request.headers["content-type"], raw, off(options, "validation") ? null : fields) });
  }
  function page(session: Session, url: URL): Answer {
    const [after, limit] = [afterOf(url, "page"), Number(url.searchParams.get("limit") ?? 50)];
    if (!off(options, "validation") && !(Number.isInteger(limit) && limit >= 1 && limit <= 500)) throw fieldRefused("limit", "must be 1 to 500");
    const data = session.log.slice(after, after + (limit || 50));
    const next = data.length > 0 && after + data.length < session.log.length ? String(after + data.length) : null;
    return ok({ data, next, firstSeq: session.first, lastSeq: session.log.length }, 200, next === null ? {} : { link: `<${url.pathname}?limit=${limit}&after=${next}>; rel="next"` });
  }
  function eventStream(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const keyId = keyOf(request);
    const [session, after] = [find(url.pathname.split("/")[3], keyId), afterOf(url, "sse", request.headers["last-event-id"] as string | undefined)];
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
    void (streams ? Promise.resolve().then(() => eventStream(request, response, url)) : route(request, url)).catch(refused).then((answer) => {
      if (answer) answer.headers = { "content-type": "application/json", "cache-control": "no-store", ...answer.headers }; else return;
      tamper.answer?.(answer, request.method ?? "GET", url.pathname, url.searchParams);
      response.writeHead(answer.status, answer.headers).end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? undefined));
    });
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    try {
      const url = new URL(request.url ?? "/", base());
      const [id = "", ticket] = [url.pathname.split("/")[3], url.searchParams.get("ticket")];
      const keyId = ticket === null ? keyOf(request) : redeem(id, ticket);
      const [session, after] = [find(id, keyId), afterOf(url, "ws")];
      sockets.handleUpgrade(request, socket, head, (ws) => {
        const viewer = new Viewer(session, after, options, { keyId, transport: "ws", send: (frame) => ws.send(JSON.stringify(frame)), close: (code, reason) => ws.close(code, reason) });
        ws.on("error", () => undefined).on("close", () => viewer.leave()).on("message", (data) => {
          const text = tamper.in ? tamper.in(String(data), viewer.memo) : String(data);
          if (text === "ping") ws.send("pong"); else if (text !== null) hear(session, viewer, text);
        });
        viewer.start();
      });
    } catch (error) {
      socket.on("error", () => undefined).end(refusalText(error));
    }
  });
  function redeem(id: string, ticket: string): string {
    const own = off(options, "ownership") ? [...sessions.values()].find(({ tickets }) => tickets.has(ticket)) : sessions.get(id);
    const found = own?.tickets.get(ticket);
    if (!off(options, "one-use")) own?.tickets.delete(ticket);
    if (off(options, "ticket-known") || (found && (found.until > Date.now() || off(options, "ticket-end")))) return found?.keyId ?? "key_0";
    throw new Refusal("unauthenticated", "The ticket is unknown, used or expired.");
  }
  function hear(session: Session, viewer: Viewer, text: string): void {
    const said = readSaid(text);
    if (!said) return off(options, "validation") ? undefined : viewer.wire.close(4400, "that was not understood");
    const [{ type, requestId, ...asked }, actor] = [said, actorOf(viewer.wire.keyId)];
    if (type === "ack") return viewer.ack(Number(asked["frame"]));
    const acts: Record<string, () => unknown> = {
      cancel: () => session.cancel(String(asked["messageId"]), actor), stop: () => session.stop(), answer: () => session.answer(String(asked["request"]), asked["answer"] as Json, actor),
      prompt: async () => (await send(session, asked["idempotencyKey"], asked, viewer.wire.keyId)).body,
    };
    void Promise.resolve().then(acts[String(type)]).then((value) => viewer.control({ type: "result", requestId, value }), (error: unknown) => viewer.control({ type: "problem", requestId, problem: problemOf(error) }));
  }
  const base = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const listen = (port: number): Promise<void> => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const hangUp = (): Promise<void> => new Promise((resolve) => { for (const client of sockets.clients) client.terminate(); server.close(() => resolve()); server.closeAllConnections(); });
  await listen(0);
  /** What is committed stays, and so do the agents; whoever watched has to come again. */
  const restart = async (): Promise<void> => { const { port } = server.address() as AddressInfo; await hangUp(); for (const session of sessions.values()) tamper.lose?.(session.kept(answers)); await listen(port); };
  const close = async (): Promise<void> => { for (const session of sessions.values()) session.stop(); await hangUp(); };
  return { url: base(), apiKey: "example-key", otherKey: "example-other-key", restart, close };
}
