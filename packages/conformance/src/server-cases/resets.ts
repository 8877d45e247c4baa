/** Positions that a stream cannot go on from. */
import { check, equal, range, seqsOf } from "../check.ts";
import { ask, askBoth } from "../server-case.ts";
import type { Step } from "../driver.ts";
import { EACH, NONE, type SocketWatcher } from "../socket-watcher.ts";
import type { Stage } from "../venue.ts";
import type { Transport, Watcher } from "../watcher.ts";
import type { WirePage } from "../wire.ts";

interface Archived {
  readonly id: string;
  readonly first: number;
  readonly last: number;
  /** Who watched all of it. */
  readonly live: Readonly<Record<Transport, Watcher>>;
}

const rows = (count: number): Step[] => Array.from({ length: count }, (_, at) => ({ tool: `row-${at}` }));
const firstHeld = async (stage: Stage, id: string): Promise<number> => (await stage.api.json<WirePage>(`GET /v1/sessions/${id}/events?limit=1`)).firstSeq;

/** A session whose first events the streams no longer hold, quiet by now. */
function archived(stage: Stage): Promise<Archived> {
  return stage.venue.shared("archived", async () => {
    const id = await stage.venue.makeSession();
    const live = { ws: await stage.venue.watch("ws", id, 0), sse: await stage.venue.watch("sse", id, 0) };
    const held = stage.venue.server.eventsHeld ?? 0;
    for (let last = 0; last < held * 2; last = await stage.lastSeq(id)) await (await stage.venue.play(id, rows(20))).over();
    const [first, last] = [await firstHeld(stage, id), await stage.lastSeq(id)];
    check(first > 1, `the streams still hold event ${first} of ${last}`);
    return { id, first, last, live };
  });
}

const SMALL_TURNS = 12;
const BIG_TURNS = 8;
/** Numbers that are printed just below what is cut in an event. */
const PRINTED = 5_000;

/** A viewer that is behind by more than it may be, while what it has yet to get is archived. It says now and then that it is there. */
async function fallBehind(stage: Stage): Promise<{ readonly id: string; readonly viewer: SocketWatcher }> {
  const id = await stage.session();
  const viewer = await stage.socket(id, { after: await stage.lastSeq(id), acknowledge: NONE });
  await viewer.untilSynced();
  let acked = 0;
  for (let turn = 0; turn < SMALL_TURNS; turn++) await (await stage.play(id, [{ say: `turn ${turn}` }])).over();
  for (let turn = 0; turn < BIG_TURNS; turn++) {
    await (await stage.play(id, Array.from({ length: 4 }, () => ({ print: PRINTED })))).over();
    viewer.ack(++acked);
  }
  const held = stage.venue.server.eventsHeld ?? 0;
  const behind = (): number => viewer.events.at(-1)?.seq ?? 0;
  const end = (await stage.lastSeq(id)) + 2 * held;
  for (; (await firstHeld(stage, id)) <= behind() + 1; viewer.ack(++acked)) {
    check((await stage.lastSeq(id)) <= end, `it was given event ${behind()}, and the streams hold ${await firstHeld(stage, id)} still`);
    await (await stage.play(id, rows(20))).over();
  }
  return { id, viewer };
}

const ARCHIVE = ["archive"] as const;

