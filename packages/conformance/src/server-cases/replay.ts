/** Replay, `synced`, and live. */
import { check, equal, range, seqsOf } from "../check.ts";
import { ask, askBoth } from "../server-case.ts";
import { UpgradeRefused } from "../socket-watcher.ts";
import { StreamRefused } from "../sse-watcher.ts";
import { slugOf, type WireProblem } from "../wire.ts";

export const replayCases = [
  ...askBoth("replay.whole", ["PRO10", "PRO15"], "the whole log is given, as pages have it", async (stage, transport) => {
    const { id, log } = await stage.history();
    const viewer = await stage.watch(transport, id, 0);
    await viewer.untilSynced();
    equal(viewer.events, log, "events");
  }),
  ...askBoth("replay.after", ["PRO7", "PRO8", "PRO10"], "what is given begins with the event after the position", async (stage, transport) => {
    const { id, log, last } = await stage.history();
    for (const after of [1, Math.floor(last / 2), last - 1]) {
      const viewer = await stage.watch(transport, id, after);
      await viewer.untilSynced();
      equal(viewer.events, log.slice(after), `after ${after}`);
    }
  }),
  ask("replay.no-position.ws", "PRO7", "without a position a WebSocket begins with the first event", async (stage) => {
    const { id, last } = await stage.history();
    const viewer = await stage.socket(id);
    await viewer.untilSynced();
    equal(seqsOf(viewer.events), range(1, last), "seq");
  }),
  ask("replay.no-position.sse", "PRO7", "without a position SSE begins with the first event", async (stage) => {
    const { id, last } = await stage.history();
    const viewer = await stage.sse(id);
    await viewer.untilSynced();
    equal(seqsOf(viewer.events), range(1, last), "seq");
  }),
  ask("replay.bad-cursor.ws", "PRO9", "an upgrade with what is no position is refused", async (stage) => {
    const { id } = await stage.history();
    for (const after of ["-1", "x", "1.5", "99999999999999999999"]) {
      const refusal: unknown = await stage.socket(id, { after }).catch((error: unknown) => error);
      equal(refusal instanceof UpgradeRefused && refusal.status, 400, `after=${after}`);
    }
  }),
  ask("replay.bad-cursor.sse", "PRO9", "SSE with what is no position is refused", async (stage) => {
    const { id } = await stage.history();
    for (const options of [{ after: "x" }, { lastEventId: "x" }, { lastEventId: "-1" }]) {
      const refusal: unknown = await stage.sse(id, options).catch((error: unknown) => error);
      check(refusal instanceof StreamRefused, `${JSON.stringify(options)} was taken`);
      equal([refusal.status, slugOf(refusal.body as WireProblem)], [400, "bad-cursor"], JSON.stringify(options));
    }
  }),
  ...askBoth("replay.synced", "PRO15", "synced comes once, after the replay, with the newest seq", async (stage, transport) => {
    const { id, last } = await stage.history();
    for (const after of [0, last - 3]) {
      const viewer = await stage.watch(transport, id, after);
      await viewer.untilSynced();
      equal(viewer.synced, [last], "synced");
      equal(viewer.items.filter(({ kind }) => kind === "event" || kind === "synced").at(-1)?.kind, "synced", "the last item");
      equal(viewer.events.length, last - after, "events before it");
    }
  }),
  ...askBoth("replay.synced-once", "PRO15", "synced is not said again when more happens", async (stage, transport) => {
    const id = await stage.session();
    const viewer = await stage.watch(transport, id, 0);
    await viewer.untilSynced();
    for (const word of ["one", "two"]) await (await stage.play(id, [{ say: word }])).over();
    await viewer.untilSeq(await stage.lastSeq(id));
    equal(viewer.synced.length, 1, "how often");
  }),
  ...askBoth("replay.nothing", "PRO17", "a stream with nothing to replay is synced at once", async (stage, transport) => {
    const { id, last } = await stage.history();
    const viewer = await stage.watch(transport, id, last);
    await viewer.untilSynced();
    equal([viewer.events.length, viewer.synced, viewer.resets.length], [0, [last], 0], "events, synced and resets");
  }),
  ...askBoth("live.follows", ["PRO15", "PRO16"], "what happens after synced comes by itself, each event once", async (stage, transport) => {
    const id = await stage.session();
    const viewer = await stage.watch(transport, id, 0);
    await viewer.untilSynced();
    await (await stage.play(id, [{ say: "live" }, { tool: "live-too" }])).over();
    const last = await stage.lastSeq(id);
    await viewer.untilSeq(last);
    const seen = viewer.events.filter(({ seq }) => seq <= last);
    equal(seqsOf(seen), range(1, last), "seq");
    equal(seen, (await stage.venue.log(id)).slice(0, last), "events");
  }),
  ...askBoth("live.join-while-busy", "PRO16", "who joins at any moment of a turn misses nothing and gets nothing twice", async (stage, transport) => {
    const id = await stage.session();
    const first = await stage.socket(id, { after: await stage.lastSeq(id) });
    const turn = await stage.play(id, [{ say: "begin" }, { tool: "one" }, { stream: 40, perSecond: 60 }, { tool: "two" }, { say: "end" }]);
    const viewers = [];
    for (let seen = 1; seen <= 6; seen++) {
      await first.until(`event ${seen} of the turn`, () => first.events.length >= seen);
      viewers.push(await stage.watch(transport, id, turn.before));
    }
    await turn.over();
    const log = await stage.venue.log(id, turn.before);
    const last = log.at(-1)?.seq ?? 0;
    for (const viewer of viewers) {
      await viewer.untilSeq(last);
      equal(seqsOf(viewer.events).filter((seq) => seq <= last), seqsOf(log), "seq");
    }
  }),
  ...askBoth("live.same-for-all", "PRO18", "viewers that came at different times have the same events", async (stage, transport) => {
    const id = await stage.session();
    const early = await stage.watch(transport, id, 0);
    await early.untilSynced();
    await (await stage.play(id, [{ say: "first" }])).over();
    const late = await stage.watch(transport, id, 0);
    await (await stage.play(id, [{ tool: "second" }])).over();
    const last = await stage.lastSeq(id);
    for (const viewer of [early, late]) await viewer.untilSeq(last);
    const [one, two] = [early, late].map(({ events }) => events.filter(({ seq }) => seq <= last));
    equal(two, one, "events");
    equal(one?.length, last, "all of them");
  }),
  ...askBoth("live.reconnect", ["PRO7", "PRO16"], "a viewer that left and comes back after its last event has everything once", async (stage, transport) => {
    const id = await stage.session();
    const before = await stage.lastSeq(id);
    const first = await stage.watch(transport, id, before);
    const turn = await stage.play(id, [{ say: "here" }, { tool: "gone" }, { say: "back" }]);
    await first.until("three events", () => first.events.length >= 3);
    first.close();
    const had = first.events;
    await turn.over();
    const second = await stage.watch(transport, id, had.at(-1)?.seq ?? before);
    await second.untilSynced();
    const both = [...had, ...second.events];
    equal(both, (await stage.venue.log(id, before)).slice(0, both.length), "events of both");
    check(both.some(({ type }) => type === "run.ended"), "the turn's end is among them");
  }),
  ask("live.all-transports", "PRO10", "pages, SSE and WebSocket have the same of a turn that was watched", async (stage) => {
    const id = await stage.session();
    const before = await stage.lastSeq(id);
    const viewers = [await stage.socket(id, { after: before }), await stage.sse(id, { after: before })];
    await (await stage.play(id, [{ think: "a thought" }, { tool: "a-tool" }, { say: "an answer" }])).over();
    const log = await stage.venue.log(id, before);
    for (const viewer of viewers) {
      await viewer.untilSeq(log.at(-1)?.seq ?? 0);
      equal(viewer.events.slice(0, log.length), log, "events");
    }
  }),
  ask("live.rest-message", "PRO35", "a message sent by REST is shown to who watches", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id) });
    const { messageId, over } = await stage.play(id, [{ say: "by REST" }]);
    await viewer.until("message.queued", () => viewer.events.some((event) => event.type === "message.queued" && event.messageId === messageId));
    await over();
  }),
];
