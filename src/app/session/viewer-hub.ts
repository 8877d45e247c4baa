/**
 * Sends one session's stream to its viewers. One frame per viewer and tick, serialised once for all; the first change
 * after a quiet time goes out at once, what follows within the tick is gathered. A viewer that does not acknowledge falls
 * back to replay, where it is fed from the store at its own pace: it costs no memory and slows nobody.
 */
import { CLOSE_CODES, LIMITS, type Delta, type ServerFrame, type SessionEvent } from "@berth/protocol";
import type { ViewerAttachment, ViewerSocket } from "./viewer.ts";

export interface HubSource {
  eventsAfter(after: number, limit: number): readonly SessionEvent[];
  firstSeq(): number;
  lastSeq(): number;
  /** Text so far of the parts being streamed, each from offset 0. */
  openParts(): readonly Delta[];
}

export interface HubTimers {
  now(): number;
  after(delayMs: number, run: () => void): void;
}

interface Viewer {
  readonly socket: ViewerSocket;
  readonly state: ViewerAttachment;
  /** Bytes of the frames sent and not acknowledged; not kept over hibernation, which comes only when all is quiet. */
  unacked: { frame: number; bytes: number }[];
  unackedBytes: number;
  /** When it last acknowledged or had nothing to acknowledge. */
  progressAtMs: number;
}

const TICK_MS = 16;
const TICK_BYTES_MAX = 64 * 1024;
const REPLAY_PAGE = 200;
/** Replay keeps this many frames on the way, so that a fast viewer is not slowed by its own acknowledgements. */
const REPLAY_WINDOW = 8;
const SAVE_DELAY_MS = 1_000;

export class ViewerHub {
  readonly #viewers = new Map<string, Viewer>();
  readonly #source: HubSource;
  readonly #timers: HubTimers;
  #events: SessionEvent[] = [];
  #deltas: Delta[] = [];
  #pendingBytes = 0;
  #flushedAtMs = 0;
  #timerSet = false;
  #saveSet = false;

  constructor(source: HubSource, timers: HubTimers) {
    this.#source = source;
    this.#timers = timers;
  }

  get size(): number {
    return this.#viewers.size;
  }

