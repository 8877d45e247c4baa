/**
 * Sends one session's stream to its viewers. One frame per viewer and tick, serialised once for all; the first change
 * after a quiet time goes out at once, what follows within the tick is gathered. A viewer that does not acknowledge falls
 * back to replay, where it is fed from the store at its own pace: it costs no memory and slows nobody.
 */
import { CLOSE_CODES, LIMITS, type Delta, type ServerFrame, type SessionEvent } from "@berth/protocol";
import { textOf } from "../../ports/session-store/committed.ts";
import { createRateLimiter, rateLimits, type RateDecision, type RateLimiter } from "../http/rate-limit.ts";
import type { ViewerAttachment, ViewerSocket } from "./viewer.ts";
import { UNREACHABLE_MS } from "../belief.ts";
import { ASK_AGAIN_MS, ASK_PAUSE_MS, HOLD_MS, type Rechecked } from "./viewer-standing.ts";

export interface HubSource {
  /** Events above `after` as JSON texts, oldest first; one at least where there is one. */
  eventTexts(after: number, page: { readonly limit: number; readonly bytesMax: number }): readonly string[];
  firstSeq(): number;
  lastSeq(): number;
  /** Text so far of the parts being streamed, each from offset 0. */
  openParts(): readonly Delta[];
  /** Where a client reads what is older than the log: the address of the events after `after`. */
  archiveAfter(after: number): string;
}

export interface HubTimers {
  now(): number;
  after(delayMs: number, run: () => void): void;
}

/** Whether a viewer still is who it was; null: nobody. Rejects where that cannot be asked. */
export type Recheck = (viewer: ViewerAttachment) => Promise<Rechecked>;

interface Viewer {
  /** While it is asked whether they are who they were. */
  asking: Promise<void> | null;
  /** Set while it cannot be asked: when to try again. */
  askAfterMs: number | null;
  readonly socket: ViewerSocket;
  readonly state: ViewerAttachment;
  /** Bytes of the frames sent and not acknowledged; not kept over hibernation, which comes only when all is quiet. */
  unacked: { frame: number; bytes: number }[];
  unackedBytes: number;
  /** Where the last text it was sent ended. */
  textEnd: { readonly partId: string; readonly end: number } | null;
  /** When it last acknowledged or had nothing to acknowledge. */
  progressAtMs: number;
}

const TICK_MS = 16;
/** While only so little text waits a tick may last this long: a frame's own bytes would be most of what is sent. */
const THIN_TICK_MS = 50;
const THIN_UNITS = 40;
const TICK_BYTES_MAX = 64 * 1024;
/** Replay keeps four such frames on the way, so that a fast viewer is not slowed by its own acknowledgements. */
const REPLAY_PAGE = { limit: 500, bytesMax: LIMITS.viewerUnackedBytesMax / 4 } as const;
const SAVE_DELAY_MS = 1_000;
const PAGES_KEPT = 4;

interface ReplayPage {
  readonly count: number;
  /** The frame without its head. */
  readonly body: string;
}

export class ViewerHub {
  readonly #viewers = new Map<string, Viewer>();
  readonly #source: HubSource;
  readonly #timers: HubTimers;
  /** What waits for the tick's end: events as JSON, and the newest `seq` of them. */
  #events: string[] = [];
  #newest = 0;
  #deltas: Delta[] = [];
  #pendingBytes = 0;
  #flushedAtMs = 0;
  #timerSet = false;
  /** Pages that were read lately, by the position they go on from. */
  readonly #pages = new Map<number, ReplayPage>();
  #saveSet = false;
  #stallSet = false;

  readonly #limiter: RateLimiter;
  readonly #recheck: Recheck | null;
  readonly #leaseMoved: () => void;
  /** When {@link askAround} is due next, so that a viewer to whom nothing is sent is asked about as well; null for never. */
  wakeAtMs: number | null = null;

