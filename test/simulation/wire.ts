/** The socket between a runtime and the session's object: two ordered directions that can be cut or fall silent. */
import type { DownFrame, UpFrame } from "@berth/protocol";
import type { Wire as ClientWire, WireListener } from "../../packages/sandbox-runtime/src/wire.ts";
import type { Channel } from "./traffic.ts";
import type { World } from "./world.ts";

/** The object's side. */
export interface LinkServer {
  message(wire: Wire, text: string): void;
  gone(wire: Wire): void;
}

const NO_CODE = 1006;
const CLOSE_TIMEOUT_MS = 10_000;

export class Wire implements ClientWire {
  readonly linkId: string;
  readonly epoch: number;
  readonly #world: World;
  readonly #server: LinkServer;
  readonly #listener: WireListener;
  readonly #up: Channel;
  readonly #down: Channel;
  #isClientOpen = true;
  #isServerTold = false;
  #isServerClosed = false;
  isHalfOpen = false;

  constructor(world: World, ids: { readonly linkId: string; readonly epoch: number }, server: LinkServer, listener: WireListener) {
    this.linkId = ids.linkId;
    this.epoch = ids.epoch;
    this.#world = world;
    this.#server = server;
    this.#listener = listener;
    this.#up = world.traffic.channel();
    this.#down = world.traffic.channel();
    this.#down.push("link opens", () => this.#isClientOpen && listener.opened());
  }

  get isOpen(): boolean {
    return this.#isClientOpen && !this.#isServerClosed;
  }

  // The runtime's end.

  send(frame: UpFrame): void {
    if (!this.#isClientOpen || this.isHalfOpen) return;
    this.#up.push("up", () => this.#server.message(this, JSON.stringify(frame)), frame);
  }

  ping(): void {
    if (!this.#isClientOpen || this.isHalfOpen) return;
    this.#up.push("ping", () => this.#deliver("pong", () => this.#listener.alive()));
  }

  close(): void {
    if (!this.#isClientOpen) return;
    this.#isClientOpen = false;
    this.#tellServer();
    this.#listener.closed(NO_CODE);
  }

  // The object's end.

  sendDown(frame: DownFrame): void {
    if (this.#isServerClosed) return;
    this.#deliver("down", () => {
      this.#listener.alive();
      this.#listener.frame(frame);
    }, frame);
  }

  closeFromServer(code: number): void {
    if (this.#isServerClosed) return;
    this.#isServerClosed = true;
    this.#deliver(`link closes ${code}`, () => this.#closed(code));
    this.#world.time.after(CLOSE_TIMEOUT_MS, () => this.#gone());
  }

  // What happens to it.

  /** Whatever was under way may be lost from some point on. */
  cut(): void {
    this.#up.truncate(this.#world.prng.int(this.#up.items.length + 1));
    this.#down.truncate(this.#world.prng.int(this.#down.items.length + 1));
    this.#down.push("link breaks", () => this.#closed(NO_CODE));
    this.#tellServer();
  }

  /** The network is back: the two ends find that they are not connected any more. */
  heal(): void {
    this.isHalfOpen = false;
    this.cut();
  }

  /** The object lost its memory and all its sockets. */
  lost(): void {
    this.#isServerClosed = true;
    this.#isServerTold = true;
    this.#up.truncate(0);
    if (!this.isHalfOpen) this.#down.push("link breaks", () => this.#closed(NO_CODE));
  }

  /** The runtime's process is gone. */
  abandon(): void {
    if (!this.#isClientOpen) return;
    this.#isClientOpen = false;
    this.#down.truncate(0);
    this.#tellServer();
  }

  #deliver(label: string, run: () => void, detail?: unknown): void {
    if (this.isHalfOpen) return;
    this.#down.push(label, () => {
      if (this.#isClientOpen && !this.isHalfOpen) run();
    }, detail);
  }

  #closed(code: number): void {
    if (!this.#isClientOpen) return;
    this.#isClientOpen = false;
    this.#tellServer();
    this.#listener.closed(code);
  }

  #tellServer(): void {
    if (this.isHalfOpen) return;
    this.#up.push("link is gone", () => this.#gone());
  }

  #gone(): void {
    if (this.#isServerTold) return;
    this.#isServerTold = true;
    this.#isServerClosed = true;
    this.#server.gone(this);
  }
}
