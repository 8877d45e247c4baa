/** One viewer over WebSocket: asks for short frames and acknowledges each once it is read, as the SDK does, and counts what comes. */
import type { ServerFrame, SessionEvent } from "@berth/protocol";
import { WebSocket } from "ws";
import { ageMs, nowMicros } from "./clock.ts";
import type { Report } from "./viewer-messages.ts";

const STAMPED = /^[0-9a-z]{5,9}$/;

export class Viewer {
  /** Milliseconds from dialling to `synced`. */
  readonly synced: Promise<number>;
  readonly #socket: WebSocket;
  readonly #ended = new Set<string>();
  #waiting: { readonly messageId: string; readonly resolve: () => void }[] = [];
  #report = nothing();

  constructor(url: string, apiKey: string) {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.synced = promise;
    const dialledAt = performance.now();
    this.#socket = new WebSocket(url, { headers: { authorization: `Bearer ${apiKey}` }, perMessageDeflate: false, skipUTF8Validation: true });
    this.#socket.on("error", reject);
    this.#socket.on("close", (code, reason) => reject(new Error(`the stream was closed with ${code}: ${reason.toString("utf8")}`)));
    this.#socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString("utf8")) as ServerFrame;
      if (frame.type === "synced") resolve(performance.now() - dialledAt);
      else if (frame.type === "frame") this.#take(frame, data.length);
      else if (frame.type === "more") this.#take({ frame: frame.frame, events: [], deltas: [frame] }, data.length);
    });
  }

  reset(): void {
    this.#report = nothing();
  }

  /** Resolves when the run of a message has ended. */
  ended(messageId: string): Promise<void> {
    if (this.#ended.has(messageId)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ messageId, resolve }));
  }

  report(): Report {
    return this.#report;
  }

  close(): void {
    this.#socket.terminate();
  }

  #take({ frame, events, deltas }: Taken, bytes: number): void {
    const report = this.#report;
    report.frames += 1;
    if (deltas.length > 0 || events.some(({ type }) => type === "part.ended")) report.textBytes += bytes;
    report.events += events.length;
    if (deltas.length > 0) {
      const micros = nowMicros();
      const [, before = micros] = report.arrivals.at(-1) ?? [];
      report.gapMaxMs = Math.max(report.gapMaxMs, (micros - before) / 1000);
      report.textUnits += deltas.reduce((sum, { text }) => sum + text.length, 0);
      report.arrivals.push([report.textUnits, micros]);
    }
    for (const event of events) {
      if (event.type === "part.started" || event.type === "part.ended") {
        const text = event.data.part.text?.trimEnd() ?? "";
        if (STAMPED.test(text)) report.lagsMs.push(ageMs(text));
      } else if (event.type === "run.ended" && event.messageId !== undefined) {
        this.#end(event.messageId);
      }
    }
    this.#socket.send(`{"type":"ack","frame":${frame}}`);
  }

  #end(messageId: string): void {
    this.#ended.add(messageId);
    for (const waiting of this.#waiting) if (waiting.messageId === messageId) waiting.resolve();
    this.#waiting = this.#waiting.filter((waiting) => waiting.messageId !== messageId);
  }
}

interface Taken {
  readonly frame: number;
  readonly events: readonly SessionEvent[];
  readonly deltas: readonly { readonly text: string }[];
}

type Counting = { -readonly [Name in keyof Report]: Report[Name] } & { lagsMs: number[]; arrivals: [number, number][] };

function nothing(): Counting {
  return { frames: 0, textBytes: 0, events: 0, textUnits: 0, gapMaxMs: 0, arrivals: [], lagsMs: [] };
}
