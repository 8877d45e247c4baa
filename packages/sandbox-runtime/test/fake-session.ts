/** The session's end of the link, as small as it can be: numbers, acknowledges, keeps what comes. */
import { LINK_VERSION, type DownFrame, type DownMessage, type UpFrame, type UpMessage } from "@berth/protocol";
import { createDeltaReceiver, dueDeltaAck, forgetPart, linkReopened, receiveDelta } from "../../../src/core/link/delta-receiver.ts";
import { acked, arrivalOf, createLinkEnd, enqueue, received, toResend, type LinkEnd } from "../../../src/core/link/link-end.ts";
import type { Dial } from "../src/wire.ts";

export interface Peer {
  send(frame: DownFrame): void;
  close(code: number): void;
}

export type Said<T extends UpMessage["type"]> = Extract<UpMessage, { type: T }>;

export class FakeSession {
  readonly ups: UpMessage[] = [];
  readonly frames: UpFrame[] = [];
  /** Text of each open part as the deltas made it. */
  texts: Readonly<Record<string, string>> = {};
  connections = 0;
  /** What it says it speaks. */
  version: number = LINK_VERSION;
  /** Takes frames and acknowledges nothing. */
  isDeaf = false;
  #link: LinkEnd<DownMessage> = createLinkEnd();
  #deltas = createDeltaReceiver();
  #peer: Peer | null = null;
  #waiting: (() => void)[] = [];

  tell(body: DownMessage): void {
    const { end, numbered } = enqueue(this.#link, body);
    this.#link = end;
    this.#peer?.send({ type: "down", ...numbered });
  }

  /** Acknowledges what it took while it was deaf. */
  acknowledge(): void {
    this.#peer?.send({ type: "ack", n: this.#link.received });
  }

  openTunnel(): void {
    this.#peer?.send({ type: "open-tunnel" });
  }

  /** Ends the connection with a code, or cuts it. */
  hangUp(code = 1006): void {
    const peer = this.#peer;
    this.#peer = null;
    peer?.close(code);
  }

  all<T extends UpMessage["type"]>(type: T): Said<T>[] {
    return this.ups.filter((up): up is Said<T> => up.type === type);
  }

  async first<T extends UpMessage["type"]>(type: T, isIt: (up: Said<T>) => boolean = () => true): Promise<Said<T>> {
    await this.until(() => this.all(type).some(isIt));
    return this.all(type).find(isIt) as Said<T>;
  }

  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** A connection is there; the runtime speaks first. */
  attach(peer: Peer): { frame(frame: UpFrame): void; closed(): void } {
    this.connections += 1;
    const closed = (): void => {
      if (this.#peer === peer) this.#peer = null;
    };
    return { frame: (frame) => this.#onFrame(peer, frame), closed };
  }

  /** For a runtime in the same process. */
  dial(): Dial {
    return (listener) => {
      let isOpen = true;
      const close = (code: number): void => {
        if (!isOpen) return;
        isOpen = false;
        queueMicrotask(() => listener.closed(code));
      };
      const send = (frame: DownFrame): void => queueMicrotask(() => isOpen && listener.frame(frame));
      const side = this.attach({ send, close });
      queueMicrotask(() => isOpen && listener.opened());
      return {
        send: (frame) => isOpen && side.frame(structuredClone(frame)),
        ping: () => {},
        close: () => {
          side.closed();
          close(1006);
        },
      };
    };
  }

  #take(n: number, body: UpMessage): void {
    if (arrivalOf(this.#link, n) !== "new") return;
    this.#link = received(this.#link, n);
    this.ups.push(body);
    if (body.type === "part-ended") this.#deltas = forgetPart(this.#deltas, body.part.id);
  }

  #onFrame(peer: Peer, frame: UpFrame): void {
    this.frames.push(frame);
    switch (frame.type) {
      case "hello":
        this.#peer = peer;
        this.#link = acked(this.#link, frame.received);
        this.#deltas = linkReopened(this.#deltas);
        peer.send({ type: "welcome", version: this.version, received: this.#link.received });
        for (const numbered of toResend(this.#link)) peer.send({ type: "down", ...numbered });
        break;
      case "up":
        this.#take(frame.n, frame.body);
        if (!this.isDeaf) peer.send({ type: "ack", n: this.#link.received });
        break;
      case "ups":
        for (const [index, body] of frame.bodies.entries()) this.#take(frame.n + index, body);
        if (!this.isDeaf) peer.send({ type: "ack", n: this.#link.received });
        break;
      case "ack":
        this.#link = acked(this.#link, frame.n);
        break;
      case "deltas": {
        for (const delta of frame.deltas) this.#deltas = receiveDelta(this.#deltas, delta).receiver;
        const due = this.isDeaf ? null : dueDeltaAck(this.#deltas);
        if (due) {
          this.#deltas = due.receiver;
          peer.send({ type: "delta-ack", units: due.units });
        }
        break;
      }
      case "heartbeat":
        break;
    }
    this.texts = this.#deltas.texts;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
