/** Frames, acknowledgements, and viewers that are slow. */
import { check, equal, range, seqsOf } from "../check.ts";
import { ask } from "../server-case.ts";
import { EACH, NONE, type Acknowledge, type SocketWatcher } from "../socket-watcher.ts";
import type { Stage } from "../venue.ts";
import type { Watcher } from "../watcher.ts";
import { joined, partsEnded } from "../wire.ts";

const FRAMES_MAX = 256;
const BYTES_MAX = 1024 * 1024;

interface Slow {
  readonly before: number;
  readonly last: number;
  /** Never acknowledges. */
  readonly silent: SocketWatcher;
  /** Acknowledges what it was never sent. */
  readonly liar: SocketWatcher;
  /** Falls silent in the middle of the answer, and acknowledges everything once that has ended. */
  readonly late: SocketWatcher;
  /** Acknowledges every 100th frame. */
  readonly rare: SocketWatcher;
  readonly reader: SocketWatcher;
  /** Frames that the late one was sent without acknowledging them, when the reader had many more. */
  readonly lateUnacked: number;
}

const ahead: Acknowledge = (frame) => [frame + 1_000, frame + 2_000];
const hundredths: Acknowledge = (frame) => (frame % 100 === 0 ? [frame] : []);
/** So close to the bound that silence leads over it within a few frames, long before it has lasted too long. */
const LAG = FRAMES_MAX - 6;
const lagging: Acknowledge = (frame) => (frame > LAG ? [frame - LAG] : []);

/** One long answer with five viewers, watched once for all cases. It lasts until frames enough were sent. */
function watchSlowly(stage: Stage): Promise<Slow> {
  return stage.venue.shared("slow", async () => {
    const id = await stage.venue.makeSession();
    const before = await stage.lastSeq(id);
    const join = async (acknowledge: Acknowledge): Promise<SocketWatcher> => {
      const viewer = await stage.socket(id, { after: before, acknowledge });
      await viewer.untilSynced();
      return viewer;
    };
    const [silent, liar, late, rare, reader] = [await join(NONE), await join(ahead), await join(lagging), await join(hundredths), await join(EACH)];
    const lateUnacked = await stage.venue.playWhile(id, [{ endless: 60 }], async () => {
      await reader.untilFrame(FRAMES_MAX + 20);
      await late.untilFrame(FRAMES_MAX + 1);
      late.acknowledge = NONE;
      const acked = late.lastFrame - LAG;
      await reader.untilFrame(reader.lastFrame + 60);
      return late.lastFrame - acked;
    });
    late.acknowledge = EACH;
    late.ack(late.lastFrame);
    return { before, last: await stage.lastSeq(id), silent, liar, late, rare, reader, lateUnacked };
  });
}

/** What it was given, without what happened after. */
const upTo = (viewer: Watcher, last: number): number[] => seqsOf(viewer.events).filter((seq) => seq <= last);