export const resetCases = [
  ...askBoth("reset.future", "PRO25", "a position that does not exist yet is reset to the oldest event", async (stage, transport) => {
    const { id, last } = await stage.history();
    for (const after of [last + 1, last + 1000]) {
      const viewer = await stage.watch(transport, id, after);
      const reset = await viewer.until("reset", () => viewer.resets[0]);
      equal(reset.from, 1, `from, after ${after}`);
      equal(viewer.items.filter(({ kind }) => kind !== "comment")[0]?.kind, "reset", "the first item");
    }
  }),
  ask("reset.goes-on.ws", "PRO26", "after reset the WebSocket goes on with the event from, then synced, once each", async (stage) => {
    const { id, log, last } = await stage.history();
    const viewer = await stage.socket(id, { after: last + 7 });
    await viewer.untilSynced();
    equal(viewer.events, log, "events");
    equal([viewer.resets.length, viewer.synced], [1, [last]], "reset and synced");
  }),
  ask("reset.ends.sse", "PRO26", "SSE ends after reset, with the id before from", async (stage) => {
    const { id, last } = await stage.history();
    const viewer = await stage.sse(id, { lastEventId: last + 7 });
    await viewer.untilClosed();
    equal(viewer.resets.map(({ from, sseId }) => [from, sseId]), [[1, "0"]], "reset and its id");
    equal([viewer.events.length, viewer.synced.length], [0, 0], "events and synced after it");
  }),
  ask("reset.next-connection.sse", "PRO26", "the next SSE connection goes on from reset's id", async (stage) => {
    const { id, log, last } = await stage.history();
    const first = await stage.sse(id, { lastEventId: last + 7 });
    const reset = await first.until("reset", () => first.resets[0]);
    const second = await stage.sse(id, { lastEventId: reset.sseId ?? "none" });
    await second.untilSynced();
    equal([second.events, second.resets.length], [log, 0], "events and resets");
  }),
  ...askBoth("reset.not-needed", "PRO27", "0, the newest event and the one before are not reset", async (stage, transport) => {
    const { id, last } = await stage.history();
    for (const after of [0, last - 1, last]) {
      const viewer = await stage.watch(transport, id, after);
      await viewer.untilSynced();
      equal(viewer.resets, [], `resets after ${after}`);
    }
  }),
  ask("reset.live.ws", "PRO26", "a WebSocket that was reset is told what happens live", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: (await stage.lastSeq(id)) + 50 });
    await viewer.untilSynced();
    await (await stage.play(id, [{ say: "after the reset" }])).over();
    const last = await stage.lastSeq(id);
    await viewer.untilSeq(last);
    equal(seqsOf(viewer.events).slice(0, last), range(1, last), "seq");
  }),
  ...askBoth("archive.reset", ["PRO25", "PRO28"], "a position whose next events were archived is reset to the oldest held, with the archive's address", async (stage, transport) => {
    const { id, first } = await archived(stage);
    for (const after of [0, 1, first - 2]) {
      const viewer = await stage.watch(transport, id, after);
      const reset = await viewer.until("reset", () => viewer.resets[0]);
      equal(reset.from, first, `from, after ${after}`);
      equal(new URL(reset.archive ?? "", stage.api.url).searchParams.get("after"), String(after), "the position of the archive's address");
    }
  }, ARCHIVE),
  ...askBoth("archive.joins-up", "PRO28", "the archive's pages join up with the stream without a hole", async (stage, transport) => {
    const { id, first } = await archived(stage);
    const viewer = await stage.watch(transport, id, 2);
    const reset = await viewer.until("reset", () => viewer.resets[0]);
    const seqs: number[] = [];
    for (let path: string | null = reset.archive ?? null; path !== null && !seqs.includes(first - 1); ) {
      const page: WirePage = await stage.api.json(`GET ${path}`);
      seqs.push(...seqsOf(page.data));
      path = page.next === null ? null : `/v1/sessions/${id}/events?after=${page.next}`;
    }
    equal(seqs.filter((seq) => seq < first), range(3, first - 1), "archived events");
  }, ARCHIVE),
  ask("archive.goes-on.ws", "PRO26", "after the reset the WebSocket gives what is held, then synced", async (stage) => {
    const { id, first, last } = await archived(stage);
    const viewer = await stage.socket(id, { after: 0 });
    await viewer.untilSynced();
    equal(seqsOf(viewer.events), range(first, last), "seq");
  }, ARCHIVE),
  ask("archive.goes-on.sse", "PRO26", "the connection after the reset is not reset again", async (stage) => {
    const { id, first, last } = await archived(stage);
    const reset = await (await stage.sse(id, { after: 0 })).until("reset", () => true as const).then(async () => first - 1);
    const viewer = await stage.sse(id, { lastEventId: reset });
    await viewer.untilSynced();
    equal([viewer.resets.length, seqsOf(viewer.events)], [0, range(first, last)], "resets and seq");
  }, ARCHIVE),
  ...askBoth("archive.edge", "PRO27", "the event before the oldest held is no reset", async (stage, transport) => {
    const { id, first, last } = await archived(stage);
    const viewer = await stage.watch(transport, id, first - 1);
    await viewer.untilSynced();
    equal([viewer.resets.length, seqsOf(viewer.events)], [0, range(first, last)], "resets and seq");
  }, ARCHIVE),
  ask("archive.pages", "PRO13", "pages go on over the archive with the same cursor", async (stage) => {
    const { id, last } = await archived(stage);
    equal(seqsOf(await stage.venue.log(id)), range(1, last), "seq");
  }, ARCHIVE),
  ask("archive.pages-across", ["PRO12", "PRO13"], "pages of any size go on over the edge of the archive, and end at the newest event", async (stage) => {
    const { id, first, last } = await archived(stage);
    for (const limit of [1, 7, 100]) {
      const after = Math.max(0, first - 1 - 2 * limit);
      const seqs: number[] = [];
      for (let at: string | null = String(after); at !== null && seqs.length < 4 * limit; ) {
        const page: WirePage = await stage.api.json(`GET /v1/sessions/${id}/events?after=${at}&limit=${limit}`);
        check(page.data.length > 0 && page.data.length <= limit, `${page.data.length} events where ${limit} were asked for`);
        seqs.push(...seqsOf(page.data));
        at = page.next;
      }
      equal(seqs, range(after + 1, after + seqs.length), `seq by ${limit}`);
      check(after + seqs.length === last || seqs.length >= 4 * limit, `it ended at ${after + seqs.length} of ${last}`);
    }
  }, ARCHIVE),
  ask("archive.bounds", "PRO11", "a page says which event is the oldest that streams hold, wherever it begins", async (stage) => {
    const { id, first, last } = await archived(stage);
    for (const after of [0, first - 1, last]) {
      const { firstSeq, lastSeq } = await stage.api.json<WirePage>(`GET /v1/sessions/${id}/events?after=${after}&limit=3`);
      equal([firstSeq, lastSeq], [first, last], `after ${after}`);
    }
  }, ARCHIVE),
  ask("archive.same", "PRO1", "an archived event is the one that was shown", async (stage) => {
    const { id, last, live } = await archived(stage);
    await live.ws.untilSeq(last);
    equal(await stage.venue.log(id), live.ws.events.filter(({ seq }) => seq <= last), "the log, and what was watched");
  }, ARCHIVE),
  ...askBoth("archive.future", ["PRO25", "PRO28"], "a position that does not exist yet is reset to the oldest held, with the archive from the beginning", async (stage, transport) => {
    const { id, first, last } = await archived(stage);
    const viewer = await stage.watch(transport, id, last + 9);
    const reset = await viewer.until("reset", () => viewer.resets[0]);
    equal([reset.from, new URL(reset.archive ?? "", stage.api.url).searchParams.get("after")], [first, "0"], "from, and the position of the archive's address");
  }, ARCHIVE),
  ...askBoth("archive.keeps-up", "PRO83", "who keeps up is not reset while older events are archived", async (stage, transport) => {
    const { last, live } = await archived(stage);
    const viewer = live[transport];
    await viewer.untilSeq(last);
    equal([viewer.resets.length, seqsOf(viewer.events).filter((seq) => seq <= last)], [0, range(1, last)], "resets and seq");
  }, ARCHIVE),
  ask("archive.behind.ws", "PRO83", "who fell behind what was archived meanwhile is reset, and not synced again", async (stage) => {
    const { id, viewer } = await fallBehind(stage);
    const [had, before] = [viewer.events.at(-1)?.seq ?? 0, viewer.events.length];
    viewer.acknowledge = EACH;
    viewer.ack(viewer.lastFrame);
    const { from, archive } = await viewer.until("reset", () => viewer.resets[0]);
    const last = await stage.lastSeq(id);
    await viewer.untilSeq(last);
    equal(seqsOf(viewer.events.slice(before)).filter((seq) => seq <= last), range(from, last), `seq after the reset to ${from}`);
    equal([viewer.resets.length, viewer.synced.length], [1, 1], "resets and synced");
    const position = Number(new URL(archive ?? "", stage.api.url).searchParams.get("after"));
    check(position === had && from > had + 1, `it had ${had}, the archive goes on after ${position}, the stream with ${from}`);
    equal(seqsOf(await stage.venue.log(id, position)).filter((seq) => seq < from), range(had + 1, from - 1), "what the archive gives");
  }, [...ARCHIVE, "outputs"]),
];
