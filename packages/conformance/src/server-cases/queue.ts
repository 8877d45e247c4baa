/** Messages that wait: their order, and what changes it. */
import { check, equal, seqsOf } from "../check.ts";
import type { Asked } from "../api.ts";
import { ask, askBoth, type ServerCase } from "../server-case.ts";
import type { Held, Stage, Turn } from "../venue.ts";
import { slugOf, type WireEvent, type WireMessage, type WireProblem } from "../wire.ts";

interface Queue {
  readonly id: string;
  readonly held: Held;
  /** Ids of those that wait, as they came. */
  readonly ids: readonly string[];
  move(messageId: string, before: string | null): Promise<WireMessage>;
  refusal(line: string, asked?: Asked): Promise<readonly [number, string]>;
  /** What happened since the turn began that they wait for. */
  since(): Promise<WireEvent[]>;
  /** Lets the turn go, and answers in which order the others ran. */
  order(): Promise<string[]>;
}

const WORDS = ["first", "second", "third"] as const;

/** A turn that does not end by itself, and messages that wait for it. */
async function queue(stage: Stage, id: string, words: readonly string[] = WORDS): Promise<Queue> {
  const held = await stage.hold(id);
  const turns: Turn[] = [];
  for (const word of words) turns.push(await stage.play(id, [{ say: word }]));
  const since = (): Promise<WireEvent[]> => stage.venue.log(id, held.turn.before);
  return {
    id,
    held,
    ids: turns.map(({ messageId }) => messageId),
    since,
    move: (messageId, before) => stage.api.json(`PATCH /v1/sessions/${id}/messages/${messageId}`, { body: { before } }),
    refusal: async (line, asked) => {
      const { status, body } = await stage.api.ask(line.replace(":id", id), asked);
      return [status, status < 400 ? "none" : slugOf(body as WireProblem)];
    },
    order: async () => {
      await held.release();
      for (const turn of [held.turn, ...turns]) await turn.over();
      return (await since()).flatMap(({ type, messageId }) => (type === "run.started" && messageId !== held.turn.messageId ? [messageId ?? ""] : []));
    },
  };
}

const moved = (events: readonly WireEvent[]): WireEvent[] => events.filter(({ type }) => type === "message.moved");
const statusesOf = (events: readonly WireEvent[], id: string): unknown[] => events.flatMap(({ type, messageId, data }) => (type === "message.status" && messageId === id ? [data["status"]] : []));
const patched = (messageId: string): string => `PATCH /v1/sessions/:id/messages/${messageId}`;

const ORDER = ["order"] as const;

