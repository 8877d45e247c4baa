/** Messages for the turn that runs: taken by it, or deferred and run by themselves; told soon, and never lost. */
import { check, equal } from "../check.ts";
import { ask, askBoth, type ServerCase } from "../server-case.ts";
import type { Stage } from "../venue.ts";
import { slugOf, type WireEvent, type WireMessage, type WireProblem } from "../wire.ts";

const OVER = ["completed", "failed", "stopped", "interrupted", "cancelled"];
const NEEDS = ["steering"] as const;

const textOf = (stage: Stage, word: string): string => stage.venue.server.driver.prompt([{ say: word }]);

const steer = (stage: Stage, id: string, word: string): Promise<WireMessage> => stage.api.json(`POST /v1/sessions/${id}/messages`, { body: { text: textOf(stage, word), delivery: "steer" } });

const isOf = (messageId: string) => (event: WireEvent): boolean => event.messageId === messageId;
const isTaken = ({ type, data }: WireEvent): boolean => type === "message.status" && data["status"] === "running";
const isDeferred = ({ type }: WireEvent): boolean => type === "message.steer-deferred";
const startsRun = ({ type }: WireEvent): boolean => type === "run.started";
const endsOf = (events: readonly WireEvent[], messageId: string): unknown[] =>
  events.filter(isOf(messageId)).flatMap(({ type, data }) => (type === "message.status" && OVER.includes(String(data["status"])) ? [data["status"]] : []));

/** Until all of them are over, and the session is idle. */
async function untilOver(stage: Stage, id: string, after: number, messageIds: readonly string[]): Promise<WireEvent[]> {
  let events: WireEvent[] = [];
  await stage.venue.poll("all messages to be over", stage.venue.patienceMs * 2, async () => {
    events = await stage.venue.log(id, after);
    return messageIds.every((messageId) => endsOf(events, messageId).length > 0);
  });
  await stage.venue.untilIdle(id);
  return await stage.venue.log(id, after);
}

/** A message that steered was taken by the turn and ended with it, or ran by itself; not both, and it ended once. */
function checkEnd(events: readonly WireEvent[], steerId: string, turnId: string, how: string): void {
  const [own, turn] = [events.filter(isOf(steerId)), events.filter(isOf(turnId))];
  const runs = own.filter(startsRun);
  const [end, ...more] = endsOf(events, steerId);
  equal(more, [], `further ends of ${steerId}`);
  if (runs.length > 0) return equal([runs.length, end], [1, "completed"], "its own runs, and its end");
  const taken = own.find(isTaken);
  check(taken?.runId !== undefined && taken.runId === turn.find(startsRun)?.runId, `it was taken by the turn's run: ${JSON.stringify(taken)}`);
  equal(end, how, "its end, as that of the turn");
  check(own.every(({ type }) => !type.startsWith("part.")), "parts stand under the turn's message");
}

