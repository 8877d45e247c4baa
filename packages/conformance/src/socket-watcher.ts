/** A viewer over WebSocket. It acknowledges as it is told to. */
import { WebSocket, type RawData } from "ws";
import { within } from "./check.ts";
import { Watcher } from "./watcher.ts";
import type { WireDelta, WireEvent } from "./wire.ts";

export interface WireFrame {
  readonly frame: number;
  readonly events: readonly WireEvent[];
  readonly deltas: readonly WireDelta[];
}

/** The numbers that a viewer acknowledges when a frame comes. */
export type Acknowledge = (frame: number) => readonly number[];

export const EACH: Acknowledge = (frame) => [frame];
/** Or the case does it. */
export const NONE: Acknowledge = () => [];

export interface SocketOptions {
  /** Absent: not in the address. */
  readonly after?: number | string;
  readonly ticket?: string;
  /** Asks for `frames=short`. */
  readonly short?: boolean;
  readonly acknowledge?: Acknowledge;
}

/** An upgrade that was answered otherwise. */
export class UpgradeRefused extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`the upgrade was answered ${status}`);
    this.status = status;
  }
}

export class SocketWatcher extends Watcher {
  readonly frames: WireFrame[] = [];
  /** Whole messages, as they came. */
  readonly raw: string[] = [];
  acknowledge: Acknowledge;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, acknowledge: Acknowledge, patienceMs: number) {
    super(patienceMs);
    this.acknowledge = acknowledge;
    this.#socket = socket;
    socket.on("message", (data: RawData) => this.#read(String(data as Buffer)));
    socket.on("close", (code, reason) => {
      this.closed ??= { code, reason: String(reason) };
      this.changed();
    });
    socket.on("error", () => undefined);
  }

  get lastFrame(): number {
    return this.frames.at(-1)?.frame ?? 0;
  }

  #answer(frame: number): void {
    for (const number of this.acknowledge(frame)) this.ack(number);
  }

  ack(frame: number): void {
    this.say({ type: "ack", frame });
  }

  untilFrame(number: number): Promise<void> {
    return this.untilCount("frames", number, () => this.lastFrame);
  }

  /** Sends an action and waits for its answer. */
  async act(action: Readonly<Record<string, unknown>>): Promise<Extract<Watcher["items"][number], { kind: "result" | "problem" }>> {
    const requestId = String(action["requestId"] ?? `r${this.raw.length}-${Math.random().toString(36).slice(2, 8)}`);
    this.say({ requestId, ...action });
    return await this.until(`the answer to ${String(action["type"])}`, () =>
      this.items.find((item) => (item.kind === "result" || item.kind === "problem") && item.requestId === requestId) as Extract<Watcher["items"][number], { kind: "result" | "problem" }> | undefined,
    );
  }

  say(message: unknown): void {
    this.sayText(JSON.stringify(message));
  }

  sayText(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  close(): void {
    this.#socket.close();
  }

  #read(text: string): void {
    this.raw.push(text);
    if (!text.startsWith("{")) return this.take({ kind: "text", text });
    const message = JSON.parse(text) as Readonly<Record<string, unknown>> & { readonly type: string };
    if (message.type === "frame") {
      const frame = message as unknown as WireFrame;
      this.frames.push(frame);
      for (const event of frame.events) this.take({ kind: "event", event });
      for (const delta of frame.deltas) this.take({ kind: "delta", delta });
      this.#answer(frame.frame);
      this.changed();
    } else if (message.type === "more") {
      const { frame, text: more } = message as unknown as { readonly frame: number; readonly text: string };
      const last = this.deltas.at(-1) ?? { partId: "", offset: 0, text: "" };
      const delta = { partId: last.partId, offset: last.offset + last.text.length, text: more };
      this.frames.push({ frame, events: [], deltas: [delta] });
      this.take({ kind: "delta", delta });
      this.#answer(frame);
    } else if (["synced", "reset", "result", "problem"].includes(message.type)) {
      const { type, ...rest } = message;
      this.take({ kind: type, ...rest } as unknown as Watcher["items"][number]);
    }
  }
}

/** @throws UpgradeRefused */
export async function openSocket(url: string, sessionId: string, headers: Readonly<Record<string, string>>, options: SocketOptions, patienceMs: number): Promise<SocketWatcher> {
  const address = new URL(`/v1/sessions/${sessionId}/stream`, url.replace(/^http/, "ws"));
  if (options.after !== undefined) address.searchParams.set("after", String(options.after));
  if (options.short) address.searchParams.set("frames", "short");
  if (options.ticket !== undefined) address.searchParams.set("ticket", options.ticket);
  const socket = new WebSocket(address, { headers, handshakeTimeout: patienceMs });
  const watcher = new SocketWatcher(socket, options.acknowledge ?? EACH, patienceMs);
  await within(patienceMs, "the upgrade", new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("unexpected-response", (request, response) => {
      reject(new UpgradeRefused(response.statusCode ?? 0));
      request.destroy();
    });
    socket.once("error", reject);
  }));
  return watcher;
}