export const ackCases = [
  ask("frame.numbers", "PRO29", "frames are numbered 1, 2, 3 per connection", async (stage) => {
    const id = await stage.session();
    for (let connection = 0; connection < 2; connection++) {
      const viewer = await stage.socket(id, { after: 0 });
      await viewer.untilSynced();
      await (await stage.play(id, [{ say: "numbers" }])).over();
      await viewer.untilSeq(await stage.lastSeq(id));
      equal(viewer.frames.map(({ frame }) => frame), range(1, viewer.frames.length), "numbers");
      viewer.close();
    }
  }),
  ask("frame.form", "PRO29", "a frame has its events and deltas, and other messages have no number", async (stage) => {
    const { id } = await stage.history();
    const viewer = await stage.socket(id, { after: 0 });
    await viewer.untilSynced();
    check(viewer.frames.length > 0 && viewer.frames.every(({ events, deltas }) => Array.isArray(events) && Array.isArray(deltas)), "events and deltas are lists");
    const others = viewer.raw.map((text) => JSON.parse(text) as Record<string, unknown>).filter(({ type }) => type !== "frame");
    check(others.length > 0 && others.every((message) => !("frame" in message)), "no number on others");
  }),
  ask("ack.unanswered", "PRO30", "an acknowledgement is not answered, however often it comes", async (stage) => {
    const { id } = await stage.history();
    const viewer = await stage.socket(id, { after: 0 });
    await viewer.untilSynced();
    const before = viewer.raw.length;
    for (const frame of [1, 1, 1]) viewer.ack(frame);
    viewer.sayText("ping");
    await viewer.until("pong", () => viewer.raw.length > before);
    equal(viewer.raw.slice(before), ["pong"], "what came");
  }),
  ask("ack.harmless", "PRO30", "old numbers and numbers that were not sent are passed over", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: 0 });
    await viewer.untilSynced();
    for (const frame of [1, 1_000_000, 1, 2]) viewer.ack(frame);
    await (await stage.play(id, [{ say: "still here" }])).over();
    const last = await stage.lastSeq(id);
    await viewer.untilSeq(last);
    equal(upTo(viewer, last), range(1, last), "seq");
  }),
  ask("slow.stops", "PRO31", "a viewer that never acknowledges is sent no more than the bound", async (stage) => {
    const { silent, reader } = await watchSlowly(stage);
    check(reader.lastFrame > FRAMES_MAX, `there was more to send: ${reader.lastFrame} frames`);
    check(silent.lastFrame <= FRAMES_MAX, `it was sent ${silent.lastFrame} frames`);
    check(silent.raw.join("").length <= 2 * BYTES_MAX, "and few bytes");
  }),
  ask("slow.no-credit-for-lies", ["PRO30", "PRO31"], "acknowledging what was not sent gives no credit", async (stage) => {
    const { liar, reader } = await watchSlowly(stage);
    check(reader.lastFrame > FRAMES_MAX, `there was more to send: ${reader.lastFrame} frames`);
    check(liar.lastFrame <= FRAMES_MAX, `it was sent ${liar.lastFrame} frames`);
  }),
  ask("slow.goes-on", "PRO31", "a viewer that acknowledges late is given what it missed, each event once", async (stage) => {
    const { late, before, last, lateUnacked } = await watchSlowly(stage);
    check(lateUnacked <= FRAMES_MAX, `it had fallen behind: ${lateUnacked} frames were not acknowledged`);
    await late.untilSeq(last);
    equal(upTo(late, last), range(before + 1, last), "seq");
  }),
  ask("slow.synced-once", "PRO31", "a viewer that fell behind is not synced a second time", async (stage) => {
    const { late, last } = await watchSlowly(stage);
    await late.untilSeq(last);
    equal(late.synced.length, 1, "how often");
  }),
  ask("ack.cumulative", "PRO30", "an acknowledgement stands for all frames before it", async (stage) => {
    const { rare, reader, before, last } = await watchSlowly(stage);
    await rare.untilSeq(last);
    check(rare.lastFrame > FRAMES_MAX, `it was sent ${rare.lastFrame} frames of ${reader.lastFrame}`);
    equal(upTo(rare, last), range(before + 1, last), "seq");
  }),
  ask("slow.slows-nobody", "PRO33", "a slow viewer takes nothing away from another", async (stage) => {
    const { reader, before, last } = await watchSlowly(stage);
    await reader.untilSeq(last);
    equal(upTo(reader, last), range(before + 1, last), "seq");
    const part = partsEnded(reader.events).find(({ kind }) => kind === "text");
    check(part?.text && joined(reader.deltas, part.id).length > part.text.length / 2, "it was told the text while it was written");
  }),
  ask("slow.closed", "PRO32", "a viewer that acknowledges nothing for 30 s when there is more is closed with 4408 and a reason", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id), acknowledge: NONE });
    await viewer.untilSynced();
    const { stalledMs } = stage.timings;
    const startedAt = performance.now();
    const { code, reason } = await stage.playWhile(id, [{ endless: 60 }], async () => {
      // First it uses up what may be unacknowledged, and then there is more for it.
      await viewer.untilCount("frames", FRAMES_MAX, () => (viewer.closed ? FRAMES_MAX : viewer.lastFrame));
      return await viewer.untilClosed(stage.venue.patienceMs + 2 * stalledMs);
    });
    equal(code, 4408, `the code; after ${viewer.lastFrame} frames`);
    check(reason.length > 0, "a reason");
    check(performance.now() - startedAt >= stalledMs, `not before ${stalledMs} ms`);
  }),
];
