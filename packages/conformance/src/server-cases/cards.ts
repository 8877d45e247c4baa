/** Questions and permissions: open from when they are asked to when they are answered, for whoever comes. */
import { check, equal } from "../check.ts";
import { ask, askBoth, type ServerCase } from "../server-case.ts";
import { HELD, YES, type Stage, type Turn } from "../venue.ts";
import { partsEnded, slugOf, type WireEvent, type WireProblem } from "../wire.ts";

const PERMISSIONS = ["permissions"] as const;
const ONCE = { kind: "permission", reply: "once" } as const;
const AND_ON = "and on with it";

interface Card {
  readonly id: string;
  readonly turn: Turn;
  readonly requestId: string;
}

/** A turn that asks, and says something once it has its answer. */
async function question(stage: Stage): Promise<Card> {
  const id = await stage.session();
  const turn = await stage.play(id, [HELD, { say: AND_ON }]);
  return { id, turn, requestId: await stage.venue.asked(id, turn) };
}

async function permission(stage: Stage, word: string): Promise<Card> {
  const id = await stage.session();
  const turn = await stage.play(id, [{ permit: word }, { say: AND_ON }]);
  return { id, turn, requestId: await stage.venue.asked(id, turn, "permission") };
}

const isAnswer = (requestId: string) => ({ type, data }: WireEvent): boolean => type === "request.answered" && data["requestId"] === requestId;

/** As whoever comes finds it: asked, not answered, and the session waits for it. */
async function checkOpen(stage: Stage, { id, turn, requestId }: Card, kind: "question" | "permission"): Promise<void> {
  await stage.venue.poll(`the session to wait for the ${kind}`, stage.venue.patienceMs, async () => {
    const { status, waitingFor } = await stage.api.json<{ status: string; waitingFor?: string }>(`GET /v1/sessions/${id}`);
    return status === "waiting" && waitingFor === kind;
  });
  const said = (await stage.venue.log(id, turn.before)).filter(({ data }) => data["requestId"] === requestId);
  equal(said.map(({ type }) => type), [`${kind}.asked`], "what the log says of it");
}

const slugOfAnswer = async (stage: Stage, { id, requestId }: Card, answer: unknown): Promise<readonly [number, string, string | undefined]> => {
  const { status, body } = await stage.api.ask(`POST /v1/sessions/${id}/answer`, { body: { requestId, answer } });
  return [status, status < 400 ? "none" : slugOf(body as WireProblem), (body as WireProblem).errors?.[0]?.pointer];
};

/** Of a card that was answered: one event that says what and by whom. */
async function checkAnswered(stage: Stage, { id, turn, requestId }: Card, answer: unknown): Promise<WireEvent[]> {
  const events = await stage.venue.log(id, turn.before);
  const answered = events.filter(isAnswer(requestId));
  equal(answered.map(({ data }) => data["answer"]), [answer], "answers in the log");
  check(answered[0]?.actor?.id, "the event says who answered");
  return events;
}

