/**
 * A second client of the stream contract, made from packages/protocol/SPEC.md alone: fetch and ws, no code shared with the
 * SDK. What can be bent in it is named in `ClientFlaw`; without one it keeps the contract.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import { ClientView, type ViewFlaw } from "./client-view.ts";

type Json = Record<string, unknown>;
type Event = { readonly seq: number; readonly type: string; readonly data: Json; readonly messageId?: string };
type Delta = { readonly partId: string; readonly offset: number; readonly text: string };
interface Observer { event(event: never): void; text(partId: string, text: string): void; reset(from: number): void; ended(code: string | null): void; waiting(messageIds: readonly string[]): void; cards(requestIds: readonly string[]): void }
export interface ReferenceClientOptions {
  readonly url: string; readonly key: string; readonly sessionId: string; readonly after: number; readonly observer: Observer;
  readonly transport: "ws" | "sse"; readonly timeScale: number; readonly flaw?: ClientFlaw | undefined;
}
export type ClientFlaw = ViewFlaw
  | "archive-one-page" | "output-by-letters" | "output-key-in-address" | "output-of-the-event" | "output-unnamed" | "steer-forgotten" | "steers-always"
  | "comments-end-blocks" | "lags-behind" | "more-ignored" | "more-unacknowledged" | "order-expected" | "result-dropped"
  | "ack-ahead" | "ack-before" | "ack-counted-on" | "ack-everything" | "ack-news-only" | "ack-never" | "ack-number-one" | "archive-unread" | "asks-from-start" | "connects-for-ever" | "cr-not-read"
  | "cursor-at-start" | "cursor-behind" | "deltas-appended" | "deltas-count" | "deltas-ignored" | "deltas-in-bytes" | "deltas-reopen" | "end-ignored" | "first-data-line" | "gives-up" | "half-block-read"
  | "holes-passed" | "key-in-address" | "knows-all-types" | "last-frame-only" | "no-dedupe" | "no-ping" | "no-key" | "one-ticket" | "piece-by-piece" | "pong-parsed" | "problems-as-results" | "prompt-forgotten" | "prompt-key-new" | "prompt-key-shared"
  | "prompt-repeated" | "reset-ignored" | "reset-silent" | "results-in-order" | "retry-after-ignored" | "impatient" | "same-wait" | "waits-ever-longer" | "server-error-final" | "slow-final" | "ended-again" | "refusal-asked-again" | "refusal-unnamed" | "spaces-expected" | "stays-open" | "stop-again" | "strict-fields" | "strict-order" | "text-dropped-at-tool" | "unknown-fatal" | "unknown-skipped";

/** Why a connection ended. `final` ends the client. */
interface End { readonly code: string | null; readonly final: boolean; readonly waitMs?: number }
interface Action { readonly frame: Json; readonly resolve: (value: never) => void; readonly reject: (error: Error) => void }
const KNOWN = /^(session|sandbox|workspace|message|run|part|permission|question|request|todo)\./;
const CLOSED: Record<number, string> = { 4400: "bad-request", 4401: "unauthenticated", 4404: "not-found", 4410: "session-ended" };
const lost = (waitMs?: number): End => ({ code: "network", final: false, ...(waitMs === undefined ? {} : { waitMs }) });

export class ReferenceClient {
  readonly #options: ReferenceClientOptions; readonly #closing = new AbortController(); readonly #actions = new Map<string, Action>(); readonly #texts = new Map<string, { text: string; open: boolean }>();
  readonly #view: ClientView; #cursor: number; #socket: WebSocket | null = null; #progress = false; #acks = 0; #ticket: string | null = null; #last = { partId: "", offset: 0 }; #held: Event | null = null;

