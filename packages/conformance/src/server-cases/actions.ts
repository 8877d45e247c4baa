/** What is asked over the WebSocket. */
import { check, equal } from "../check.ts";
import { ask, type ServerCase } from "../server-case.ts";
import type { SocketWatcher } from "../socket-watcher.ts";
import { HELD, type Stage } from "../venue.ts";
import { slugOf } from "../wire.ts";

interface Room {
  readonly id: string;
  readonly viewer: SocketWatcher;
  /** Sends a scene as a prompt and answers the message's id. */
  prompt(scene: Parameters<Stage["venue"]["server"]["driver"]["prompt"]>[0]): Promise<string>;
  untilStatus(messageId: string, status: string): Promise<void>;
}

async function enter(stage: Stage): Promise<Room> {
  const id = await stage.session();
  const viewer = await stage.socket(id, { after: await stage.lastSeq(id) });
  await viewer.untilSynced();
  return {
    id,
    viewer,
    prompt: async (scene) => {
      const answer = await viewer.act({ type: "prompt", text: stage.venue.server.driver.prompt(scene) });
      check(answer.kind === "result", `the prompt was refused: ${JSON.stringify(answer)}`);
      return (answer.value as { id: string }).id;
    },
    untilStatus: async (messageId, status) => {
      await viewer.until(`${messageId} to be ${status}`, () =>
        viewer.events.some((event) => event.type === "message.status" && event.messageId === messageId && event.data["status"] === status),
      );
    },
  };
}

function refused(id: string, title: string, text: string): ServerCase {
  return ask(`action.${id}`, "PRO40", title, async (stage) => {
    const session = await stage.session();
    const before = await stage.lastSeq(session);
    const viewer = await stage.socket(session, { after: before });
    await viewer.untilSynced();
    viewer.sayText(text);
    const { code, reason } = await viewer.untilClosed();
    equal(code, 4400, "the code");
    check(reason.length > 0, "a reason");
    const since = await stage.venue.log(session, before);
    check(since.every(({ type }) => !type.startsWith("message.") && !type.startsWith("run.")), `nothing was done: ${since.map(({ type }) => type).join()}`);
  });
}