  /** Takes a new viewer, or one whose socket outlived the object's memory. */
  join(socket: ViewerSocket, state: ViewerAttachment): void {
    const viewer: Viewer = { socket, state: { ...state }, unacked: [], unackedBytes: 0, progressAtMs: this.#timers.now() };
    viewer.state.ackedFrame = viewer.state.frame;
    this.#viewers.set(state.id, viewer);
    if (viewer.state.cursor + 1 < this.#source.firstSeq() || viewer.state.cursor > this.#source.lastSeq()) {
      viewer.state.cursor = Math.min(this.#source.firstSeq() - 1, this.#source.lastSeq());
      this.#control(viewer, { type: "reset", from: viewer.state.cursor });
    }
    // What was committed while nobody held the socket, as waking up itself may do, was sent to no one.
    if (viewer.state.cursor < this.#source.lastSeq()) viewer.state.mode = "replay";
    if (viewer.state.mode === "replay") this.#replay(viewer);
    this.#saveSoon();
  }

  leave(viewerId: string): void {
    this.#viewers.delete(viewerId);
  }

  attachment(viewerId: string): ViewerAttachment | null {
    return this.#viewers.get(viewerId)?.state ?? null;
  }

  publish(events: readonly SessionEvent[]): void {
    for (const event of events) {
      this.#events.push(event);
      this.#pendingBytes += 256;
      // The committed end carries the whole text, so what waits of that part need not be sent.
      if (event.type === "part.ended") this.#deltas = this.#deltas.filter(({ partId }) => partId !== event.data.part.id);
    }
    this.#schedule();
  }

  publishDeltas(deltas: readonly Delta[]): void {
    for (const delta of deltas) {
      const last = this.#deltas.at(-1);
      if (last?.partId === delta.partId && last.offset + last.text.length === delta.offset) {
        this.#deltas[this.#deltas.length - 1] = { ...last, text: last.text + delta.text };
      } else {
        this.#deltas.push(delta);
      }
      this.#pendingBytes += delta.text.length;
    }
    this.#schedule();
  }

  acked(viewerId: string, frame: number): void {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer || frame <= viewer.state.ackedFrame || frame > viewer.state.frame) return;
    viewer.state.ackedFrame = frame;
    viewer.progressAtMs = this.#timers.now();
    while (viewer.unacked[0] && viewer.unacked[0].frame <= frame) viewer.unackedBytes -= viewer.unacked.shift()?.bytes ?? 0;
    if (viewer.state.mode === "replay") this.#replay(viewer);
  }

  control(viewerId: string, frame: ServerFrame): void {
    const viewer = this.#viewers.get(viewerId);
    if (viewer) this.#control(viewer, frame);
  }

  closeAll(code: number, reason: string): void {
    for (const viewer of this.#viewers.values()) viewer.socket.close(code, reason);
    this.#viewers.clear();
  }

  /** Closes those for which `gone` is true, for example because their key was revoked. */
  closeWhere(gone: (viewer: ViewerAttachment) => boolean, code: number, reason: string): void {
    for (const [id, viewer] of this.#viewers) {
      if (!gone(viewer.state)) continue;
      viewer.socket.close(code, reason);
      this.#viewers.delete(id);
    }
  }

  flush(): void {
    if (this.#events.length === 0 && this.#deltas.length === 0) return;
    const events = this.#events;
    const deltas = this.#deltas;
    this.#events = [];
    this.#deltas = [];
    this.#pendingBytes = 0;
    this.#flushedAtMs = this.#timers.now();
    const body = `"events":${JSON.stringify(events)},"deltas":${JSON.stringify(deltas)}}`;
    const newest = events.at(-1)?.seq;
    for (const [id, viewer] of this.#viewers) {
      if (viewer.state.mode !== "live") {
        this.#closeIfStalled(id, viewer);
        continue;
      }
      if (viewer.unacked.length >= LIMITS.viewerUnackedFramesMax || viewer.unackedBytes >= LIMITS.viewerUnackedBytesMax) {
        viewer.state.mode = "replay";
        continue;
      }
      this.#frame(viewer, body);
      if (newest !== undefined) viewer.state.cursor = newest;
    }
    this.#saveSoon();
  }

  #schedule(): void {
    const age = this.#timers.now() - this.#flushedAtMs;
    if (age >= TICK_MS || this.#pendingBytes >= TICK_BYTES_MAX) return this.flush();
    if (this.#timerSet) return;
    this.#timerSet = true;
    this.#timers.after(TICK_MS - age, () => {
      this.#timerSet = false;
      this.flush();
    });
  }

  #replay(viewer: Viewer): void {
    while (viewer.unacked.length < REPLAY_WINDOW) {
      const events = this.#source.eventsAfter(viewer.state.cursor, REPLAY_PAGE);
      const newest = events.at(-1);
      if (!newest) return this.#goLive(viewer);
      this.#frame(viewer, `"events":${JSON.stringify(events)},"deltas":[]}`);
      viewer.state.cursor = newest.seq;
    }
  }

  #goLive(viewer: Viewer): void {
    // What waits is already in the store and in the open parts; without this flush it would be sent twice.
    this.flush();
    const open = this.#source.openParts();
    if (open.length > 0) this.#frame(viewer, `"events":[],"deltas":${JSON.stringify(open)}}`);
    viewer.state.mode = "live";
    if (!viewer.state.synced) {
      viewer.state.synced = true;
      this.#control(viewer, { type: "synced", seq: viewer.state.cursor });
    }
  }

  #closeIfStalled(id: string, viewer: Viewer): void {
    if (viewer.unacked.length === 0 || this.#timers.now() - viewer.progressAtMs < LIMITS.viewerStalledMs) return;
    viewer.socket.close(CLOSE_CODES.slowViewer, "no frame was acknowledged for 30 s; connect again with after=<last seq>");
    this.#viewers.delete(id);
  }

  #frame(viewer: Viewer, body: string): void {
    viewer.state.frame += 1;
    const text = `{"type":"frame","frame":${viewer.state.frame},${body}`;
    if (viewer.unacked.length === 0) viewer.progressAtMs = this.#timers.now();
    viewer.unacked.push({ frame: viewer.state.frame, bytes: text.length });
    viewer.unackedBytes += text.length;
    viewer.socket.send(text);
  }

  #control(viewer: Viewer, frame: ServerFrame): void {
    viewer.socket.send(JSON.stringify(frame));
  }

  /** Hibernation comes after ten quiet seconds, so attachments are saved a second after the last change, not per frame. */
  #saveSoon(): void {
    if (this.#saveSet) return;
    this.#saveSet = true;
    this.#timers.after(SAVE_DELAY_MS, () => {
      this.#saveSet = false;
      for (const { socket, state } of this.#viewers.values()) socket.save(state);
    });
  }
}