export const steeringCases: readonly ServerCase[] = [
  ask("steer.told", "PRO71", "a message that steers says so in its event, in its answer and in the list", async (stage) => {
    const id = await stage.session();
    const held = await stage.hold(id);
    const message = await steer(stage, id, "steered");
    const queued = (await stage.venue.log(id, held.turn.before)).filter(isOf(message.id)).find(({ type }) => type === "message.queued");
    const listed = (await stage.venue.messages(id)).find((each) => each.id === message.id);
    equal([message.delivery, queued?.data["delivery"], listed?.delivery], ["steer", "steer", "steer"], "delivery");
    await held.release();
    await untilOver(stage, id, held.turn.before, [held.turn.messageId, message.id]);
  }, NEEDS),
  ask("steer.wrong-delivery", "PRO71", "another delivery is refused and named, and nothing is queued", async (stage) => {
    const id = await stage.session();
    const before = await stage.lastSeq(id);
    const { status, body } = await stage.api.ask(`POST /v1/sessions/${id}/messages`, { body: { text: "hello", delivery: "soon" } });
    equal([status, slugOf(body as WireProblem), (body as WireProblem).errors?.[0]?.pointer], [422, "invalid-field", "/delivery"], "the answer");
    check((await stage.venue.log(id, before)).every(({ type }) => type !== "message.queued"), "nothing was queued");
  }, NEEDS),
  ask("steer.repeat", ["PRO51", "PRO71"], "a repeat under its key is the first message; the same text that does not steer is another", async (stage) => {
    const id = await stage.session();
    const held = await stage.hold(id);
    const [text, headers] = [textOf(stage, "once"), { "idempotency-key": `key-${Math.random()}` }];
    const send = (delivery: string) => stage.api.ask(`POST /v1/sessions/${id}/messages`, { body: { text, delivery }, headers });
    const answers = [await send("steer"), await send("steer"), await send("queue")];
    equal(answers.map(({ status }) => status), [201, 201, 422], "status");
    const [first, second, third] = answers.map(({ body }) => body);
    equal([(second as WireMessage).id, slugOf(third as WireProblem)], [(first as WireMessage).id, "idempotency-mismatch"], "the answers");
    await held.release();
    await untilOver(stage, id, held.turn.before, [(first as WireMessage).id]);
  }, NEEDS),
  ...askBoth("steer.taken-or-deferred", "PRO72", "while the turn still runs, and within a second, viewers are told that a message was taken or deferred", async (stage, transport) => {
    const id = await stage.session();
    const held = await stage.hold(id);
    const viewer = await stage.watch(transport, id, held.turn.before);
    const { id: steerId } = await steer(stage, id, "steered");
    const own = (): WireEvent[] => viewer.events.filter(isOf(steerId));
    const said = await viewer.until("what becomes of it", () => own().find((event) => isTaken(event) || isDeferred(event)));
    if (isDeferred(said)) check(said.data["reason"], "a reason");
    const queued = own().find(({ type }) => type === "message.queued");
    const ms = Date.parse(said.at) - Date.parse(queued?.at ?? "");
    // By the server's own clock; how much later than it should a busy machine's alarms come, patience says.
    check(ms >= 0 && ms <= stage.timings.steerMs + stage.venue.patienceMs / 4, `it was said after ${ms} ms`);
    await held.release();
    checkEnd(await untilOver(stage, id, held.turn.before, [held.turn.messageId, steerId]), steerId, held.turn.messageId, "completed");
  }, NEEDS),
  ask("steer.by-socket", ["PRO71", "PRO72"], "a prompt over the WebSocket steers too", async (stage) => {
    const id = await stage.session();
    const held = await stage.hold(id);
    const viewer = await stage.socket(id, { after: held.turn.before });
    const answer = await viewer.act({ type: "prompt", text: textOf(stage, "by socket"), delivery: "steer" });
    check(answer.kind === "result", JSON.stringify(answer));
    const { id: steerId, delivery } = answer.value as WireMessage;
    equal(delivery, "steer", "delivery");
    await viewer.until("what becomes of it", () => viewer.events.filter(isOf(steerId)).some((event) => isTaken(event) || isDeferred(event)));
    await held.release();
    checkEnd(await untilOver(stage, id, held.turn.before, [held.turn.messageId, steerId]), steerId, held.turn.messageId, "completed");
  }, NEEDS),
  ask("steer.ends-with-turn", "PRO73", "what was taken has no run of its own and ends as the turn does, of several each", async (stage) => {
    const id = await stage.session();
    const held = await stage.hold(id);
    const steers = [];
    for (const word of ["one", "two", "three"]) steers.push((await steer(stage, id, word)).id);
    await held.release();
    const events = await untilOver(stage, id, held.turn.before, [held.turn.messageId, ...steers]);
    for (const steerId of steers) checkEnd(events, steerId, held.turn.messageId, "completed");
  }, NEEDS),
  ask("steer.stopped", "PRO73", "a stop ends what the turn had taken with the turn", async (stage) => {
    const id = await stage.session();
    const held = await stage.hold(id);
    const { id: steerId } = await steer(stage, id, "stopped");
    const viewer = await stage.socket(id, { after: held.turn.before });
    await viewer.until("what becomes of it", () => viewer.events.filter(isOf(steerId)).some((event) => isTaken(event) || isDeferred(event)));
    await stage.api.json(`POST /v1/sessions/${id}/stop`);
    const events = await untilOver(stage, id, held.turn.before, [held.turn.messageId, steerId]);
    equal(endsOf(events, held.turn.messageId), ["stopped"], "the turn's end");
    checkEnd(events, steerId, held.turn.messageId, "stopped");
  }, NEEDS),
  ask("steer.not-cancelled", "PRO73", "what was taken is neither cancelled nor moved", async (stage) => {
    const id = await stage.session();
    const held = await stage.hold(id);
    const { id: steerId } = await steer(stage, id, "taken");
    const viewer = await stage.socket(id, { after: held.turn.before });
    const said = await viewer.until("what becomes of it", () => viewer.events.filter(isOf(steerId)).find((event) => isTaken(event) || isDeferred(event)));
    if (isTaken(said)) {
      const answers = [await stage.api.ask(`DELETE /v1/sessions/${id}/messages/${steerId}`), await stage.api.ask(`PATCH /v1/sessions/${id}/messages/${steerId}`, { body: { before: null } })];
      equal(answers.map(({ status, body }) => [status, status < 400 ? "none" : slugOf(body as WireProblem)]), [[409, "conflict"], [409, "conflict"]], "cancelling and moving it");
    }
    await held.release();
    checkEnd(await untilOver(stage, id, held.turn.before, [held.turn.messageId, steerId]), steerId, held.turn.messageId, "completed");
  }, NEEDS),
  ask("steer.in-its-place", ["PRO72", "PRO74"], "what was taken waits for nobody, and what was deferred waits where it came", async (stage) => {
    const id = await stage.session();
    const held = await stage.hold(id);
    const earlier = await stage.play(id, [{ say: "earlier" }]);
    const { id: steerId } = await steer(stage, id, "steered");
    const later = await stage.play(id, [{ say: "later" }]);
    await held.release();
    const events = await untilOver(stage, id, held.turn.before, [held.turn.messageId, earlier.messageId, steerId, later.messageId]);
    const started = events.filter(startsRun).map(({ messageId }) => messageId);
    const order = [held.turn.messageId, earlier.messageId, later.messageId];
    equal(started, started.includes(steerId) ? order.toSpliced(2, 0, steerId) : order, "the order of runs");
    checkEnd(events, steerId, held.turn.messageId, "completed");
  }, NEEDS),
  ask("steer.never-lost", "PRO74", "messages that steer around the end of a turn are each taken or run, and each ends once", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id) });
    const turn = await stage.play(id, [{ stream: 60, perSecond: 60 }]);
    const steers: string[] = [];
    await viewer.until("the turn's text", () => viewer.events.some(({ type }) => type === "part.started"));
    for (const word of ["one", "two"]) steers.push((await steer(stage, id, word)).id);
    await viewer.until("its end", () => viewer.events.some(({ type }) => type === "part.ended"));
    for (const word of ["three", "four", "five"]) steers.push((await steer(stage, id, word)).id);
    const events = await untilOver(stage, id, turn.before, [turn.messageId, ...steers]);
    for (const steerId of steers) {
      const own = events.filter(isOf(steerId));
      equal(endsOf(events, steerId).length, 1, `ends of ${steerId}`);
      const takenBy = own.find((event) => isTaken(event) && event.runId !== undefined)?.runId;
      const runs = own.filter(startsRun).length;
      check(runs === 1 || (runs === 0 && events.some((event) => startsRun(event) && event.runId === takenBy)), `${steerId} had ${runs} runs and was taken by ${takenBy}`);
    }
  }, NEEDS),
  ask("steer.idle", "PRO75", "with no turn running it is a message as any other", async (stage) => {
    const id = await stage.session();
    const before = await stage.lastSeq(id);
    const { id: messageId } = await steer(stage, id, "idle");
    const events = await untilOver(stage, id, before, [messageId]);
    equal(events.filter(startsRun).map((event) => event.messageId), [messageId], "runs");
    equal(endsOf(events, messageId), ["completed"], "its ends");
  }, NEEDS),
];
