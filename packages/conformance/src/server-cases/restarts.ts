/** What is as it was once the server was started again. One restart for all questions, when all others have been put. */
import { check, equal } from "../check.ts";
import { ask, askBoth, type ServerCase } from "../server-case.ts";
import { HELD, YES, type Held, type Stage, type Turn } from "../venue.ts";
import type { Watcher } from "../watcher.ts";
import { partOf, partsEnded, slugOf, type WireEvent, type WireMessage, type WireProblem } from "../wire.ts";

const RESTART = ["restart"] as const;
const AND_ON = "and on with it";
const PRINTED = 8_000;
const ONCE = { kind: "permission", reply: "once" } as const;
const OVER = ["completed", "failed", "stopped", "interrupted"];

interface Restarted {
  /** The session that asked, with messages that wait behind it. */
  readonly id: string;
  readonly held: Held;
  /** Those that wait, in the order in which they are to run. */
  readonly waiting: readonly string[];
  readonly viewers: Readonly<Record<"ws" | "sse", Watcher>>;
  readonly before: readonly WireEvent[];
  /** Right after the restart, before anything was asked of it. */
  readonly after: readonly WireEvent[];
  readonly listed: readonly WireMessage[];
  readonly status: { readonly status: string; readonly waitingFor?: string };
  readonly again: unknown;
  readonly keyed: string;
  readonly second: readonly [number, string];
  readonly steered: string | null;
  readonly permission: { readonly id: string; readonly turn: Turn; readonly requestId: string } | null;
  readonly output: { readonly address: string; readonly bytes: Uint8Array } | null;
  /** When all was answered and over. */
  readonly end: readonly WireEvent[];
}

const lacks = ({ venue }: Stage, need: string): boolean => venue.lacking.some((lack) => lack.need === need);

function restarted(stage: Stage): Promise<Restarted> {
  return stage.venue.shared("restarted", async () => {
    const { venue, api } = stage;
    const id = await venue.makeSession();
    const output = lacks(stage, "outputs") ? null : await printOnce(stage, id);
    const permission = lacks(stage, "permissions") ? null : await askPermission(stage);
    const held = await venue.hold(id, [HELD, { say: AND_ON }]);
    const steered = lacks(stage, "steering") ? null : (await api.json<WireMessage>(`POST /v1/sessions/${id}/messages`, { body: { text: venue.server.driver.prompt([{ say: "steered" }]), delivery: "steer" } })).id;
    const [asked, headers] = [{ text: venue.server.driver.prompt([{ say: "first" }]) }, { "idempotency-key": `key-${Math.random()}` }];
    const first = (await api.json<WireMessage>(`POST /v1/sessions/${id}/messages`, { body: asked, headers })).id;
    const [second, third] = [(await venue.play(id, [{ say: "second" }])).messageId, (await venue.play(id, [{ say: "third" }])).messageId];
    const isMoved = !lacks(stage, "order");
    if (isMoved) await api.json(`PATCH /v1/sessions/${id}/messages/${third}`, { body: { before: first } });
    const waiting = isMoved ? [third, first, second] : [first, second, third];
    const viewers = { ws: await venue.watch("ws", id, 0), sse: await venue.watch("sse", id, 0) };
    for (const viewer of Object.values(viewers)) await viewer.untilSynced();
    const before = await venue.log(id);

    await venue.restart();

    const [after, listed] = [await venue.log(id), await venue.messages(id)];
    const status = await api.json<Restarted["status"]>(`GET /v1/sessions/${id}`);
    const again = (await api.ask(`POST /v1/sessions/${id}/messages`, { body: asked, headers })).body;
    await held.release();
    const answer = await api.ask(`POST /v1/sessions/${id}/answer`, { body: { requestId: held.requestId, answer: YES } });
    if (permission) await venue.answer(permission.id, permission.requestId, ONCE);
    const end = await untilOver(stage, id, [held.turn.messageId, ...waiting]);
    if (permission) await venue.untilIdle(permission.id, venue.patienceMs * 2);
    return { id, held, waiting, viewers, before, after, listed, status, again, keyed: first, second: [answer.status, slugOf(answer.body as WireProblem)], steered, permission, output, end };
  });
}

async function printOnce(stage: Stage, id: string): Promise<Restarted["output"]> {
  const turn = await stage.venue.play(id, [{ print: PRINTED }]);
  await turn.over();
  const address = partsEnded(await stage.venue.log(id, turn.before)).find(({ tool }) => tool?.outputRef)?.tool?.outputRef?.address ?? "";
  return { address, bytes: (await stage.api.read(address)).bytes };
}

async function askPermission(stage: Stage): Promise<Restarted["permission"]> {
  const id = await stage.venue.makeSession();
  const turn = await stage.venue.play(id, [{ permit: "after-the-restart" }, { say: AND_ON }]);
  return { id, turn, requestId: await stage.venue.asked(id, turn, "permission") };
}