  constructor(options: ReferenceClientOptions) {
    this.#options = options;
    this.#cursor = options.after;
    this.#view = new ClientView(options.flaw);
    void this.#run();
  }
  close(): void { if (!this.#is("stays-open")) this.#closing.abort(); }
  prompt(text: string, { steers = false } = {}): Promise<{ readonly id: string }> {
    const delivery = (steers || this.#is("steers-always")) ? { delivery: "steer" } : {};
    return this.#act({ type: "prompt", text, idempotencyKey: this.#is("prompt-key-shared") ? "key" : randomUUID(), ...delivery });
  }
  stop(): Promise<unknown> { return this.#act({ type: "stop" }); }
  cancel(messageId: string): Promise<unknown> { return this.#act({ type: "cancel", messageId }); }
  answer(request: string, answer: unknown): Promise<unknown> { return this.#act({ type: "answer", request, answer }); }
  /** @throws Error whose `code` is the problem's slug */
  async output({ address }: { readonly address: string }): Promise<string> {
    const { url, key } = this.#options;
    const asked = new URL(address, url);
    if (this.#is("output-key-in-address")) asked.searchParams.set("key", key);
    const response = await fetch(asked, { headers: { authorization: `Bearer ${key}` } });
    if (!response.ok && this.#is("output-unnamed")) return "";
    if (!response.ok) throw Object.assign(new Error("refused"), { code: String(((await response.json()) as Json)["type"]).split("/").at(-1) });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (this.#is("output-of-the-event")) return new TextDecoder().decode(bytes.slice(0, 64 * 1024));
    return this.#is("output-by-letters") ? Array.from(bytes, (byte) => String.fromCharCode(byte)).join("") : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  #is(flaw: ClientFlaw): boolean { return this.#options.flaw === flaw; }
  #scaled(ms: number): number { return ms / this.#options.timeScale; }
  #act<T>(action: Json): Promise<T> {
    const frame = { ...action, requestId: randomUUID() };
    return new Promise<T>((resolve, reject) => {
      this.#actions.set(frame.requestId, { frame, resolve, reject });
      this.#say(frame);
    });
  }
  #say(frame: Json): void { if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame)); }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; failures++) {
      this.#progress = false;
      const end = await (this.#options.transport === "sse" ? this.#overSse() : this.#overSocket()).catch(() => lost());
      this.#socket = null;
      if (signal.aborted) break;
      const ends = (end.final && !this.#is("connects-for-ever")) || this.#is("gives-up");
      if (ends) return this.#options.observer.ended(end.code);
      for (const [id, { frame, reject }] of this.#actions) {
        if ((frame["type"] === "prompt" && !this.#is("prompt-forgotten")) || this.#is("stop-again")) continue;
        reject(new Error("the connection was lost"));
        this.#actions.delete(id);
      }
      if (this.#progress && !this.#is("waits-ever-longer")) failures = 0;
      const backoff = this.#is("same-wait") ? 150 : this.#is("waits-ever-longer") ? 2_000 * 2 ** failures : 150 * 2 ** Math.min(failures, 7);
      const waitMs = this.#is("impatient") ? 0 : !this.#is("retry-after-ignored") && end.waitMs !== undefined ? end.waitMs : backoff;
      await pause(this.#scaled(waitMs), null, { signal }).catch(() => undefined);
    }
    this.#options.observer.ended(null);
  }

  /** @returns why there is no stream */
  async #refused(response: Response): Promise<End> {
    const problem = (await response.json().catch(() => ({}))) as { type?: string };
    const after = response.headers.get("retry-after");
    const final = (response.status < 500 && response.status !== 408 && response.status !== 429 && !this.#is("refusal-asked-again")) || (this.#is("server-error-final") && !after);
    return { code: this.#is("refusal-unnamed") ? "error" : (problem.type?.split("/").at(-1) ?? "unknown"), final, ...(after === null ? {} : { waitMs: Number(after) * 1000 }) };
  }
  #closed(code: number): End {
    const slug = CLOSED[code];
    if (code === 4410 && this.#is("ended-again")) return lost();
    return slug === undefined && !(this.#is("slow-final") && code >= 4400) ? lost() : { code: slug ?? "closed", final: !(this.#is("refusal-asked-again") && code !== 4410) };
  }
  get #after(): number { return this.#is("cursor-at-start") ? this.#options.after : this.#is("asks-from-start") ? 0 : this.#is("cursor-behind") ? Math.max(0, this.#cursor - 1) : this.#cursor; }

  async #overSse(): Promise<End> {
    const { url, key, sessionId } = this.#options;
    const leaving = new AbortController();
    const signal = AbortSignal.any([leaving.signal, this.#closing.signal]);
    const address = `${url}/v1/sessions/${sessionId}/events?after=${this.#after}${this.#is("key-in-address") ? `&key=${key}` : ""}`;
    const response = await fetch(address, { headers: { accept: "text/event-stream", ...(this.#is("no-key") ? {} : { authorization: `Bearer ${key}` }) }, signal });
    if (!response.ok || !response.body) return await this.#refused(response);
    let silence = setTimeout(() => undefined, 0);
    const decoder = new TextDecoder();
    let text = "";
    try {
      const listen = (): void => { clearTimeout(silence); if (!this.#is("no-ping")) silence = setTimeout(() => leaving.abort(), this.#scaled(50_000)); };
      listen();
      for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
        const piece = this.#is("piece-by-piece") ? new TextDecoder().decode(bytes) : decoder.decode(bytes, { stream: true });
        if (!(this.#is("strict-order") && piece.startsWith(":"))) listen();
        text += piece;
        // A CR at the end may be half of a CR LF.
        const whole = this.#is("cr-not-read") ? text : text.replace(/\r$/, "").replaceAll(/\r\n?/g, "\n") + (text.endsWith("\r") ? "\r" : "");
        const blocks = whole.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) {
          const end = await this.#block(block);
          if (end) return end;
        }
      }
    } finally {
      clearTimeout(silence);
      leaving.abort();
      if (this.#is("half-block-read") && text) await this.#block(text).catch(() => undefined);
    }
    return lost();
  }
  async #block(block: string): Promise<End | null> {
    const data: string[] = [];
    let name = "message";
    if (this.#is("comments-end-blocks") && block.includes("\n:")) return null;
    if (this.#is("order-expected") && block.startsWith("data")) return null;
    for (const line of block.split("\n")) {
      const [, field = "", value = ""] = (this.#is("spaces-expected") ? /^(\w+): (.*)$/ : /^(\w+)(?:: ?(.*))?$/).exec(line) ?? [];
      if (field === "event") name = value;
      if (field === "data" && !(this.#is("first-data-line") && data.length > 0)) data.push(value);
      if (this.#is("knows-all-types") && field && !["event", "data", "id"].includes(field)) return lost();
    }
    if (data.length === 0) return null;
    const value = JSON.parse(data.join("\n")) as Json;
    if (name === "delta") return this.#deltas([value as never]);
    if (name === "closed") return this.#closed(value["code"] as number);
    if (name === "reset") return (await this.#reset(value as never), this.#is("reset-ignored") ? null : lost(0));
    if (name === "synced") return null;
    if (typeof value["seq"] === "number" && value["id"] !== undefined) return this.#events([value as never]);
    return this.#is("unknown-fatal") ? { code: "unknown", final: true } : null;
  }

  async #overSocket(): Promise<End> {
    const { url, key, sessionId } = this.#options;
    if (this.#ticket === null || !this.#is("one-ticket")) {
      const response = await fetch(`${url}/v1/sessions/${sessionId}/stream-ticket`, { method: "POST", headers: { authorization: `Bearer ${key}` }, signal: this.#closing.signal });
      if (!response.ok) return await this.#refused(response);
      this.#ticket = ((await response.json()) as { ticket: string }).ticket;
    }
    const query = new URLSearchParams({ after: String(this.#after), frames: "short", ...(this.#is("key-in-address") ? { key } : { ticket: this.#ticket }) });
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/sessions/${sessionId}/stream?${query}`);
    const hangUp = (): void => socket.terminate();
    this.#closing.signal.addEventListener("abort", hangUp);
    const [received, heard] = [[] as string[], { at: performance.now() }];
    let [wake, code] = [() => undefined as void, 0];
    if (!this.#is("ack-counted-on")) this.#acks = 0;
    socket.on("message", (bytes) => { received.push(String(bytes as Buffer)); heard.at = performance.now(); wake(); });
    socket.on("error", () => undefined);
    socket.on("close", (number) => { code ||= number; wake(); });
    socket.on("open", () => {
      this.#socket = socket;
      for (const { frame } of this.#actions.values()) this.#say(this.#is("prompt-key-new") ? { ...frame, idempotencyKey: randomUUID() } : this.#is("steer-forgotten") ? { ...frame, delivery: undefined } : frame);
    });
    const watch = setInterval(() => {
      if (this.#is("no-ping")) return;
      const silent = performance.now() - heard.at;
      if (silent > this.#scaled(this.#is("strict-order") ? 20_000 : 45_000)) socket.terminate();
      else if (silent > this.#scaled(20_000) && socket.readyState === WebSocket.OPEN && !this.#is("strict-order")) socket.send("ping");
    }, this.#scaled(5_000));
    try {
      for (;;) {
        const text = received.shift();
        if (text !== undefined) {
          const end = text === "pong" && !this.#is("pong-parsed") ? null : await this.#message(JSON.parse(text) as Json);
          if (end) return end;
        } else if (code !== 0) return this.#closed(code);
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      clearInterval(watch);
      this.#closing.signal.removeEventListener("abort", hangUp);
      socket.terminate();
    }
  }
  async #message(message: Json): Promise<End | null> {
    const ack = (frame: unknown): void => { if (!this.#is("ack-never")) this.#say({ type: "ack", frame: this.#is("ack-ahead") ? (frame as number) + 5 : this.#is("ack-number-one") ? 1 : this.#is("ack-counted-on") ? ++this.#acks : frame }); };
    if (message["type"] === "frame") {
      if (this.#is("ack-before")) { ack(message["frame"]); await pause(15); }
      const before = this.#cursor;
      const end = this.#events(message["events"] as Event[]) ?? this.#deltas(message["deltas"] as Delta[]);
      if (end) return end;
      if (!this.#is("ack-before") && !(this.#is("ack-news-only") && this.#cursor === before)) ack(message["frame"]);
      return null;
    }
    if (message["type"] === "more") {
      if (!this.#is("more-ignored")) this.#deltas([{ ...this.#last, text: message["text"] as string }]);
      if (!this.#is("more-unacknowledged")) ack(message["frame"]);
      return null;
    }
    if (this.#is("ack-everything")) this.#say({ type: "ack", frame: 3 });
    const requestId = this.#is("results-in-order") ? ([...this.#actions.keys()][0] ?? "") : String(message["requestId"]);
    const action = this.#actions.get(requestId);
    if (message["type"] === "reset") { await this.#reset(message as never); return null; }
    if (message["type"] === "result" || message["type"] === "problem") {
      if (!this.#is("prompt-repeated")) this.#actions.delete(requestId);
      if (this.#is("result-dropped")) return null;
      if (message["type"] === "result" || this.#is("problems-as-results")) action?.resolve((message["value"] ?? {}) as never);
      else action?.reject(Object.assign(new Error("refused"), { code: String((message["problem"] as Json)["type"]).split("/").at(-1) }));
      return null;
    }
    return message["type"] !== "synced" && this.#is("unknown-fatal") ? { code: "unknown", final: true } : null;
  }

  #events(events: readonly Event[]): End | null {
    for (const event of this.#is("last-frame-only") ? events.slice(0, 500) : events) {
      if (event.seq <= this.#cursor && !this.#is("no-dedupe")) continue;
      if (event.seq > this.#cursor + 1 && !this.#is("holes-passed")) return lost();
      if (!KNOWN.test(event.type) && this.#is("unknown-skipped")) continue;
      if (this.#is("strict-fields") && "weather" in event) return { code: "unknown", final: true };
      this.#cursor = Math.max(this.#cursor, event.seq);
      this.#progress = true;
      const part = event.data["part"] as { id: string; text?: string; tool?: { output?: string } } | undefined;
      if (event.type === "part.started" && part) this.#texts.set(part.id, { text: "", open: true });
      if (event.type === "part.ended" && part) this.#show(part.id, this.#is("end-ignored") ? (this.#texts.get(part.id)?.text ?? "") : (part.text ?? part.tool?.output ?? ""), false);
      if (event.type === "part.started" && part && this.#is("text-dropped-at-tool")) for (const id of this.#texts.keys()) if (id !== part.id) this.#show(id, "", false);
      if (this.#view.take(event)) {
        this.#options.observer.waiting(this.#view.waiting);
        this.#options.observer.cards(this.#view.cards);
      }
      const given = this.#is("lags-behind") ? this.#held : event;
      this.#held = event;
      if (given) this.#options.observer.event(given as never);
    }
    return null;
  }
  #deltas(deltas: readonly Delta[]): null {
    if (this.#is("deltas-ignored")) return null;
    for (const { partId, offset, text } of deltas) {
      this.#last = { partId, offset: offset + text.length };
      if (this.#is("deltas-count")) this.#cursor += 1;
      const part = this.#texts.get(partId) ?? { text: "", open: true };
      if (!part.open && !this.#is("deltas-reopen")) continue;
      const known = this.#is("deltas-in-bytes") ? Buffer.byteLength(part.text) : part.text.length;
      if (this.#is("deltas-appended")) this.#show(partId, part.text + text, true);
      else if (offset <= known && offset + text.length > known) this.#show(partId, part.text.slice(0, offset) + text, true);
    }
    return null;
  }
  #show(partId: string, text: string, open: boolean): void {
    this.#texts.set(partId, { text, open });
    this.#options.observer.text(partId, text);
  }
  async #reset({ from, archive }: { readonly from: number; readonly archive?: string }): Promise<void> {
    if (this.#is("reset-ignored")) return;
    const { url, key, observer } = this.#options;
    let told = this.#is("archive-unread");
    for (let path = told || this.#cursor >= from ? undefined : archive; path !== undefined && this.#cursor < from - 1; ) {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${key}`, accept: "application/json" } });
      const page = (await response.json()) as { data: Event[]; next: string | null };
      this.#events(page.data.filter(({ seq }) => seq < from));
      path = page.next === null || this.#is("archive-one-page") ? undefined : path.replace(/after=\d+/, `after=${page.next}`);
      told = false;
    }
    if (this.#cursor === from - 1) return;
    this.#cursor = from - 1;
    if (!this.#is("reset-silent")) observer.reset(from);
  }
}