export const queueCases: readonly ServerCase[] = [
  ask("queue.positions", "PRO66", "a queued message says how many are before it, the running one included", async (stage) => {
    const { held, ids, since, order } = await queue(stage, await stage.session());
    const told = (await since()).filter(({ type }) => type === "message.queued").map(({ messageId, data }) => [messageId, data["position"]]);
    equal(told, [held.turn.messageId, ...ids].map((messageId, at) => [messageId, at]), "positions");
    equal(await order(), ids, "the order in which they ran");
  }),
  ask("queue.list", "PRO66", "the list of messages has each once, oldest first, with its status, and the session says how many wait", async (stage) => {
    const { id, held, ids, order } = await queue(stage, await stage.session());
    const all = [held.turn.messageId, ...ids];
    const list = (await stage.venue.messages(id)).filter((message) => all.includes(message.id));
    equal(list.map((message) => [message.id, message.status]), all.map((messageId, at) => [messageId, at === 0 ? "running" : "queued"]), "the list");
    equal((await stage.api.json<{ queueLength: number }>(`GET /v1/sessions/${id}`)).queueLength, ids.length, "queueLength");
    await order();
    const after = (await stage.venue.messages(id)).filter((message) => all.includes(message.id));
    equal(after.map(({ status }) => status), all.map(() => "completed"), "statuses afterwards");
  }),
  ask("queue.move-before", ["PRO67", "PRO68"], "a waiting message is put before another, is answered, and runs in its new place", async (stage) => {
    const { ids, move, since, order } = await queue(stage, await stage.session());
    const [first = "", second = "", third = ""] = ids;
    const answer = await move(third, first);
    equal([answer.id, answer.status], [third, "queued"], "the answer");
    const [event, ...others] = moved(await since());
    equal([event?.messageId, event?.data["position"], others.length], [third, 1, 0], "the event");
    check(event?.actor?.id, "the event says who moved it");
    equal(await order(), [third, first, second], "the order in which they ran");
  }, ORDER),
  ask("queue.move-last", ["PRO67", "PRO68"], "with null a waiting message is put last", async (stage) => {
    const { ids, move, since, order } = await queue(stage, await stage.session());
    const [first = "", second = "", third = ""] = ids;
    await move(first, null);
    equal(moved(await since()).map(({ messageId, data }) => [messageId, data["position"]]), [[first, 3]], "the event");
    equal(await order(), [second, third, first], "the order in which they ran");
  }, ORDER),
  ask("queue.moves", "PRO68", "positions of events, one after another, give the order in which messages run", async (stage) => {
    const { held, ids, move, since, order } = await queue(stage, await stage.session(), [...WORDS, "fourth", "fifth"]);
    const [a = "", b = "", c = "", d = "", e = ""] = ids;
    for (const [message, before] of [[e, b], [a, null], [c, e], [d, c], [b, null]] as const) await move(message, before);
    const told: string[] = [];
    for (const { type, messageId, data } of await since()) {
      if ((type !== "message.queued" && type !== "message.moved") || messageId === held.turn.messageId) continue;
      if (told.includes(messageId ?? "")) told.splice(told.indexOf(messageId ?? ""), 1);
      told.splice(Number(data["position"]) - 1, 0, messageId ?? "");
    }
    equal(told, [d, c, e, a, b], "the order that events tell");
    equal(await order(), told, "the order in which they ran");
  }, ORDER),
  ask("queue.move-nowhere", "PRO68", "a message that is put where it is makes no event", async (stage) => {
    const { ids, move, since, order } = await queue(stage, await stage.session());
    const [first = "", second = "", third = ""] = ids;
    const answers = [await move(first, second), await move(third, null)];
    equal(answers.map(({ id, status }) => [id, status]), [[first, "queued"], [third, "queued"]], "the answers");
    equal(moved(await since()), [], "events");
    equal(await order(), ids, "the order in which they ran");
  }, ORDER),
  ask("queue.list-moved", "PRO66", "the list keeps the order in which messages came, whatever was moved", async (stage) => {
    const { id, ids, move, order } = await queue(stage, await stage.session());
    await move(ids[2] ?? "", ids[0] ?? "");
    equal((await stage.venue.messages(id)).filter((message) => ids.includes(message.id)).map((message) => message.id), ids, "the list");
    await order();
  }, ORDER),
  ...askBoth("queue.shown", "PRO68", "whoever watches, and whoever comes later, is told of a move as the log has it", async (stage, transport) => {
    const { id, held, ids, move, since, order } = await queue(stage, await stage.session());
    const early = await stage.watch(transport, id, held.turn.before);
    await early.untilSynced();
    await move(ids[1] ?? "", ids[0] ?? "");
    const events = await since();
    const last = events.at(-1)?.seq ?? 0;
    const late = await stage.watch(transport, id, held.turn.before);
    for (const viewer of [early, late]) {
      await viewer.untilSeq(last);
      equal(viewer.events.filter(({ seq }) => seq <= last), events, "events");
    }
    check(moved(events).length === 1 && seqsOf(events).length > 0, "the move is among them");
    await order();
  }, ORDER),
  ask("queue.move-running", "PRO69", "a message that runs is not moved, and nothing goes before it", async (stage) => {
    const { held, ids, refusal, since, order } = await queue(stage, await stage.session());
    equal(await refusal(patched(held.turn.messageId), { body: { before: null } }), [409, "conflict"], "moving it");
    equal(await refusal(patched(ids[1] ?? ""), { body: { before: held.turn.messageId } }), [422, "invalid-field"], "moving another before it");
    equal(moved(await since()), [], "events");
    equal(await order(), ids, "the order in which they ran");
  }, ORDER),
  ask("queue.move-over", "PRO69", "a message that is over is not moved", async (stage) => {
    const id = await stage.session();
    const turn = await stage.play(id, [{ say: "over" }]);
    await turn.over();
    const { status, body } = await stage.api.ask(`PATCH /v1/sessions/${id}/messages/${turn.messageId}`, { body: { before: null } });
    equal([status, slugOf(body as WireProblem)], [409, "conflict"], "the answer");
  }, ORDER),
  ask("queue.move-unknown", "PRO69", "a message that is not there, or is another session's, is not-found", async (stage) => {
    const [id, other] = [await stage.session(), (await stage.history()).log.find(({ type }) => type === "message.queued")?.messageId ?? ""];
    for (const messageId of ["msg_nobody", other]) {
      const { status, body } = await stage.api.ask(`PATCH /v1/sessions/${id}/messages/${messageId}`, { body: { before: null } });
      equal([status, slugOf(body as WireProblem)], [404, "not-found"], messageId);
    }
  }, ORDER),
  ask("queue.move-before-nobody", "PRO69", "before what does not wait nothing is put, and the field is named", async (stage) => {
    const { id, ids, since, order } = await queue(stage, await stage.session());
    for (const before of ["msg_nobody", 7, undefined]) {
      const { status, body } = await stage.api.ask(`PATCH /v1/sessions/${id}/messages/${ids[0]}`, { body: { before } });
      equal([status, slugOf(body as WireProblem), (body as WireProblem).errors?.[0]?.pointer], [422, "invalid-field", "/before"], `before ${String(before)}`);
    }
    equal(moved(await since()), [], "events");
    equal(await order(), ids, "the order in which they ran");
  }, ORDER),
  ask("cancel.by-rest", "PRO37", "a waiting message is cancelled over REST, says so in the log and in the list, and never runs", async (stage) => {
    const { id, ids, since } = await queue(stage, await stage.session(), ["never"]);
    const [waiting = ""] = ids;
    const { status, body } = await stage.api.ask(`DELETE /v1/sessions/${id}/messages/${waiting}`);
    equal([status, (body as WireMessage).id, (body as WireMessage).status], [200, waiting, "cancelled"], "the answer");
    await stage.api.json(`POST /v1/sessions/${id}/stop`);
    await stage.venue.untilIdle(id);
    const events = await since();
    equal(statusesOf(events, waiting), ["cancelled"], "its statuses");
    check(events.some(({ type, messageId, actor }) => type === "message.status" && messageId === waiting && actor?.id), "the event says who cancelled it");
    check(!events.some(({ type, messageId }) => type === "run.started" && messageId === waiting), "it did not run");
    equal((await stage.venue.messages(id)).find((message) => message.id === waiting)?.status, "cancelled", "its status in the list");
  }),
  ask("cancel.moves-up", ["PRO37", "PRO66"], "a cancelled message is before nobody any more", async (stage) => {
    const { id, ids, since, order } = await queue(stage, await stage.session(), ["stays", "goes"]);
    await stage.api.json(`DELETE /v1/sessions/${id}/messages/${ids[1]}`);
    equal((await stage.api.json<{ queueLength: number }>(`GET /v1/sessions/${id}`)).queueLength, 1, "queueLength");
    const next = await stage.play(id, [{ say: "comes" }]);
    const event = (await since()).find(({ type, messageId }) => type === "message.queued" && messageId === next.messageId);
    equal(event?.data["position"], 2, "the position of the next one");
    equal((await order()).slice(0, 1), [ids[0]], "the first that ran");
    await next.over();
  }),
  ask("cancel.over", "PRO37", "a message that is over, also as cancelled, is not cancelled", async (stage) => {
    const { ids, held, refusal, since, order } = await queue(stage, await stage.session(), ["goes"]);
    const line = (messageId: string): string => `DELETE /v1/sessions/:id/messages/${messageId}`;
    equal(await refusal(line(held.turn.messageId)), [409, "conflict"], "the one that runs");
    await refusal(line(ids[0] ?? ""));
    equal(await refusal(line(ids[0] ?? "")), [409, "conflict"], "the one that is cancelled");
    await order();
    equal(await refusal(line(held.turn.messageId)), [409, "conflict"], "the one that is completed");
    equal(await refusal(line("msg_nobody")), [404, "not-found"], "one that is not there");
    equal(statusesOf(await since(), ids[0] ?? ""), ["cancelled"], "what the log says of the cancelled one");
  }),
];
