/**
 * When the runtime's messages go on the wire. One frame is under way at a time: what is said while the session still writes
 * the last one waits for its acknowledgement and goes together, in one frame and one commit. So a session that is slow to
 * write is asked to write less often, and with one that is quick nothing waits. Nor does what a person waits for.
 */
import { LINK_SINCE, type UpFrame, type UpMessage } from "@berth/protocol";
import { toResend, type LinkEnd, type Numbered } from "./link-end.ts";

/** Past this the next frame goes all the same. */
export const UPS_WAIT_MAX_MS = 1_000;
/** A session that is busy is left alone for so many times what it takes longer than at its quickest, up to the bound. */
const PAUSE_FACTOR = 3;
export const UPS_PAUSE_MAX_MS = 100;
const SMOOTHED_OVER = 4;
/** Of one frame. A message alone may be larger. */
const FRAME_UPS_MAX = 500;
const FRAME_UNITS_MAX = 256 * 1024;

export interface UpSender {
  /** Last number that was put on this wire, and when. */
  readonly sentTo: number;
  readonly sentAtMs: number;
  /** What the session takes from a frame to its acknowledgement: lately, smoothed, and at best; null before the first. */
  readonly took: { readonly latelyMs: number; readonly bestMs: number } | null;
}

/** A session that has everything up to `received` said welcome. */
export function wireOpened(received: number): UpSender {
  return { sentTo: received, sentAtMs: Number.NEGATIVE_INFINITY, took: null };
}

/**
 * When what waits may go, if nothing happens before; null when nothing waits.
 * @param isAwaited whether there is text for this part, which can go only after the part's beginning
 */
export function upsDueAtMs(sender: UpSender, end: LinkEnd<UpMessage>, isAwaited: (partId: string) => boolean): number | null {
  const waiting = waitingUps(sender, end);
  if (waiting.length === 0) return null;
  if (!waiting.every(({ body }) => mayWait(body, isAwaited))) return Number.NEGATIVE_INFINITY;
  const { sentTo, sentAtMs, took } = sender;
  if (sentTo > end.acked) return sentAtMs + UPS_WAIT_MAX_MS;
  return sentAtMs + (took === null ? 0 : Math.min(UPS_PAUSE_MAX_MS, PAUSE_FACTOR * (took.latelyMs - took.bestMs)));
}

/** Everything that waits, in as few frames as may be; one by one for a session that knows no better. */
export function takeUps(
  sender: UpSender,
  end: LinkEnd<UpMessage>,
  { version, nowMs }: { readonly version: number; readonly nowMs: number },
): { readonly sender: UpSender; readonly frames: readonly UpFrame[] } {
  const waiting = waitingUps(sender, end);
  const last = waiting.at(-1);
  if (!last) return { sender, frames: [] };
  return { sender: { ...sender, sentTo: last.n, sentAtMs: nowMs }, frames: framesOf(waiting, version < LINK_SINCE.ups ? 1 : FRAME_UPS_MAX) };
}

/** The session has committed everything up to `n`; `end` is as it was before that. */
export function upsAcked(sender: UpSender, end: LinkEnd<UpMessage>, n: number, nowMs: number): UpSender {
  if (n < sender.sentTo || end.acked >= sender.sentTo) return sender;
  const ms = nowMs - sender.sentAtMs;
  const { latelyMs, bestMs } = sender.took ?? { latelyMs: ms, bestMs: ms };
  return { ...sender, took: { latelyMs: latelyMs + (ms - latelyMs) / SMOOTHED_OVER, bestMs: Math.min(bestMs, ms) } };
}

/** Written down and not on this wire yet, oldest first. */
function waitingUps({ sentTo }: UpSender, end: LinkEnd<UpMessage>): readonly Numbered<UpMessage>[] {
  return toResend(end).slice(Math.max(0, sentTo - end.acked));
}

/** News of the work in progress, which more will follow. Everything else asks, answers, or ends somebody's wait. */
function mayWait(message: UpMessage, isAwaited: (partId: string) => boolean): boolean {
  return message.type === "part-ended" || message.type === "todo" || (message.type === "part-started" && !isAwaited(message.part.id));
}

function framesOf(waiting: readonly Numbered<UpMessage>[], upsMax: number): UpFrame[] {
  const frames: UpFrame[] = [];
  let together: Numbered<UpMessage>[] = [];
  let units = 0;
  const close = (): void => {
    const [first] = together;
    if (first === undefined) return;
    frames.push(together.length === 1 ? { type: "up", ...first } : { type: "ups", n: first.n, bodies: together.map(({ body }) => body) });
    together = [];
    units = 0;
  };
  for (const numbered of waiting) {
    const size = upsMax === 1 ? 0 : JSON.stringify(numbered.body).length;
    if (together.length >= upsMax || units + size > FRAME_UNITS_MAX) close();
    together.push(numbered);
    units += size;
  }
  close();
  return frames;
}
