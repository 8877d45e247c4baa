/** Text while it is written. */
import { check, equal } from "../check.ts";
import { isCount } from "../driver.ts";
import { ask, askBoth } from "../server-case.ts";
import type { SocketWatcher } from "../socket-watcher.ts";
import type { Stage } from "../venue.ts";
import type { Transport, Watcher } from "../watcher.ts";
import { joined, partOf, partsEnded } from "../wire.ts";

interface Streamed {
  readonly viewer: Watcher;
  readonly partId: string;
  readonly text: string;
}

const TOKENS = 60;
/** Seen of a text before it is stopped. */
const SEEN = { units: 40, deltas: 6 } as const;

/** A viewer that watched one streamed answer from its beginning to the end of its turn. */
async function watchStream(stage: Stage, transport: Transport): Promise<Streamed> {
  const id = await stage.session();
  const viewer = await stage.watch(transport, id, await stage.lastSeq(id));
  await viewer.untilSynced();
  await stage.playWhile(id, [{ endless: 60 }], async () => {
    await viewer.untilText(SEEN.units);
    await viewer.untilDeltas(SEEN.deltas);
  });
  await viewer.untilSeq(await stage.lastSeq(id));
  const part = partsEnded(viewer.events).find(({ kind, text }) => kind === "text" && text?.includes("1 2 3"));
  check(part?.text, "the streamed part ended");
  return { viewer, partId: part.id, text: part.text };
}

interface Joined extends Streamed {
  readonly late: Watcher;
  /** Where the late one began. */
  readonly after: number;
}

/** Two viewers of one streamed answer, of which one joined in its middle. */
async function joinLate(stage: Stage, transport: Transport, from: "before" | "newest"): Promise<Joined> {
  const id = await stage.session();
  const viewer = await stage.socket(id, { after: await stage.lastSeq(id) });
  const { partId, late, after } = await stage.playWhile(id, [{ endless: 60 }], async (turn) => {
    const partId = await viewer.untilText(60);
    const after = from === "before" ? turn.before : await stage.lastSeq(id);
    const late = await stage.watch(transport, id, after);
    await late.untilText(80);
    await late.untilDeltas(3);
    return { partId, late, after };
  });
  const last = await stage.lastSeq(id);
  for (const each of [viewer, late]) await each.untilSeq(last);
  const end = viewer.events.find((event) => event.type === "part.ended" && partOf(event).id === partId);
  check(end, "the part ended");
  return { viewer, late, after, partId, text: partOf(end).text ?? "" };
}

