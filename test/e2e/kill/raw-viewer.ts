/** A viewer over a WebSocket of its own making: acknowledges, is cut, and goes on after the last number it has. */
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import type { SeenEvent } from "./checker.ts";

interface Frame {
  readonly type: string;
  readonly frame?: number;
  readonly events?: readonly SeenEvent[];
  readonly deltas?: readonly { readonly partId: string; readonly offset: number; readonly text: string }[];
}

const RECONNECT_MS = 100;

export class RawViewer {
  readonly events: SeenEvent[] = [];
  /** What was wrong with the text of open parts: a piece that begins behind what was there. */
  readonly holes: string[] = [];
  readonly #url: string;
  readonly #apiKey: string;
  #texts = new Map<string, string>();
  #socket: WebSocket | null = null;
  #closed = false;

  /** @param url of the stream, `ws:` */
  constructor(url: string, apiKey: string) {
    this.#url = url;
    this.#apiKey = apiKey;
    void this.#run();
  }

  cut(): void {
    this.#socket?.terminate();
  }

  close(): void {
    this.#closed = true;
    this.#socket?.terminate();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      await this.#connect();
      await delay(RECONNECT_MS);
    }
  }

  #connect(): Promise<void> {
    return new Promise((resolve) => {
      const socket = new WebSocket(`${this.#url}?after=${this.events.at(-1)?.seq ?? 0}`, { headers: { authorization: `Bearer ${this.#apiKey}` } });
      this.#socket = socket;
      this.#texts = new Map();
      socket.on("error", () => {});
      socket.on("close", () => resolve());
      socket.on("message", (data) => {
        const frame = JSON.parse(String(data)) as Frame;
        if (frame.type !== "frame") return;
        this.events.push(...(frame.events ?? []));
        for (const { partId, offset, text } of frame.deltas ?? []) this.#write(partId, offset, text);
        socket.send(JSON.stringify({ type: "ack", frame: frame.frame }));
      });
    });
  }

  #write(partId: string, offset: number, text: string): void {
    const before = this.#texts.get(partId) ?? "";
    if (offset > before.length) this.holes.push(`${partId}: ${before.length} characters, and then a piece from ${offset}`);
    this.#texts.set(partId, before.slice(0, offset) + text);
  }
}