/** A turn that was cut off may go on as a message of its own. */
async function untilOver(stage: Stage, id: string, messageIds: readonly string[]): Promise<WireEvent[]> {
  const { venue } = stage;
  await venue.poll("all messages to be over", venue.patienceMs * 3, async () => {
    const events = await venue.log(id);
    return messageIds.every((messageId) => endsOf(events, messageId).length > 0);
  });
  await venue.untilIdle(id, venue.patienceMs * 2);
  return await venue.log(id);
}

const endsOf = (events: readonly WireEvent[], id: string): unknown[] => events.flatMap(({ type, messageId, data }) => (type === "message.status" && messageId === id && OVER.includes(String(data["status"])) ? [data["status"]] : []));
const answersTo = (events: readonly WireEvent[], requestId: string): unknown[] => events.flatMap(({ type, data }) => (type === "request.answered" && data["requestId"] === requestId ? [data["answer"]] : []));

export const restartCases: readonly ServerCase[] = [
  ask("restart.log", "PRO82", "the log is as it was, and goes on with the next number", async (stage) => {
    const { before, after, end } = await restarted(stage);
    equal(after.slice(0, before.length), before, "the log of before, read after it");
    equal(end.map(({ seq }) => seq), end.map((_, at) => at + 1), "numbers");
  }, RESTART),
  ...askBoth("restart.streams", "PRO82", "who watched goes on after its last event, without a hole and with nothing twice", async (stage, transport) => {
    const { id, viewers, end } = await restarted(stage);
    const seen = viewers[transport].events;
    const next = await stage.watch(transport, id, seen.at(-1)?.seq ?? 0);
    await next.untilSeq(end.length);
    equal([...seen, ...next.events].slice(0, end.length), end, "events of both connections");
  }, RESTART),
  ask("restart.repeat", ["PRO51", "PRO82"], "a key that was used is used", async (stage) => {
    const { again, keyed, end } = await restarted(stage);
    equal((again as WireMessage).id, keyed, "the message that a repeat is");
    equal(end.filter(({ type, messageId }) => type === "message.queued" && messageId === keyed).length, 1, "how often it was queued");
  }, RESTART),
  ask("restart.queue", "PRO82", "what waits still waits, and runs in its order", async (stage) => {
    const { waiting, listed, end } = await restarted(stage);
    equal(waiting.map((messageId) => listed.find((message) => message.id === messageId)?.status), waiting.map(() => "queued"), "statuses after the restart");
    equal(end.flatMap(({ type, messageId }) => (type === "run.started" && waiting.includes(messageId ?? "") ? [messageId] : [])), waiting, "the order in which they ran");
    for (const messageId of waiting) equal(endsOf(end, messageId), ["completed"], `ends of ${messageId}`);
  }, RESTART),
  ask("restart.question", ["PRO81", "PRO82"], "a question that was open is open, is answered once, and the work goes on with the answer", async (stage) => {
    const { held, after, status, second, end } = await restarted(stage);
    equal(answersTo(after, held.requestId), [], "answers after the restart");
    equal([status.status, status.waitingFor], ["waiting", "question"], "what the session waits for");
    equal(answersTo(end, held.requestId), [YES], "answers at the end");
    equal(second, [409, "conflict"], "a second answer");
    const answered = end.find(({ type, data }) => type === "request.answered" && data["requestId"] === held.requestId)?.seq ?? 0;
    const its = [held.turn.messageId, ...end.flatMap(({ messageId = "", data }) => (data["continues"] === held.turn.messageId ? [messageId] : []))];
    const goesOn = end.filter(({ seq, messageId = "", type }) => seq > answered && type === "part.ended" && its.includes(messageId));
    check(goesOn.some((event) => partOf(event).text), "text of the turn, or of what continues it, after the answer");
  }, RESTART),
  ask("restart.permission", ["PRO81", "PRO82"], "a permission that was asked for is open, and given lets the work go on", async (stage) => {
    const { permission } = await restarted(stage);
    check(permission, "a permission was asked for");
    const events = await stage.venue.log(permission.id, permission.turn.before);
    equal(answersTo(events, permission.requestId), [ONCE], "answers");
    const answered = events.find(({ type, data }) => type === "request.answered" && data["requestId"] === permission.requestId)?.seq ?? 0;
    check(events.some((event) => event.seq > answered && partsEnded([event]).some(({ text }) => text)), "the work went on");
  }, ["restart", "permissions"]),
  ask("restart.steering", ["PRO74", "PRO82"], "a message that steers is not lost, and ends once", async (stage) => {
    const { steered, end } = await restarted(stage);
    equal(endsOf(end, steered ?? "").length, 1, "ends");
  }, ["restart", "steering"]),
  ask("restart.output", ["PRO77", "PRO82"], "a big output is read at its address as before", async (stage) => {
    const { output } = await restarted(stage);
    check(output && output.bytes.length > 64 * 1024, "it was read before");
    const { status, bytes } = await stage.api.read(output.address);
    equal([status, Buffer.compare(bytes, output.bytes)], [200, 0], "status, and the difference");
  }, ["restart", "outputs"]),
];
