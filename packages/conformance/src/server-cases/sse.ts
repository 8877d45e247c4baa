/** The form of server-sent events. */
import { check, equal, range, seqsOf } from "../check.ts";
import { ask } from "../server-case.ts";

export const sseCases = [
  ask("sse.headers", "PRO47", "the answer is an event stream and not to be stored", async (stage) => {
    const { id } = await stage.history();
    const { headers } = await stage.sse(id, { after: 0 });
    check(headers.get("content-type")?.startsWith("text/event-stream"), `content-type: ${headers.get("content-type")}`);
    check(/no-store|no-cache/.test(headers.get("cache-control") ?? ""), `cache-control: ${headers.get("cache-control")}`);
  }),
  ask("sse.ids", "PRO47", "a committed event has its seq as id and its type as event", async (stage) => {
    const { id, log } = await stage.history();
    const viewer = await stage.sse(id, { after: 0 });
    await viewer.untilSynced();
    const told = viewer.items.flatMap((item) => (item.kind === "event" ? [[item.sseId, item.sseType]] : []));
    equal(told, log.map(({ seq, type }) => [String(seq), type]), "ids and types");
  }),
  ask("sse.live-ids", "PRO47", "an event that comes live has its id too", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.sse(id, { after: await stage.lastSeq(id) });
    await viewer.untilSynced();
    await (await stage.play(id, [{ say: "live" }])).over();
    await viewer.untilSeq(await stage.lastSeq(id));
    check(viewer.items.every((item) => item.kind !== "event" || item.sseId === String(item.event.seq)), "ids");
  }),
  ask("sse.delta-no-id", "PRO48", "a delta has no id", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.sse(id, { after: await stage.lastSeq(id) });
    await stage.playWhile(id, [{ endless: 60 }], () => viewer.untilText(10));
    check(viewer.items.every((item) => item.kind !== "delta" || item.sseId === undefined), "ids of deltas");
  }),
  ask("sse.synced-no-id", "PRO48", "synced has no id", async (stage) => {
    const { id } = await stage.history();
    const viewer = await stage.sse(id, { after: 0 });
    await viewer.untilSynced();
    equal(viewer.items.flatMap((item) => (item.kind === "synced" ? [item.sseId ?? "none"] : [])), ["none"], "ids of synced");
  }),
  ask("sse.last-event-id", "PRO8", "Last-Event-ID is the position", async (stage) => {
    const { id, last } = await stage.history();
    for (const known of [1, last - 2, last]) {
      const viewer = await stage.sse(id, { lastEventId: known });
      await viewer.untilSynced();
      equal(seqsOf(viewer.events), range(known + 1, last), `after ${known}`);
    }
  }),
  ask("sse.last-event-id-first", "PRO8", "Last-Event-ID goes before after", async (stage) => {
    const { id, last } = await stage.history();
    const viewer = await stage.sse(id, { after: 0, lastEventId: last - 2 });
    await viewer.untilSynced();
    equal(seqsOf(viewer.events), [last - 1, last], "seq");
  }),
  ask("sse.by-accept", "PRO14", "without Accept: text/event-stream the same address answers a page", async (stage) => {
    const { id } = await stage.history();
    const { headers, body } = await stage.api.ask(`GET /v1/sessions/${id}/events?limit=2`, { headers: { accept: "*/*" } });
    check(headers.get("content-type")?.startsWith("application/json"), `content-type: ${headers.get("content-type")}`);
    equal((body as { data: unknown[] }).data.length, 2, "events");
  }),
  ask("sse.keep-alive", "PRO49", "a comment comes when there is nothing to say", async (stage) => {
    const { id, last } = await stage.history();
    const viewer = await stage.sse(id, { after: last });
    await viewer.untilSynced();
    const before = viewer.items.filter(({ kind }) => kind === "comment").length;
    await viewer.until("a comment", () => viewer.items.filter(({ kind }) => kind === "comment").length > before, stage.timings.keepAliveMs + stage.venue.patienceMs);
    equal(viewer.items.filter(({ kind }) => kind === "event").length, 0, "events");
  }),
  ask("sse.cut", ["PRO7", "PRO48"], "a reader that was cut in the middle of an answer goes on after its last id", async (stage) => {
    const id = await stage.session();
    const before = await stage.lastSeq(id);
    const first = await stage.sse(id, { after: before });
    const second = await stage.playWhile(id, [{ say: "before" }, { tool: "between" }, { endless: 60 }], async () => {
      await first.untilText(40);
      first.close();
      const lastId = first.items.flatMap((item) => ("sseId" in item && item.sseId !== undefined ? [item.sseId] : [])).at(-1);
      return await stage.sse(id, { lastEventId: lastId ?? "none" });
    });
    const last = await stage.lastSeq(id);
    await second.untilSeq(last);
    equal([...seqsOf(first.events), ...seqsOf(second.events)].filter((seq) => seq <= last), range(before + 1, last), "seq");
  }),
];