  /**
   * @param recheck absent: whoever was taken is believed for good
   * @param leaseMoved `wakeAtMs` is another
   */
  constructor(source: HubSource, timers: HubTimers, recheck: Recheck | null = null, leaseMoved: () => void = () => undefined) {
    this.#source = source;
    this.#timers = timers;
    this.#limiter = createRateLimiter(rateLimits(0), () => timers.now());
    this.#recheck = recheck;
    this.#leaseMoved = leaseMoved;
  }

  get size(): number {
    return this.#viewers.size;
  }

  /** Takes a new viewer, or one whose socket outlived the object's memory. */
  join(socket: ViewerSocket, state: ViewerAttachment): void {
    const checkedAtMs = state.checkedAtMs ?? this.#timers.now();
    const viewer: Viewer = { asking: null, askAfterMs: null, socket, state: { ...state, checkedAtMs }, unacked: [], unackedBytes: 0, textEnd: null, progressAtMs: this.#timers.now() };
    viewer.state.ackedFrame = viewer.state.frame;
    this.#viewers.set(state.id, viewer);
    if (viewer.state.cursor > this.#source.lastSeq()) this.#reset(viewer, 0);
    this.#skipArchived(viewer);
    // What was committed while nobody held the socket, as waking up itself may do, was sent to no one.
    if (viewer.state.cursor < this.#source.lastSeq()) viewer.state.mode = "replay";
    if (viewer.state.mode === "replay") this.#replay(viewer);
    this.#saveSoon();
    this.#moveLease();
  }

  /** Asks who the viewers are now where it is time to, also about those over whose sockets nothing passes. */
  askAround(): void {
    for (const viewer of this.#viewers.values()) this.#isHeld(viewer);
    this.#moveLease();
  }

  #moveLease(): void {
    if (this.#recheck === null) return;
    let atMs = Infinity;
    for (const { state, asking, askAfterMs } of this.#viewers.values()) {
      // While one is asked about, the answer sets the next time. What cannot be asked is not asked by every idle session all the time.
      const askAtMs = asking ? Infinity : 1 + ASK_AGAIN_MS + (askAfterMs ?? state.checkedAtMs ?? 0);
      atMs = Math.min(atMs, askAtMs, state.endsAtMs ?? Infinity);
    }
    const next = atMs === Infinity ? null : atMs;
    if (next === this.wakeAtMs) return;
    this.wakeAtMs = next;
    this.#leaseMoved();
  }

  /**
   * The viewer as it is now, once it is certain enough who it is; null for one that is gone, or was sent away just now.
   * `unknown` where that cannot be asked for too long.
   */
  async confirmed(viewerId: string): Promise<ViewerAttachment | "unknown" | null> {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer || !this.#isHeld(viewer)) return this.attachment(viewerId);
    await viewer.asking;
    return this.#viewers.has(viewerId) && this.#isHeld(viewer) ? "unknown" : this.attachment(viewerId);
  }

  /** Counts one action. Who opens several sockets has no more than by one. */
  countAction({ id, apiKeyId, userId, clientTokenId }: ViewerAttachment): RateDecision {
    return this.#limiter.take("socket", clientTokenId ?? apiKeyId ?? userId ?? id);
  }

  /** Whether nothing is sent to it and taken from it until it is known who it is. Asks where it is time to. */
  #isHeld(viewer: Viewer): boolean {
    if (this.#recheck === null) return false;
    const nowMs = this.#timers.now();
    if ((viewer.state.endsAtMs ?? Infinity) <= nowMs) {
      this.#sendAway(viewer);
      return true;
    }
    const { checkedAtMs = 0, knownAtMs = checkedAtMs } = viewer.state;
    const sinceMs = nowMs - checkedAtMs;
    // Answers given while the store cannot be asked are no newer than its last one.
    const isOutdated = nowMs - knownAtMs >= UNREACHABLE_MS;
    if ((isOutdated || sinceMs > ASK_AGAIN_MS) && (viewer.askAfterMs ?? 0) <= nowMs) viewer.asking ??= this.#ask(viewer).finally(() => {
      viewer.asking = null;
      this.#moveLease();
    });
    return isOutdated || (viewer.askAfterMs === null && sinceMs > HOLD_MS);
  }

  async #ask(viewer: Viewer): Promise<void> {
    const checkedAtMs = this.#timers.now();
    const rechecked = await this.#recheck?.(viewer.state).catch(() => undefined);
    if (!this.#viewers.has(viewer.state.id)) return;
    if (rechecked === null) return this.#sendAway(viewer);
    viewer.askAfterMs = rechecked === undefined ? this.#timers.now() + ASK_PAUSE_MS : null;
    if (rechecked !== undefined) Object.assign(viewer.state, rechecked, { checkedAtMs });
    if (viewer.state.mode === "replay") this.#replay(viewer);
    this.#saveSoon();
  }

  #sendAway({ socket, state }: Viewer): void {
    socket.close(CLOSE_CODES.unauthorized, "the key or sign-in this was opened with may not watch any more");
    this.#viewers.delete(state.id);
  }

  leave(viewerId: string): void {
    this.#viewers.delete(viewerId);
    this.#moveLease();
  }

  attachment(viewerId: string): ViewerAttachment | null {
    return this.#viewers.get(viewerId)?.state ?? null;
  }

  publish(events: readonly SessionEvent[]): void {
    for (const event of events) {
      const text = textOf(event);
      this.#events.push(text);
      this.#newest = event.seq;
      this.#pendingBytes += text.length;
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
    // The log may begin anew under the same name.
    this.#pages.clear();
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
    const body = `"events":[${events.join(",")}],"deltas":${JSON.stringify(deltas)}}`;
    const lastDelta = deltas.at(-1);
    const textEnd = lastDelta ? { partId: lastDelta.partId, end: lastDelta.offset + lastDelta.text.length } : null;
    const only = events.length === 0 && deltas.length === 1 ? lastDelta : undefined;
    const more = only && `"text":${JSON.stringify(only.text)}}`;
    // Those who came together are at the same frame, and then it is one text for all of them.
    const texts = new Map<string, string>();
    const textFor = (type: "frame" | "more", frame: number, rest: string): string => {
      const head = frameHead(type, frame);
      const text = texts.get(head) ?? head + rest;
      texts.set(head, text);
      return text;
    };
    for (const viewer of this.#viewers.values()) {
      if (viewer.state.mode !== "live") {
        this.#isHeld(viewer);
        continue;
      }
      if (this.#isHeld(viewer)) {
        viewer.state.mode = "replay";
        continue;
      }
      if (viewer.unacked.length >= LIMITS.viewerUnackedFramesMax || viewer.unackedBytes >= LIMITS.viewerUnackedBytesMax) {
        viewer.state.mode = "replay";
        this.#watchStalled();
        continue;
      }
      const goesOn = viewer.state.short && only && viewer.textEnd?.partId === only.partId && viewer.textEnd.end === only.offset;
      const frame = viewer.state.frame + 1;
      this.#send(viewer, goesOn && more ? textFor("more", frame, more) : textFor("frame", frame, body));
      viewer.textEnd = textEnd ?? viewer.textEnd;
      if (events.length > 0) viewer.state.cursor = this.#newest;
    }
    this.#saveSoon();
  }

  #schedule(): void {
    const isThin = this.#events.length === 0 && this.#pendingBytes < THIN_UNITS;
    const left = this.#flushedAtMs + (isThin ? THIN_TICK_MS : TICK_MS) - this.#timers.now();
    if (left <= 0 || this.#pendingBytes >= TICK_BYTES_MAX) return this.flush();
    if (this.#timerSet) return;
    this.#timerSet = true;
    // What comes in a thin tick may end it sooner, so that the timer is never set past the shorter one.
    const short = this.#flushedAtMs + TICK_MS - this.#timers.now();
    this.#timers.after(short > 0 ? short : left, () => {
      this.#timerSet = false;
      if (this.#events.length > 0 || this.#deltas.length > 0) this.#schedule();
    });
  }

  #replay(viewer: Viewer): void {
    if (this.#isHeld(viewer)) return;
    while (viewer.state.mode === "replay" && viewer.unackedBytes + REPLAY_PAGE.bytesMax <= LIMITS.viewerUnackedBytesMax && viewer.unacked.length < LIMITS.viewerUnackedFramesMax) {
      this.#skipArchived(viewer);
      const page = this.#pageAfter(viewer.state.cursor);
      if (page.count === 0) return this.#goLive(viewer);
      // Before it is sent, since an acknowledgement may come while it is.
      viewer.state.cursor += page.count;
      this.#frame(viewer, page.body);
    }
    this.#watchStalled();
  }

  /** Viewers that fall behind together read the same pages. What a page holds stays true, though more may follow it by now. */
  #pageAfter(after: number): ReplayPage {
    const known = this.#pages.get(after);
    if (known) return known;
    const texts = this.#source.eventTexts(after, REPLAY_PAGE);
    const page = { count: texts.length, body: `"events":[${texts.join(",")}],"deltas":[]}` };
    if (page.count === 0) return page;
    const [oldest] = this.#pages.keys();
    if (oldest !== undefined && this.#pages.size >= PAGES_KEPT) this.#pages.delete(oldest);
    this.#pages.set(after, page);
    this.#saveSoon();
    return page;
  }

  /** A position from before the first event held, at its arrival or because the viewer fell that far behind. */
  #skipArchived(viewer: Viewer): void {
    if (viewer.state.cursor + 1 < this.#source.firstSeq()) this.#reset(viewer, viewer.state.cursor);
  }

  #reset(viewer: Viewer, after: number): void {
    const from = this.#source.firstSeq();
    viewer.state.cursor = from - 1;
    this.#control(viewer, { type: "reset", from, ...(after + 1 < from ? { archive: this.#source.archiveAfter(after) } : {}) });
  }

  #goLive(viewer: Viewer): void {
    // What waits is already in the store and in the open parts; without this flush it would be sent twice.
    this.flush();
    const open = this.#source.openParts();
    const last = open.at(-1);
    if (last) {
      this.#frame(viewer, `"events":[],"deltas":${JSON.stringify(open)}}`);
      viewer.textEnd = { partId: last.partId, end: last.offset + last.text.length };
    }
    viewer.state.mode = "live";
    if (!viewer.state.synced) {
      viewer.state.synced = true;
      this.#control(viewer, { type: "synced", seq: viewer.state.cursor });
    }
  }

  /** Looks once the time of those who wait for their own acknowledgement may be up, also when nothing else happens. */
  #watchStalled(): void {
    if (this.#stallSet) return;
    this.#stallSet = true;
    this.#timers.after(LIMITS.viewerStalledMs, () => {
      this.#stallSet = false;
      const nowMs = this.#timers.now();
      for (const [id, { socket, state, unacked, progressAtMs }] of this.#viewers) {
        if (state.mode !== "replay" || unacked.length === 0) continue;
        if (nowMs - progressAtMs < LIMITS.viewerStalledMs) {
          this.#watchStalled();
          continue;
        }
        socket.close(CLOSE_CODES.slowViewer, "no frame was acknowledged for 30 s; connect again with after=<last seq>");
        this.#viewers.delete(id);
      }
    });
  }

  #frame(viewer: Viewer, body: string): void {
    this.#send(viewer, frameHead("frame", viewer.state.frame + 1) + body);
  }

  /** The viewer's next frame. */
  #send(viewer: Viewer, text: string): void {
    viewer.state.frame += 1;
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
      this.#pages.clear();
    });
  }
}

function frameHead(type: "frame" | "more", frame: number): string {
  return `{"type":"${type}","frame":${frame},`;
}
