/**
 * The runtime's end of the sandbox link: dials, says hello, sends what is held again, acknowledges what is on disk, and
 * keeps deltas within their credit. It dials for ever; only a close that says this epoch is over ends it. While the disk is
 * full it says and takes nothing, for as long as a person may need to make room.
 */
import { CLOSE_CODES, type Delta, type DownFrame, type DownMessage, type UpMessage } from "@berth/protocol";
import { addDelta, createDeltaSender, creditReturned, endPart, linkOpened, takeDeltas, type DeltaSender } from "../../../src/core/link/delta-sender.ts";
import { arrivalOf, canHaveReceived } from "../../../src/core/link/link-end.ts";
import { LINK_VERSIONS } from "../../../src/core/link/link-version.ts";
import { takeUps, upsAcked, upsDueAtMs, wireOpened, type UpSender } from "../../../src/core/link/up-sender.ts";
import type { Clock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import type { Dial, Wire } from "./wire.ts";

export interface LinkHandler {
  /** What goes up together with the receipt, in one line on disk. */
  plan(body: DownMessage): readonly UpMessage[];
  /** After the receipt is on disk. */
  act(body: DownMessage): void;
  /** The session wants a way in. Neither numbered nor kept: it asks again as long as somebody waits. */
  openTunnel(): void;
  /** The session needs this runtime no more. */
  over(code: number): void;
}

export interface LinkClientDeps {
  readonly dial: Dial;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Uniform in [0, 1); spreads reconnects. */
  random(): number;
  readonly epoch: number;
}

const TICK_MS = 16;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 5_000;
const PING_EVERY_MS = 20_000;
const SILENCE_MAX_MS = 60_000;
const UNWRITABLE_PAUSE_MS = 500;
/** Past this the runtime ends, and its last words say why. */
const UNWRITABLE_MAX_MS = 40_000;
/** The pause before dialing again that follows so many attempts. */
const UNWRITABLE_ATTEMPTS = 2;
const FINAL_CODES: readonly number[] = [CLOSE_CODES.fenced, CLOSE_CODES.sessionEnded, CLOSE_CODES.versionUnsupported];

export class LinkClient {
  readonly #deps: LinkClientDeps;
  readonly #handler: LinkHandler;
  #deltas: DeltaSender = createDeltaSender();
  /** Said, and not written down yet. */
  #pending: UpMessage[] = [];
  #ups: UpSender = wireOpened(0);
  #wire: Wire | null = null;
  #isWelcomed = false;
  #version = 0;
  #attempts = 0;
  #lastFlushMs = 0;
  #lastHeardMs = 0;
  #unwritableSinceMs: number | null = null;
  #cancelFlush: (() => void) | null = null;
  #cancelUps: (() => void) | null = null;
  #cancelTimer: (() => void) | null = null;
  #stopped = false;

  constructor(deps: LinkClientDeps, handler: LinkHandler) {
    this.#deps = deps;
    this.#handler = handler;
  }

  start(): void {
    this.#dial();
  }

  /** Writes down and sends what is left, then hangs up. */
  stop(): void {
    this.#flush();
    this.#putOnWire();
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#cancelFlush?.();
    this.#cancelUps?.();
    this.#wire?.close();
    this.#wire = null;
  }

  post(message: UpMessage): void {
    this.#pending.push(message);
    if (message.type === "part-ended") this.#deltas = endPart(this.#deltas, message.part.id);
    this.#flushSoon();
  }

  /** True while something of this kind was said and the session has not committed it. */
  isOnItsWay(isIt: (message: UpMessage) => boolean): boolean {
    return this.#pending.some(isIt) || this.#deps.journal.state.link.held.some(({ body }) => isIt(body));
  }

  delta(delta: Delta): void {
    this.#deltas = addDelta(this.#deltas, delta);
    this.#flushSoon();
  }

  heartbeat(running: string | null): void {
    if (this.#isWelcomed) this.#wire?.send({ type: "heartbeat", ...(running !== null && { running }) });
  }

  #dial(): void {
    this.#lastHeardMs = this.#deps.clock.now();
    const wire = this.#deps.dial({
      opened: () => {
        if (this.#wire !== wire) return;
        const { received } = this.#deps.journal.state.link;
        wire.send({ type: "hello", versions: [...LINK_VERSIONS], epoch: this.#deps.epoch, received });
        this.#watch(wire);
      },
      alive: () => {
        this.#lastHeardMs = this.#deps.clock.now();
      },
      frame: (frame) => {
        if (this.#wire === wire) this.#onFrame(wire, frame);
      },
      closed: (code) => {
        if (this.#wire === wire) this.#onClosed(code);
      },
    });
    this.#wire = wire;
  }

  #onClosed(code: number): void {
    this.#wire = null;
    this.#isWelcomed = false;
    this.#cancelTimer?.();
    if (this.#stopped) return;
    if (FINAL_CODES.includes(code)) {
      this.#stopped = true;
      this.#handler.over(code);
      return;
    }
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    // Between half and the whole of it, so that many sandboxes do not come back in one moment.
    this.#cancelTimer = this.#deps.clock.after(backoffMs * (0.5 + this.#deps.random() / 2), () => this.#dial());
  }

  /** A half-open connection shows itself by silence. */
  #watch(wire: Wire): void {
    this.#cancelTimer = this.#deps.clock.after(PING_EVERY_MS, () => {
      if (this.#wire !== wire) return;
      if (this.#deps.clock.now() - this.#lastHeardMs > SILENCE_MAX_MS) return wire.close();
      wire.ping();
      this.#watch(wire);
    });
  }

  #onFrame(wire: Wire, frame: DownFrame): void {
    const { journal } = this.#deps;
    switch (frame.type) {
      case "welcome":
        if (!canHaveReceived(journal.state.link, frame.received)) return wire.close();
        journal.acknowledged(frame.received);
        this.#isWelcomed = true;
        this.#version = frame.version;
        this.#attempts = 0;
        this.#deltas = linkOpened(this.#deltas);
        this.#ups = wireOpened(frame.received);
        this.#sendUps();
        return this.#flush();
      case "ack":
        if (!canHaveReceived(journal.state.link, frame.n)) return wire.close();
        this.#ups = upsAcked(this.#ups, journal.state.link, frame.n, this.#deps.clock.now());
        journal.acknowledged(frame.n);
        return this.#sendUps();
      case "delta-ack":
        this.#deltas = creditReturned(this.#deltas, frame.units);
        return this.#flushSoon();
      case "open-tunnel":
        return this.#handler.openTunnel();
      case "down":
        return this.#onDown(wire, frame.n, frame.body);
    }
  }

  #onDown(wire: Wire, n: number, body: DownMessage): void {
    const { journal } = this.#deps;
    const arrival = arrivalOf(journal.state.link, n);
    if (arrival === "gap") return wire.close();
    if (arrival === "new") {
      // What was said before this goes first.
      this.#flush();
      if (this.#pending.length > 0 || !this.#commit({ n, body }, this.#handler.plan(body))) {
        this.#attempts = UNWRITABLE_ATTEMPTS;
        return wire.close();
      }
    }
    if (this.#isWelcomed) wire.send({ type: "ack", n: journal.state.link.received });
    if (arrival === "new") this.#handler.act(body);
  }

  #flushSoon(): void {
    if (this.#cancelFlush || this.#stopped) return;
    const sinceMs = this.#deps.clock.now() - this.#lastFlushMs;
    this.#cancelFlush = this.#deps.clock.after(Math.max(0, TICK_MS - sinceMs), () => this.#flush());
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    this.#lastFlushMs = this.#deps.clock.now();
    if (this.#pending.length > 0) {
      if (!this.#commit(null, this.#pending)) {
        if (!this.#stopped) this.#cancelFlush = this.#deps.clock.after(UNWRITABLE_PAUSE_MS, () => this.#flush());
        return;
      }
      this.#pending = [];
    }
    // First, since the session knows of no part before its beginning.
    this.#sendUps();
    if (!this.#wire || !this.#isWelcomed) return;
    const { sender, deltas } = takeDeltas(this.#deltas);
    this.#deltas = sender;
    if (deltas.length > 0) this.#wire.send({ type: "deltas", deltas: [...deltas] });
  }

  /** What is on disk and may go now. What has to wait is looked at again with each acknowledgement, and when its time is over. */
  #sendUps(): void {
    this.#cancelUps?.();
    this.#cancelUps = null;
    if (!this.#isWelcomed) return;
    const { clock, journal } = this.#deps;
    const dueAtMs = upsDueAtMs(this.#ups, journal.state.link, (partId) => this.#deltas.parts.some((part) => part.partId === partId));
    if (dueAtMs === null) return;
    const leftMs = dueAtMs - clock.now();
    if (leftMs <= 0) return this.#putOnWire();
    this.#cancelUps = clock.after(leftMs, () => this.#sendUps());
  }

  #putOnWire(): void {
    if (!this.#wire || !this.#isWelcomed) return;
    const { sender, frames } = takeUps(this.#ups, this.#deps.journal.state.link, { version: this.#version, nowMs: this.#deps.clock.now() });
    this.#ups = sender;
    for (const frame of frames) this.#wire.send(frame);
  }

  /** False when the disk did not take it. @throws the disk's error when that has been so for too long */
  #commit(down: { readonly n: number; readonly body: DownMessage } | null, ups: readonly UpMessage[]): boolean {
    const { journal, clock } = this.#deps;
    try {
      journal.commit({ ...(down && { down }), ...(ups.length > 0 && { ups }) });
      this.#unwritableSinceMs = null;
    } catch (error) {
      this.#unwritableSinceMs ??= clock.now();
      if (clock.now() - this.#unwritableSinceMs > UNWRITABLE_MAX_MS) throw error;
      return false;
    }
    this.#sendUps();
    return true;
  }
}
