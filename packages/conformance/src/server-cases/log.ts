/** What stands in the log, read by pages. */
import { EVENT_SCHEMAS, type EventType } from "@berth/protocol";
import { check, equal, range, seqsOf } from "../check.ts";
import { isCount } from "../driver.ts";
import { ask } from "../server-case.ts";
import { COUNTED_40 } from "../venue.ts";
import { partOf, partsEnded } from "../wire.ts";

export const logCases = [
  ask("log.numbers", "PRO1", "events are numbered 1, 2, 3", async (stage) => {
    const { log } = await stage.history();
    equal(seqsOf(log), range(1, log.length), "numbers");
  }),
  ask("log.stable", "PRO1", "a number stands for the same event whenever it is read", async (stage) => {
    const { id, log } = await stage.history();
    equal(await stage.venue.log(id), log, "the log, read again");
  }),
  ask("log.ids", "PRO2", "each event has an id of its own", async (stage) => {
    const { log } = await stage.history();
    check(log.every(({ id }) => typeof id === "string" && id.length > 0), "ids are texts");
    equal(new Set(log.map(({ id }) => id)).size, log.length, "different ids");
  }),
  ask("log.times", "PRO2", "times are ISO 8601 in UTC and never go back", async (stage) => {
    const times = (await stage.history()).log.map(({ at }) => at);
    check(times.every((at) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(at)), "the form of times");
    equal(times.map((at) => Date.parse(at)), times.map((at) => Date.parse(at)).sort((a, b) => a - b), "times");
  }),
  ask("log.run-ids", "PRO2", "events of a run name it and its message", async (stage) => {
    const { log } = await stage.history();
    const runs = log.filter(({ type }) => type === "run.started");
    check(runs.length > 0 && runs.every(({ runId, messageId }) => runId && messageId), "run.started names its run and message");
    const parts = log.filter(({ type }) => type === "part.ended");
    check(parts.length > 0 && parts.every((part) => runs.some(({ runId, messageId }) => part.runId === runId && part.messageId === messageId)), "parts name theirs");
  }),
  ask("log.actor", "PRO2", "a message says who sent it", async (stage) => {
    const queued = (await stage.history()).log.filter(({ type }) => type === "message.queued");
    check(queued.length > 0 && queued.every(({ actor }) => actor?.kind && actor.id), "message.queued has an actor");
  }),
  ask("log.catalogue", "PRO3", "every event has a type of the catalogue, and its shape", async (stage) => {
    for (const event of (await stage.history()).log) {
      const schema = EVENT_SCHEMAS[event.type as EventType] as (typeof EVENT_SCHEMAS)[EventType] | undefined;
      check(schema, `event ${event.seq} has the unknown type ${event.type}`);
      const read = schema.safeParse(event);
      check(read.success, `event ${event.seq} ${event.type}: ${read.error?.message ?? ""}`);
    }
  }),
  ask("log.committed-first", "PRO4", "what a viewer is shown is on a page at that moment", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id) });
    await viewer.untilSynced();
    const turn = await stage.play(id, [{ say: "one" }, { tool: "two" }, { say: "three" }]);
    let shown = 0;
    while (shown < 4) {
      const event = await viewer.until("an event", () => viewer.events[shown]);
      const page = await stage.venue.log(id, event.seq - 1);
      equal(page[0], event, `event ${event.seq} on a page`);
      shown += 1;
    }
    await turn.over();
  }),
  ask("log.parts-end", "PRO5", "each part that started ended once, after it, as the same kind", async (stage) => {
    const { log } = await stage.history();
    const started = log.filter(({ type }) => type === "part.started");
    check(started.length > 3, "parts started");
    for (const start of started) {
      const ends = log.filter((event) => event.type === "part.ended" && partOf(event).id === partOf(start).id);
      equal(ends.length, 1, `ends of part ${partOf(start).id}`);
      check((ends[0]?.seq ?? 0) > start.seq && partOf(ends[0] ?? start).kind === partOf(start).kind, "it ends after its start");
    }
    equal(partsEnded(log).length, started.length, "as many ended as started");
  }),
  ask("log.text-before-tool", "PRO5", "text before a tool call is kept, and so is what comes after", async (stage) => {
    const texts = partsEnded((await stage.history()).log).map((part) => JSON.stringify(part));
    const at = ["before the tool", "from-the-tool", "after the tool"].map((words) => texts.findIndex((text) => text.includes(words)));
    check(at.every((each) => each >= 0), `the texts are there: ${at.join()}`);
    equal(at, at.toSorted((a, b) => a - b), "their order");
  }),
  ask("log.whole-text", "PRO5", "the end of a part carries the whole of it", async (stage) => {
    const texts = partsEnded((await stage.history()).log).map(({ text }) => text ?? "");
    check(texts.some((text) => text.trim() === COUNTED_40.trim()), "the streamed text is whole");
    check(texts.some((text) => text.includes("naïve 🙂 text – with 𝄞 in it")), "characters outside ASCII are kept");
  }),
  ask("log.tool", "PRO5", "a tool call ends with its status and output", async (stage) => {
    const tools = partsEnded((await stage.history()).log).filter(({ kind }) => kind === "tool");
    check(tools.some(({ tool }) => tool?.status === "completed" && tool.output?.includes("from-the-tool")), "a completed tool call with its output");
  }),
  ask("log.thought", "PRO5", "what was thought is a part of its own", async (stage) => {
    const thoughts = partsEnded((await stage.history()).log).filter(({ kind }) => kind === "reasoning");
    check(thoughts.some(({ text }) => text?.includes("first a thought")), "a reasoning part with its text");
  }),
  ask("log.begins", "PRO6", "the log begins with session.created", async (stage) => {
    equal((await stage.history()).log[0]?.type, "session.created", "the first event");
  }),
  ask("log.life-of-a-message", "PRO6", "a message is queued, then runs, then is over, and its parts stand inside its run", async (stage) => {
    const { log } = await stage.history();
    const queued = log.filter(({ type }) => type === "message.queued");
    check(queued.length >= 7, "messages");
    for (const { messageId, seq } of queued) {
      const own = log.filter((event) => event.messageId === messageId);
      const [began, ended] = [own.find(({ type }) => type === "run.started"), own.find(({ type }) => type === "run.ended")];
      check(began && ended && seq < began.seq && began.seq < ended.seq, `message ${messageId} was queued, ran, and its run ended`);
      check(own.filter(({ type }) => type.startsWith("part.")).every((part) => part.seq > began.seq && part.seq < ended.seq), "parts inside the run");
      equal(own.filter(({ type, data }) => type === "message.status" && data["status"] === "completed").length, 1, "it was completed once");
    }
  }),
  ask("log.fifo", "PRO6", "messages that wait are answered in their order, one at a time", async (stage) => {
    const id = await stage.session();
    const held = await stage.hold(id);
    const turns = [held.turn];
    for (const word of ["second", "third", "fourth"]) turns.push(await stage.play(id, [{ say: word }]));
    await held.release();
    for (const turn of turns) await turn.over();
    const log = await stage.venue.log(id, held.turn.before);
    equal(log.filter(({ type }) => type === "run.started").map(({ messageId }) => messageId), turns.map(({ messageId }) => messageId), "the order of runs");
    const edges = log.filter(({ type }) => type === "run.started" || type === "run.ended").map(({ type }) => type);
    equal(edges, turns.flatMap(() => ["run.started", "run.ended"]), "one at a time");
  }),
  ask("log.stopped-part", "PRO5", "a part that was cut by a stop ends with the text so far", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id) });
    const turn = await stage.play(id, [{ endless: 60 }]);
    const partId = await viewer.untilText(20);
    await stage.api.json(`POST /v1/sessions/${id}/stop`);
    equal(await turn.over(), "stopped", "how it ended");
    const end = partsEnded(await stage.venue.log(id, turn.before)).find((part) => part.id === partId);
    check(end?.text && end.text.length >= 20 && isCount(end.text), "the part ended with what was said so far");
  }),
  ask("log.last-seq", "PRO1", "the session names the newest seq", async (stage) => {
    const { id, last } = await stage.history();
    equal(await stage.lastSeq(id), last, "lastSeq");
  }),
];
