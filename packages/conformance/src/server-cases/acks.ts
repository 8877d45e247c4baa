/** Frames, acknowledgements, and viewers that are slow. */
import { check, equal, range, seqsOf } from "../check.ts";
import { ask } from "../server-case.ts";
import type { Acknowledge, SocketWatcher } from "../socket-watcher.ts";
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
  /** Is silent until the answer has ended, and then acknowledges everything. */
  readonly late: SocketWatcher;
  /** Acknowledges every 100th frame. */
  readonly rare: SocketWatcher;
  readonly reader: SocketWatcher;
  readonly lateFrames: number;
}

/** One long answer with five viewers, watched once for all cases. */
function watchSlowly(stage: Stage): Promise<Slow> {
  return stage.venue.shared("slow", async () => {
    const id = await stage.venue.makeSession();
    const before = await stage.lastSeq(id);
    const join = async (acknowledge: Acknowledge): Promise<SocketWatcher> => {
      const viewer = await stage.socket(id, { after: before, acknowledge });
      await viewer.untilSynced();
      return viewer;
    };
    const [silent, liar, late, rare, reader] = [await join("never"), await join("ahead"), await join("never"), await join("never"), await join("each")];
    // Fast enough that frames follow on each other as closely as they do, and over before who is silent would be closed.
    const isHurried = stage.timings.tickMs < 16;
    const turn = await stage.venue.play(id, [isHurried ? { stream: 1200, perSecond: 60 } : { stream: 7200, perSecond: 600 }]);
    let [over, rareAcked] = [false, 0];
    const ended = turn.over(120_000).finally(() => (over = true));
    while (!over) {
      if (rare.lastFrame > rareAcked + 100) rare.ack((rareAcked = rare.lastFrame));
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, Math.max(5, stage.venue.patienceMs / 400)))]);
    }
    await ended;
    const lateFrames = late.lastFrame;
    late.acknowledge = "each";
    late.ack(late.lastFrame);
    return { before, last: await stage.lastSeq(id), silent, liar, late, rare, reader, lateFrames };
  });
}

/** What it was given, without what happened after. */
const upTo = (viewer: Watcher, last: number): number[] => seqsOf(viewer.events).filter((seq) => seq <= last);

/** Tokens that take so long, and more than the frames a viewer may be behind. */
const tokensFor = (ms: number): number => Math.max(1200, Math.ceil((ms / 1000) * 60));

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
    const { late, before, last, lateFrames } = await watchSlowly(stage);
    check(lateFrames <= FRAMES_MAX, `it had fallen behind: ${lateFrames} frames`);
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
    check(rare.lastFrame > FRAMES_MAX || reader.lastFrame <= FRAMES_MAX, `it was sent ${rare.lastFrame} frames of ${reader.lastFrame}`);
    await rare.untilSeq(last);
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
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id), acknowledge: "never" });
    await viewer.untilSynced();
    const { stalledMs } = stage.timings;
    // Long enough to use up what may be unacknowledged, and then to have more for so long.
    const ms = 360 * stage.timings.tickMs + stalledMs;
    const startedAt = performance.now();
    const turn = await stage.play(id, [stage.timings.tickMs < 16 ? { stream: tokensFor(ms), perSecond: 60 } : { stream: Math.ceil((ms / 1000) * 600), perSecond: 600 }]);
    const { code, reason } = await viewer.untilClosed(stage.venue.patienceMs + ms);
    equal(code, 4408, `the code; after ${viewer.lastFrame} frames`);
    check(reason.length > 0, "a reason");
    check(performance.now() - startedAt >= stalledMs, `not before ${stalledMs} ms`);
    await stage.api.json(`POST /v1/sessions/${id}/stop`);
    await turn.over();
  }),
];