export const cardCases: readonly ServerCase[] = [
  ask("card.by-rest", ["PRO39", "PRO80"], "a question is answered over REST, once over both ways, and the turn goes on", async (stage) => {
    const card = await question(stage);
    await checkOpen(stage, card, "question");
    await stage.venue.answer(card.id, card.requestId, YES);
    equal(await slugOfAnswer(stage, card, YES), [409, "conflict", undefined], "answering it again");
    const viewer = await stage.socket(card.id, { after: card.turn.before });
    const again = await viewer.act({ type: "answer", request: card.requestId, answer: YES });
    equal(again.kind === "problem" && slugOf(again.problem), "conflict", "answering it again over the WebSocket");
    equal(await card.turn.over(), "completed", "how the turn ended");
    const events = await checkAnswered(stage, card, YES);
    check(partsEnded(events).some(({ text }) => text?.includes(AND_ON)), "the turn went on");
  }),
  ...askBoth("card.for-who-comes", "PRO80", "who comes while a question is open finds it, and is told when it is answered", async (stage, transport) => {
    const card = await question(stage);
    const viewer = await stage.watch(transport, card.id, card.turn.before);
    await viewer.untilSynced();
    const asked = viewer.events.find(({ type, data }) => type === "question.asked" && data["requestId"] === card.requestId);
    check(Array.isArray(asked?.data["questions"]) && JSON.stringify(asked?.data).includes("Go on?"), `what was asked: ${JSON.stringify(asked?.data)}`);
    check(!viewer.events.some(isAnswer(card.requestId)), "it is not answered");
    await stage.venue.answer(card.id, card.requestId, YES);
    await viewer.until("request.answered", () => viewer.events.some(isAnswer(card.requestId)));
    await card.turn.over();
  }),
  ask("card.unwatched", "PRO81", "a question stays open when nobody watches any more, and who comes then answers it", async (stage) => {
    const card = await question(stage);
    const first = await stage.socket(card.id, { after: card.turn.before });
    await first.untilSynced();
    first.close();
    await first.untilClosed();
    await checkOpen(stage, card, "question");
    const second = await stage.socket(card.id, { after: first.events.at(-1)?.seq ?? 0 });
    equal((await second.act({ type: "answer", request: card.requestId, answer: YES })).kind, "result", "the answer");
    equal(await card.turn.over(), "completed", "how the turn ended");
    await checkAnswered(stage, card, YES);
  }),
  ask("card.one-after-another", "PRO80", "questions of one turn are asked and answered each under its own id", async (stage) => {
    const id = await stage.session();
    const turn = await stage.play(id, [HELD, { ask: "And then?", options: ["this", "that"] }]);
    const first = await stage.venue.asked(id, turn);
    await stage.venue.answer(id, first, YES);
    const second = await stage.venue.asked(id, { ...turn, before: (await stage.venue.log(id, turn.before)).find(isAnswer(first))?.seq ?? 0 });
    check(first !== second, "ids of their own");
    await checkOpen(stage, { id, turn, requestId: second }, "question");
    await stage.venue.answer(id, second, { kind: "question", answers: [["that"]] });
    equal(await turn.over(), "completed", "how the turn ended");
    await checkAnswered(stage, { id, turn, requestId: first }, YES);
    await checkAnswered(stage, { id, turn, requestId: second }, { kind: "question", answers: [["that"]] });
  }),
  ask("card.wrong-kind", "PRO81", "an answer of another kind is refused and named, and the question stays open", async (stage) => {
    const card = await question(stage);
    equal(await slugOfAnswer(stage, card, ONCE), [422, "invalid-field", "/answer/kind"], "the answer over REST");
    const viewer = await stage.socket(card.id, { after: card.turn.before });
    const refused = await viewer.act({ type: "answer", request: card.requestId, answer: ONCE });
    equal(refused.kind === "problem" && slugOf(refused.problem), "invalid-field", "the answer over the WebSocket");
    await checkOpen(stage, card, "question");
    await stage.venue.answer(card.id, card.requestId, YES);
    await card.turn.over();
    await checkAnswered(stage, card, YES);
  }),
  ask("card.rejected", "PRO80", "a question that is rejected is answered, and waits no longer", async (stage) => {
    const card = await question(stage);
    await stage.venue.answer(card.id, card.requestId, { kind: "reject" });
    await card.turn.over();
    await checkAnswered(stage, card, { kind: "reject" });
  }),
  ask("card.stopped", "PRO81", "when its turn is stopped a question is closed as rejected, and takes no answer", async (stage) => {
    const card = await question(stage);
    await stage.api.json(`POST /v1/sessions/${card.id}/stop`);
    equal(await card.turn.over(), "stopped", "how the turn ended");
    await checkAnswered(stage, card, { kind: "reject" });
    equal(await slugOfAnswer(stage, card, YES), [409, "conflict", undefined], "an answer");
  }),
  ask("card.permission", "PRO80", "a tool that needs a permission waits for it and then runs", async (stage) => {
    const card = await permission(stage, "allowed-word");
    await checkOpen(stage, card, "permission");
    const asked = (await stage.venue.log(card.id, card.turn.before)).find(({ type }) => type === "permission.asked");
    check(asked?.data["tool"] && asked.data["title"] && Array.isArray(asked.data["patterns"]), `what was asked: ${JSON.stringify(asked?.data)}`);
    await stage.venue.answer(card.id, card.requestId, ONCE);
    equal(await card.turn.over(), "completed", "how the turn ended");
    const events = await checkAnswered(stage, card, ONCE);
    const answer = events.find(isAnswer(card.requestId))?.seq ?? 0;
    const ends = events.filter((event) => partsEnded([event]).some(({ tool }) => tool?.status === "completed"));
    check(ends.length > 0 && ends.every(({ seq }) => seq > answer), `the tool ended after the permission: ${ends.map(({ seq }) => seq).join()} after ${answer}`);
  }, PERMISSIONS),
  ask("card.permission-rejected", "PRO80", "a tool whose permission is rejected does not run", async (stage) => {
    const card = await permission(stage, "rejected-word");
    const answer = { kind: "permission", reply: "reject" };
    await stage.venue.answer(card.id, card.requestId, answer);
    await card.turn.over();
    const events = await checkAnswered(stage, card, answer);
    check(partsEnded(events).every(({ tool }) => tool?.status !== "completed"), "no tool call was completed");
  }, PERMISSIONS),
  ask("card.permission-wrong-kind", "PRO81", "a permission is not given by an answer to a question", async (stage) => {
    const card = await permission(stage, "still-asked");
    equal(await slugOfAnswer(stage, card, YES), [422, "invalid-field", "/answer/kind"], "the answer");
    await checkOpen(stage, card, "permission");
    await stage.venue.answer(card.id, card.requestId, ONCE);
    await card.turn.over();
    await checkAnswered(stage, card, ONCE);
  }, PERMISSIONS),
];