export const deltaCases = [
  ...askBoth("delta.form", "PRO19", "a delta has a part, a whole offset and text, and no seq", async (stage, transport) => {
    const { viewer } = await watchStream(stage, transport);
    check(viewer.deltas.length > 0, "deltas came");
    for (const delta of viewer.deltas) {
      check(typeof delta.partId === "string" && Number.isInteger(delta.offset) && delta.offset >= 0 && typeof delta.text === "string" && delta.text !== "", JSON.stringify(delta));
      check(!("seq" in delta), "it has no seq");
    }
  }),
  ...askBoth("delta.after-start", "PRO20", "a part starts before its first delta", async (stage, transport) => {
    const { viewer } = await watchStream(stage, transport);
    const started = new Set<string>();
    for (const item of viewer.items) {
      if (item.kind === "event" && item.event.type === "part.started") started.add(partOf(item.event).id);
      if (item.kind === "delta") check(started.has(item.delta.partId), `a delta of ${item.delta.partId} came before its start`);
    }
  }),
  ...askBoth("delta.no-hole", ["PRO21", "PRO23"], "deltas follow on each other, and are the beginning of the part's text", async (stage, transport) => {
    const { viewer, partId, text } = await watchStream(stage, transport);
    const streamed = joined(viewer.deltas, partId);
    check(streamed.length > 20, `it was streamed: ${streamed.length} units`);
    check(text.startsWith(streamed), `deltas say ${JSON.stringify(streamed.slice(0, 80))}, the end ${JSON.stringify(text.slice(0, 80))}`);
    check(isCount(text), `the whole text: ${JSON.stringify(text.slice(-80))}`);
  }),
  ...askBoth("delta.first-offset", "PRO21", "a part's first delta begins at 0", async (stage, transport) => {
    const { viewer, partId } = await watchStream(stage, transport);
    equal(viewer.deltas.find((delta) => delta.partId === partId)?.offset, 0, "offset");
  }),
  ...askBoth("delta.none-after-end", "PRO23", "no delta comes after its part's end", async (stage, transport) => {
    const id = await stage.session();
    const viewer = await stage.watch(transport, id, await stage.lastSeq(id));
    await viewer.untilSynced();
    const turn = await stage.play(id, [{ stream: 30, perSecond: 60 }, { tool: "between" }, { stream: 30, perSecond: 60 }]);
    await turn.over();
    await viewer.untilSeq(await stage.lastSeq(id));
    const ended = new Set<string>();
    for (const item of viewer.items) {
      if (item.kind === "event" && item.event.type === "part.ended") ended.add(partOf(item.event).id);
      if (item.kind === "delta") check(!ended.has(item.delta.partId), `a delta of ${item.delta.partId} came after its end`);
    }
  }),
  ...askBoth("delta.join-text-so-far", "PRO22", "who joins in the middle of a part first gets its text so far, from 0 and before synced", async (stage, transport) => {
    const { late, partId, text } = await joinLate(stage, transport, "before");
    const [first] = late.deltas;
    equal([first?.partId, first?.offset], [partId, 0], "the first delta");
    check((first?.text.length ?? 0) >= 40 && text.startsWith(first?.text ?? "-"), `it holds what was said so far: ${JSON.stringify(first?.text)}`);
    check(late.items.findIndex(({ kind }) => kind === "delta") < late.items.findIndex(({ kind }) => kind === "synced"), "before synced");
  }),
  ...askBoth("delta.join-goes-on", ["PRO21", "PRO22"], "who joins in the middle of a part then gets what follows, without a hole", async (stage, transport) => {
    const { late, partId, text } = await joinLate(stage, transport, "before");
    const streamed = joined(late.deltas, partId);
    check(text.startsWith(streamed) && streamed.length >= 80, `deltas say ${JSON.stringify(streamed.slice(-40))}`);
    check(late.deltas.filter((delta) => delta.partId === partId).length > 1, "more than one delta came");
  }),
  ...askBoth("delta.join-after-start", "PRO22", "the text so far comes also when the part's start is before the position", async (stage, transport) => {
    const { late, after, partId, text } = await joinLate(stage, transport, "newest");
    check(late.events.every((event) => event.seq > after), "only newer events");
    equal([late.deltas[0]?.partId, late.deltas[0]?.offset], [partId, 0], "the first delta");
    check(text.startsWith(joined(late.deltas, partId)), "deltas are the beginning of the text");
  }),
  ...askBoth("delta.join-has-whole", "PRO23", "who joined in the middle gets the part's end with the whole text", async (stage, transport) => {
    const { late, partId, text } = await joinLate(stage, transport, "before");
    equal(partsEnded(late.events).find((part) => part.id === partId)?.text, text, "text");
    check(text.length >= 80 && isCount(text), "the whole of it");
  }),
  ask("delta.two-viewers", "PRO18", "two viewers of a part are told the same text", async (stage) => {
    const { viewer, late, partId } = await joinLate(stage, "sse", "before");
    const [one, two] = [joined(viewer.deltas, partId), joined(late.deltas, partId)];
    check(one.startsWith(two) || two.startsWith(one), "one text is the beginning of the other");
    check(Math.min(one.length, two.length) >= 80, "and both were streamed");
  }),
  ...askBoth("delta.none-for-ended", "PRO19", "deltas are not replayed once their part has ended", async (stage, transport) => {
    const { id } = await stage.history();
    const viewer = await stage.watch(transport, id, 0);
    await viewer.untilSynced();
    equal(viewer.deltas, [], "deltas");
  }),
  ...askBoth("delta.units", "PRO19", "offsets count UTF-16 units", async (stage, transport) => {
    const id = await stage.session();
    const viewer = await stage.watch(transport, id, await stage.lastSeq(id));
    await viewer.untilSynced();
    const words = Array.from({ length: 60 }, (_, at) => `🙂é𝄞${at}`).join(" ");
    await (await stage.play(id, [{ say: words }])).over();
    await viewer.untilSeq(await stage.lastSeq(id));
    const part = partsEnded(viewer.events).find(({ text }) => text?.includes("🙂é𝄞0"));
    const whole = part?.text ?? "";
    check(whole.includes(words), "the text is whole");
    for (const delta of viewer.deltas.filter(({ partId }) => partId === part?.id)) {
      equal(whole.slice(delta.offset, delta.offset + delta.text.length), delta.text, `text at ${delta.offset}`);
    }
  }),
  ...askBoth("delta.thought", "PRO19", "what is thought is streamed under its own part", async (stage, transport) => {
    const id = await stage.session();
    const viewer = await stage.watch(transport, id, await stage.lastSeq(id));
    await viewer.untilSynced();
    const thought = Array.from({ length: 80 }, (_, at) => `thought${at}`).join(" ");
    await (await stage.play(id, [{ think: thought }, { stream: 40, perSecond: 60 }])).over();
    await viewer.untilSeq(await stage.lastSeq(id));
    for (const part of partsEnded(viewer.events).filter(({ kind }) => kind !== "tool")) {
      check((part.text ?? "").startsWith(joined(viewer.deltas, part.id)), `deltas of the ${part.kind} part are its beginning`);
    }
    const kinds = partsEnded(viewer.events).map(({ kind }) => kind);
    check(kinds.includes("reasoning") && kinds.includes("text"), `kinds: ${kinds.join()}`);
  }),
  ask("frame.fewer-than-pieces", "PRO24", "a burst of pieces comes in few frames", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id) });
    const startedAt = performance.now();
    const turn = await stage.play(id, [{ stream: 1000, perSecond: 2000 }]);
    await turn.over();
    await viewer.untilSeq(await stage.lastSeq(id));
    const ms = Math.round(performance.now() - startedAt);
    check(viewer.frames.length < 50 + ms / 8, `${viewer.frames.length} frames in ${ms} ms for 1,000 pieces`);
  }),
  ask("short.asked", ["PRO64", "PRO29"], "who asks for short frames is told the same text, in frames that are numbered alike", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id), short: true });
    await stage.playWhile(id, [{ stream: TOKENS, perSecond: 60 }, { tool: "between" }, { endless: 60 }], async () => {
      const texts = () => viewer.events.flatMap((event) => (event.type === "part.started" && partOf(event).kind === "text" ? [partOf(event).id] : []));
      await viewer.until("the second text", () => texts()[1]);
      await viewer.untilCount("deltas of it", SEEN.deltas, () => viewer.deltas.filter(({ partId }) => partId === texts()[1]).length);
    });
    await viewer.untilSeq(await stage.lastSeq(id));
    equal(viewer.frames.map(({ frame }) => frame), viewer.frames.map((_, at) => at + 1), "numbers");
    const texts = partsEnded(viewer.events).filter(({ kind }) => kind === "text");
    check(texts.length >= 2, "texts ended");
    for (const part of texts) check((part.text ?? "").startsWith(joined(viewer.deltas, part.id)), `deltas of ${part.id} are its beginning`);
  }),
  ask("short.unasked", "PRO64", "short frames are not sent to who does not ask for them", async (stage) => {
    const { viewer } = await watchStream(stage, "ws");
    const { raw } = viewer as SocketWatcher;
    check(raw.every((text) => !text.startsWith('{"type":"more"')), "no `more` came");
  }),
  ask("frame.merged", "PRO24", "deltas of one frame that continue each other are merged", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id) });
    await (await stage.play(id, [{ stream: 200, perSecond: 120 }])).over();
    await viewer.untilSeq(await stage.lastSeq(id));
    for (const { frame, deltas } of viewer.frames) {
      const split = deltas.some((delta, at) => at > 0 && deltas[at - 1]?.partId === delta.partId && (deltas[at - 1]?.offset ?? 0) + (deltas[at - 1]?.text.length ?? 0) === delta.offset);
      check(!split, `frame ${frame} holds pieces that continue each other`);
    }
  }),
];
