/** One stream of a tunnel, the same at either end: what waits for credit, what was taken, and what has ended. */
import { TUNNEL_CHUNK_BYTES, TUNNEL_WINDOW_BYTES, TUNNEL_WORDS_MAX, type TunnelFrame } from "@berth/protocol";
import { encodeData } from "./tunnel-wire.ts";

/** Written and waiting for credit: `room` from `start` to `end`. */
interface Waiting {
  readonly kind: number;
  room: Uint8Array;
  start: number;
  end: number;
}

export type Words = Readonly<Record<string, unknown>>;

export interface TunnelWire {
  send(message: string | Uint8Array<ArrayBuffer>): void;
}

/** What happens on a stream. Nothing is called after `reset`, nor after both directions ended. */
export interface StreamListener {
  /** What the sandbox answered; before all else. */
  head?(head: Words): void;
  /** To be given back with `took`. The bytes are the listener's only until it returns. */
  data(bytes: Uint8Array, kind: number): void;
  word?(word: Words): void;
  /** Nothing more comes. */
  ended?(): void;
  /** It is over in both directions. @param isFarEnds the far end says so; otherwise there is no far end any more */
  reset(reason: string, isFarEnds: boolean): void;
  /** What was written is all on its way. */
  drained?(): void;
}

/** Credit goes back in steps of at least this. */
const CREDIT_STEP_BYTES = TUNNEL_WINDOW_BYTES / 4;
const REASON_UNITS_MAX = 500;
const ROOM_BYTES_MIN = 1024;

export class TunnelStream {
  readonly id: number;
  readonly #wire: TunnelWire;
  readonly #forget: () => void;
  #listener: StreamListener | null = null;
  #waiting: Waiting[] = [];
  /** Of all of them, counted as they come and go: whoever writes asks after each write. */
  #waitingBytes = 0;
  #mayEnd = false;
  #hasEnded = false;
  #farEnded = false;
  #over = false;
  #credit = TUNNEL_WINDOW_BYTES;
  /** Of the far end's window: received, and given back. */
  #received = 0;
  #taken = 0;
  #givenBack = 0;
  #hasHead = false;
  #wordsHeard = 0;
  /** A write said that some of it waits, and `drained` is owed. */
  #owesDrained = false;

  constructor(id: number, wire: TunnelWire, forget: () => void) {
    this.id = id;
    this.#wire = wire;
    this.#forget = forget;
  }

  /** Who hears of it. */
  listen(listener: StreamListener): void {
    this.#listener = listener;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Bytes written that wait for credit. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  sendHead(head: Words): void {
    this.#say({ type: "head", id: this.id, head });
  }

  sendWord(word: Words): void {
    this.#say({ type: "word", id: this.id, word });
  }

  /** False when some of it waits; `drained` tells when none does. Takes the bytes over. */
  write(bytes: Uint8Array, kind = 0): boolean {
    if (this.#over || this.#mayEnd || bytes.length === 0) return true;
    this.#waitingBytes += bytes.length;
    const last = this.#waiting.at(-1);
    if (last === undefined || !joins(last, bytes, kind)) this.#waiting.push({ kind, room: bytes, start: 0, end: bytes.length });
    this.#flush();
    this.#owesDrained = this.#waiting.length > 0;
    return !this.#owesDrained;
  }

  /** After what was written. */
  end(): void {
    if (this.#over || this.#mayEnd) return;
    this.#mayEnd = true;
    this.#flush();
  }

  reset(reason: string): void {
    if (this.#over) return;
    this.#say({ type: "reset", id: this.id, reason: reason.slice(0, REASON_UNITS_MAX) });
    this.#finish();
  }

  /** So many bytes of what came were dealt with: as many more may come. */
  took(bytes: number): void {
    this.#taken = Math.min(this.#received, this.#taken + bytes);
    const back = this.#taken - this.#givenBack;
    if (this.#over || this.#farEnded || back < CREDIT_STEP_BYTES) return;
    this.#givenBack = this.#taken;
    this.#say({ type: "credit", id: this.id, bytes: back });
  }

  /** What the far end said of this stream. False when it may not say so. */
  hear(frame: Exclude<TunnelFrame, { type: "open" }>, answers: boolean): boolean {
    switch (frame.type) {
      case "head":
        if (!answers || this.#hasHead) return false;
        this.#hasHead = true;
        this.#listener?.head?.(frame.head);
        return true;
      case "credit":
        this.#credit += frame.bytes;
        if (this.#credit > TUNNEL_WINDOW_BYTES) return false;
        this.#flush();
        return true;
      case "word":
        this.#wordsHeard += 1;
        // The control plane's go on as long as the stream, and it is the one that is trusted.
        if (answers && this.#wordsHeard > TUNNEL_WORDS_MAX) return false;
        this.#listener?.word?.(frame.word);
        return true;
      case "end":
        if (this.#farEnded) return false;
        this.#farEnded = true;
        this.#listener?.ended?.();
        this.#forgetWhenEnded();
        return true;
      case "reset":
        this.#reset(frame.reason, true);
        return true;
    }
  }

  /** False when it is past the window, or after the end. */
  receive(bytes: Uint8Array, kind: number): boolean {
    this.#received += bytes.length;
    if (this.#farEnded || this.#received - this.#givenBack > TUNNEL_WINDOW_BYTES) return false;
    this.#listener?.data(bytes, kind);
    return true;
  }

  /** The far end is gone. */
  lost(reason: string): void {
    this.#reset(reason, false);
  }

  #reset(reason: string, isFarEnds: boolean): void {
    if (this.#over) return;
    this.#finish();
    this.#listener?.reset(reason, isFarEnds);
  }

  #flush(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#credit > 0; next = this.#waiting[0]) {
      const size = Math.min(next.end - next.start, this.#credit, TUNNEL_CHUNK_BYTES);
      this.#credit -= size;
      this.#waitingBytes -= size;
      this.#wire.send(encodeData({ id: this.id, kind: next.kind, bytes: next.room.subarray(next.start, next.start + size) }));
      next.start += size;
      if (next.start === next.end) this.#waiting.shift();
    }
    if (this.#waiting.length > 0) return;
    if (this.#mayEnd && !this.#hasEnded) {
      this.#hasEnded = true;
      this.#say({ type: "end", id: this.id });
      this.#forgetWhenEnded();
    } else if (this.#owesDrained) {
      this.#owesDrained = false;
      this.#listener?.drained?.();
    }
  }

  #forgetWhenEnded(): void {
    if (this.#hasEnded && this.#farEnded) this.#finish();
  }

  #finish(): void {
    this.#over = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#forget();
  }

  #say(frame: TunnelFrame): void {
    if (!this.#over) this.#wire.send(JSON.stringify(frame));
  }
}

/**
 * Many small writes that wait are one: what a byte costs beside itself is not paid for each. Only plain bytes, since of
 * other kinds where one write ends may say something. True when `last` has them now.
 */
function joins(last: Waiting, bytes: Uint8Array, kind: number): boolean {
  const size = last.end - last.start + bytes.length;
  if (kind !== 0 || last.kind !== 0 || size > TUNNEL_CHUNK_BYTES) return false;
  // What was given to `write` ends where its room does, and is never written to.
  if (last.end + bytes.length > last.room.length) {
    const room = new Uint8Array(Math.min(TUNNEL_CHUNK_BYTES, Math.max(ROOM_BYTES_MIN, 2 * size)));
    room.set(last.room.subarray(last.start, last.end));
    last.end -= last.start;
    last.start = 0;
    last.room = room;
  }
  last.room.set(bytes, last.end);
  last.end += bytes.length;
  return true;
}
