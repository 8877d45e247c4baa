/**
 * One end of a tunnel: many streams over one ordered socket, each with a window of its own. It keeps no time and does no
 * I/O; the socket is what its owner gives it. The control plane's end opens, the sandbox's end answers.
 */
import type { TunnelFrame } from "@berth/protocol";
import { decodeData, decodeFrame } from "./tunnel-wire.ts";
import { TunnelStream, type StreamListener, type TunnelWire, type Words } from "./tunnel-stream.ts";

/** What to do with a stream that was opened: who hears of it, or why it is refused. */
export type Accept = (what: Words, stream: TunnelStream) => StreamListener | string;

export class TunnelEnd {
  readonly #wire: TunnelWire;
  readonly #accept: Accept | null;
  readonly #streams = new Map<number, TunnelStream>();
  #lastId = 0;

  /** @param accept the sandbox's end; null at the control plane's, which opens */
  constructor(wire: TunnelWire, accept: Accept | null) {
    this.#wire = wire;
    this.#accept = accept;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  open(what: Words, listener: StreamListener): TunnelStream {
    const stream = this.#add(this.#lastId + 1);
    stream.listen(listener);
    this.#wire.send(JSON.stringify({ type: "open", id: stream.id, what } satisfies TunnelFrame));
    return stream;
  }

  /** False when the far end may not say this: close the socket, and call `lost`. */
  receive(message: string | Uint8Array): boolean {
    if (typeof message !== "string") {
      const data = decodeData(message);
      if (data === null || data.id > this.#lastId) return false;
      // Of a stream that is over here something may still be on its way.
      return this.#streams.get(data.id)?.receive(data.bytes, data.kind) ?? true;
    }
    const frame = decodeFrame(message);
    if (frame === null) return false;
    if (frame.type === "open") return this.#opened(frame.id, frame.what);
    if (frame.id > this.#lastId) return false;
    return this.#streams.get(frame.id)?.hear(frame, this.#accept === null) ?? true;
  }

  /** The socket is gone. */
  lost(reason: string): void {
    for (const stream of [...this.#streams.values()]) stream.lost(reason);
  }

  #opened(id: number, what: Words): boolean {
    if (this.#accept === null || id <= this.#lastId) return false;
    const stream = this.#add(id);
    const answer = this.#accept(what, stream);
    if (typeof answer === "string") stream.reset(answer);
    else stream.listen(answer);
    return true;
  }

  #add(id: number): TunnelStream {
    const stream = new TunnelStream(id, this.#wire, () => void this.#streams.delete(id));
    this.#lastId = id;
    this.#streams.set(id, stream);
    return stream;
  }
}