export const actionCases: readonly ServerCase[] = [
  ask("action.result", ["PRO34", "PRO35"], "a prompt's result is the message, under its requestId", async (stage) => {
    const { viewer, untilStatus } = await enter(stage);
    const text = stage.venue.server.driver.prompt([{ say: "hello" }]);
    const answer = await viewer.act({ type: "prompt", requestId: "mine", text });
    check(answer.kind === "result" && answer.requestId === "mine", JSON.stringify(answer));
    const message = answer.value as { id: string; text: string; status: string };
    check(message.id && message.text === text && typeof message.status === "string", "a message");
    await untilStatus(message.id, "completed");
  }),
  ask("action.prompt-event", "PRO35", "a prompted message is an event that names it, and who sent it", async (stage) => {
    const { viewer, prompt, untilStatus } = await enter(stage);
    const id = await prompt([{ say: "an event" }]);
    const event = await viewer.until("message.queued", () => viewer.events.find((each) => each.type === "message.queued" && each.messageId === id));
    check(event.actor?.id, "an actor");
    await untilStatus(id, "completed");
  }),
  ask("action.answered-once", "PRO34", "an action is answered once", async (stage) => {
    const { viewer, untilStatus } = await enter(stage);
    const answer = await viewer.act({ type: "prompt", requestId: "once", text: stage.venue.server.driver.prompt([{ say: "once" }]) });
    check(answer.kind === "result", "a result");
    await untilStatus((answer.value as { id: string }).id, "completed");
    equal(viewer.items.filter((item) => (item.kind === "result" || item.kind === "problem") && item.requestId === "once").length, 1, "answers");
  }),
  ask("action.own-answers", "PRO34", "actions on their way together each get their own answer", async (stage) => {
    const { viewer, untilStatus } = await enter(stage);
    const words = ["alpha", "beta", "gamma"];
    const texts = words.map((word) => stage.venue.server.driver.prompt([{ say: word }]));
    const answers = await Promise.all([...texts.map((text, at) => viewer.act({ type: "prompt", requestId: `p${at}`, text })), viewer.act({ type: "cancel", requestId: "c", messageId: "msg_nobody" })]);
    equal(answers.map((answer) => (answer.kind === "result" ? (answer.value as { text: string }).text : slugOf(answer.problem))), [...texts, "not-found"], "answers");
    for (const answer of answers) if (answer.kind === "result") await untilStatus((answer.value as { id: string }).id, "completed");
  }),
  ask("action.prompt-key", "PRO36", "a prompt under a key that was used is the first message again", async (stage) => {
    const { viewer, untilStatus } = await enter(stage);
    const action = { type: "prompt", text: stage.venue.server.driver.prompt([{ say: "once only" }]), idempotencyKey: `key-${Math.random()}` };
    const answers = [await viewer.act({ ...action, requestId: "k1" }), await viewer.act({ ...action, requestId: "k2" })];
    const ids = answers.map((answer) => (answer.kind === "result" ? (answer.value as { id: string }).id : slugOf(answer.problem)));
    equal(ids[1], ids[0], "the second message");
    await untilStatus(ids[0] ?? "", "completed");
    equal(viewer.events.filter(({ type }) => type === "message.queued").length, 1, "queued messages");
  }),
  ask("action.prompt-key-mismatch", "PRO36", "a prompt under a key that was used for another text is refused", async (stage) => {
    const { viewer, untilStatus } = await enter(stage);
    const idempotencyKey = `key-${Math.random()}`;
    const texts = ["one", "another"].map((word) => stage.venue.server.driver.prompt([{ say: word }]));
    const [first, second] = [await viewer.act({ type: "prompt", text: texts[0], idempotencyKey, requestId: "m1" }), await viewer.act({ type: "prompt", text: texts[1], idempotencyKey, requestId: "m2" })];
    check(first.kind === "result" && second.kind === "problem", JSON.stringify(second));
    equal(slugOf(second.problem), "idempotency-mismatch", "the problem");
    await untilStatus((first.value as { id: string }).id, "completed");
  }),
  ask("action.unknown-model", "PRO34", "a prompt for a model that is not there is a problem that names those that are", async (stage) => {
    const { viewer } = await enter(stage);
    const answer = await viewer.act({ type: "prompt", text: "hello", model: "nobody/nothing" });
    check(answer.kind === "problem", JSON.stringify(answer));
    equal(slugOf(answer.problem), "unknown-model", "the problem");
    check(answer.problem.allowed?.includes(stage.venue.server.driver.model), "allowed");
  }),
  ask("cancel.waiting", "PRO37", "a waiting message is cancelled and never runs", async (stage) => {
    const { id, viewer, prompt, untilStatus } = await enter(stage);
    const running = await prompt([HELD]);
    await untilStatus(running, "running");
    const waiting = await prompt([{ say: "never" }]);
    equal((await viewer.act({ type: "cancel", messageId: waiting })).kind, "result", "the answer");
    await untilStatus(waiting, "cancelled");
    await viewer.act({ type: "stop" });
    await untilStatus(running, "stopped");
    await stage.venue.untilIdle(id);
    check(!viewer.events.some((event) => event.type === "run.started" && event.messageId === waiting), "it did not run");
  }),
  ask("cancel.running", "PRO37", "a message that runs is not cancelled", async (stage) => {
    const { viewer, prompt, untilStatus } = await enter(stage);
    const running = await prompt([HELD]);
    await untilStatus(running, "running");
    const answer = await viewer.act({ type: "cancel", messageId: running });
    equal(answer.kind === "problem" && slugOf(answer.problem), "conflict", "the problem");
    await viewer.act({ type: "stop" });
    await untilStatus(running, "stopped");
  }),
  ask("cancel.unknown", "PRO37", "cancelling a message that is not there is not-found", async (stage) => {
    const { viewer } = await enter(stage);
    const answer = await viewer.act({ type: "cancel", messageId: "msg_nobody" });
    equal(answer.kind === "problem" && slugOf(answer.problem), "not-found", "the problem");
  }),
  ask("cancel.over.ws", "PRO37", "a message that is over is not cancelled", async (stage) => {
    const { viewer, prompt, untilStatus } = await enter(stage);
    const over = await prompt([{ say: "over" }]);
    await untilStatus(over, "completed");
    const answer = await viewer.act({ type: "cancel", messageId: over });
    equal(answer.kind === "problem" && slugOf(answer.problem), "conflict", "the problem");
  }),
  ask("stop.running", "PRO38", "stop ends the running turn as stopped", async (stage) => {
    const { viewer, prompt, untilStatus } = await enter(stage);
    const running = await prompt([{ endless: 60 }]);
    await viewer.untilText(10);
    equal((await viewer.act({ type: "stop" })).kind, "result", "the answer");
    await untilStatus(running, "stopped");
    const ended = viewer.events.find((event) => event.type === "run.ended" && event.messageId === running);
    equal(ended?.data["outcome"], "stopped", "the run's outcome");
  }),
  ask("stop.nothing", "PRO38", "stop with nothing running succeeds", async (stage) => {
    const { id, viewer } = await enter(stage);
    const before = await stage.lastSeq(id);
    equal((await viewer.act({ type: "stop" })).kind, "result", "the answer");
    check((await stage.venue.log(id, before)).every(({ type }) => !type.startsWith("run.")), "nothing was stopped");
  }),
  ask("stop.queue-goes-on", "PRO38", "after a stop the queue goes on", async (stage) => {
    const { viewer, prompt, untilStatus } = await enter(stage);
    await prompt([{ endless: 60 }]);
    await viewer.untilText(10);
    const next = await prompt([{ say: "next" }]);
    await viewer.act({ type: "stop" });
    await untilStatus(next, "completed");
  }),
  ask("answer.once", "PRO39", "a question is answered once, and the turn goes on", async (stage) => {
    const { viewer, prompt, untilStatus } = await enter(stage);
    const message = await prompt([{ ask: "Which one?", options: ["left", "right"] }, { say: "on with it" }]);
    const asked = await viewer.until("question.asked", () => viewer.events.find(({ type }) => type === "question.asked"));
    const request = String(asked.data["requestId"]);
    const answer = { kind: "question", answers: [["left"]] };
    equal((await viewer.act({ type: "answer", request, answer })).kind, "result", "the answer to the first");
    await viewer.until("request.answered", () => viewer.events.some((event) => event.type === "request.answered" && event.data["requestId"] === request));
    const second = await viewer.act({ type: "answer", request, answer });
    equal(second.kind === "problem" && slugOf(second.problem), "conflict", "the answer to the second");
    await untilStatus(message, "completed");
  }),
  ask("answer.unknown", "PRO39", "answering what was not asked is not-found", async (stage) => {
    const { viewer } = await enter(stage);
    const answer = await viewer.act({ type: "answer", request: "req_nobody", answer: { kind: "reject" } });
    equal(answer.kind === "problem" && slugOf(answer.problem), "not-found", "the problem");
  }),
  refused("not-json", "text that is no JSON closes with 4400", "{not json"),
  refused("unknown-type", "an action of an unknown type closes with 4400", '{"type":"dance","requestId":"r1"}'),
  refused("no-request-id", "an action without requestId closes with 4400 and is not done", '{"type":"prompt","text":"hello"}'),
  refused("unknown-field", "an action with an unknown field closes with 4400 and is not done", '{"type":"prompt","requestId":"r1","text":"hello","colour":"red"}'),
  ask("ping.pong", "PRO41", "ping is answered pong, at any time", async (stage) => {
    const { id } = await stage.history();
    const viewer = await stage.socket(id, { after: 0 });
    await viewer.untilSynced();
    for (let times = 1; times <= 3; times++) {
      viewer.sayText("ping");
      await viewer.until("pong", () => viewer.raw.filter((text) => text === "pong").length === times);
    }
  }),
  ask("ping.no-frame", "PRO41", "pong takes no frame's number", async (stage) => {
    const { id, viewer, prompt, untilStatus } = await enter(stage);
    viewer.sayText("ping");
    await viewer.until("pong", () => viewer.raw.includes("pong"));
    await untilStatus(await prompt([{ say: "a frame" }]), "completed");
    await viewer.untilSeq(await stage.lastSeq(id));
    equal(viewer.frames.map(({ frame }) => frame), viewer.frames.map((_, at) => at + 1), "numbers");
  }),
];
