/** Those who watch: each keeps its cursor, reads and acknowledges at its own pace, leaves and comes back. */
import type { ServerFrame } from "@berth/protocol";
import type { Author } from "../../src/app/session-handle.ts";
import type { SimObject } from "./object.ts";
import type { Watched } from "./records.ts";
import type { Channel } from "./traffic.ts";
import type { World } from "./world.ts";

export class Viewer {
  readonly watched: Watched;
  readonly #world: World;
  readonly #object: SimObject;
  readonly #author: Author;
  #socketId: string | null = null;
  #connection = 0;
  #channel: Channel;
  /** Newest `seq` it has. */
  cursor = 0;
  /** Frames it got and did not acknowledge. */
  #newestFrame = 0;
  #isAcknowledging = false;
  /** The part that a frame of text alone goes on with. */
  #goesOn = "";
  isStalled = false;
  isForbidden = false;
  /** What a request over the socket was answered. */
  onAnswer: ((requestId: string, value: unknown) => void) | null = null;

  constructor(world: World, object: SimObject, author: Author, name: string) {
    this.#world = world;
    this.#object = object;
    this.#author = author;
    this.#channel = world.traffic.channel();
    this.watched = { name, apiKeyId: author.apiKeyId, events: new Map(), texts: new Map(), synced: false };
    world.records.viewers.push(this.watched);
  }

  get isConnected(): boolean {
    return this.#socketId !== null;
  }

  join(): void {
    if (this.#socketId !== null || this.isForbidden) return;
    this.#connection += 1;
    const connection = this.#connection;
    this.#newestFrame = 0;
    this.watched.synced = false;
    const channel = this.#world.traffic.channel();
    this.#channel = channel;
    const isCurrent = (): boolean => this.#connection === connection;
    this.#socketId = this.#object.openViewer(this.#author, { after: this.cursor, short: this.#world.chance(0.5) }, {
      frame: (text) => {
        if (this.isForbidden) this.#world.violate("SIM9", `${this.watched.name} is sent something after its key was revoked`);
        if (isCurrent()) channel.push(`to ${this.watched.name}`, () => isCurrent() && this.#take(text), text);
      },
      closed: () => channel.push(`${this.watched.name} is closed`, () => isCurrent() && this.#closed()),
    });
  }

  leave(): void {
    const id = this.#socketId;
    this.#closed();
    if (id !== null) this.#object.viewerGone(id);
  }

  goOn(): void {
    this.isStalled = false;
    this.#acknowledge();
  }

  says(frame: object): void {
    const id = this.#socketId;
    if (id !== null) this.#world.traffic.once(`${this.watched.name} says`, () => this.#object.viewerSays(id, JSON.stringify(frame)), frame);
  }

  #closed(): void {
    this.#connection += 1;
    this.#channel.truncate(0);
    this.#socketId = null;
  }

  #take(text: string): void {
    const frame = JSON.parse(text) as ServerFrame;
    switch (frame.type) {
      case "frame": {
        for (const event of frame.events) {
          if (event.seq !== this.cursor + 1) this.#world.violate("SIM4", `${this.watched.name} got event ${event.seq} after ${this.cursor}`);
          this.cursor = event.seq;
          this.watched.events.set(event.seq, JSON.stringify(event));
          if (event.type === "part.ended") this.#partEnded(event.data.part.id, event.data.part.tool?.output ?? event.data.part.text);
        }
        for (const { partId, offset, text: piece } of frame.deltas) {
          const known = this.watched.texts.get(partId) ?? "";
          if (offset > known.length) this.#world.violate("SIM11", `${this.watched.name} got text of ${partId} at ${offset} and has ${known.length}`);
          const whole = known.slice(0, offset) + piece;
          if (!whole.startsWith(known) && !known.startsWith(whole)) this.#world.violate("SIM11", `${this.watched.name} was sent another text for ${partId}`);
          if (whole.length > known.length) this.watched.texts.set(partId, whole);
        }
        this.#newestFrame = frame.frame;
        const last = frame.deltas.at(-1);
        if (last) this.#goesOn = last.partId;
        this.#acknowledgeSoon();
        return;
      }
      case "more":
        this.#newestFrame = frame.frame;
        this.watched.texts.set(this.#goesOn, (this.watched.texts.get(this.#goesOn) ?? "") + frame.text);
        this.#acknowledgeSoon();
        return;
      case "synced":
        this.watched.synced = true;
        if (frame.seq !== this.cursor) this.#world.violate("SIM4", `${this.watched.name} is told it has ${frame.seq} and has ${this.cursor}`);
        return;
      case "reset":
        if (frame.from <= this.cursor) return this.#world.violate("SIM4", `${this.watched.name} is reset from ${this.cursor} to ${frame.from}`);
        this.#readArchived(this.cursor, frame.from - 1);
        this.cursor = frame.from - 1;
        return;
      case "result":
        return this.onAnswer?.(frame.requestId, frame.value);
      case "problem":
        if (frame.requestId !== undefined) this.onAnswer?.(frame.requestId, frame.problem.status === 500 ? "unknown" : null);
        return;
    }
  }

  /** What the object does not hold any more is read over REST, by the same cursor, until it is there. */
  #readArchived(after: number, to: number): void {
    if (after >= to) return;
    const again = (): void => void this.#world.time.after(2_000, () => this.#readArchived(after, to));
    this.#world.traffic.once("archive is read", () => {
      this.#object.call((service) => service.events(after, to - after)).then(({ events }) => {
        for (const event of events) this.watched.events.set(event.seq, JSON.stringify(event));
        const last = events.at(-1)?.seq;
        if (last === undefined) again();
        else this.#readArchived(last, to);
      }, again);
    });
  }

  get isComplete(): boolean {
    return this.watched.events.size === this.cursor;
  }

  /** What was streamed is how the whole text begins. */
  #partEnded(partId: string, text: string | undefined): void {
    const streamed = this.watched.texts.get(partId);
    if (streamed === undefined || text === undefined) return;
    const isCut = this.#world.records.forgot && streamed.startsWith(text);
    if (!text.startsWith(streamed) && !isCut) {
      this.#world.violate("SIM11", `${this.watched.name} was streamed ${JSON.stringify(streamed)} of ${partId}, which ended as ${JSON.stringify(text)}`);
    }
    this.watched.texts.delete(partId);
  }

  /** One acknowledgement may be for several frames. */
  #acknowledgeSoon(): void {
    if (!this.isStalled && (this.#newestFrame % 2 === 0 || !this.#world.isBrief)) this.#acknowledge();
  }

  #acknowledge(): void {
    const id = this.#socketId;
    if (this.#newestFrame === 0 || id === null || this.#isAcknowledging) return;
    this.#isAcknowledging = true;
    this.#world.traffic.once(`${this.watched.name} acknowledges`, () => {
      this.#isAcknowledging = false;
      this.#object.viewerSays(id, JSON.stringify({ type: "ack", frame: this.#newestFrame }));
    });
  }
}
