/** Messages for a running turn through core, link, runtime and a scripted agent, with cuts and losses in between. */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import type { Answer, SessionEvent } from "@berth/protocol";
import type { InProcessSession } from "../../src/app/session/in-process-session.ts";
import { AUTHOR, MemoryBerth } from "./support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";

interface Stage {
  readonly berth: MemoryBerth;
  readonly session: InProcessSession;
  readonly viewer: ReturnType<MemoryBerth["watch"]>;
  readonly requestId: string;
}

/** A turn that waits for an answer, so that it is surely running. */
async function asking(prompt = "!ask Wait?\n!say never said"): Promise<Stage> {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, prompt);
  const viewer = berth.watch(session);
  await berth.until(() => viewer.events.some(({ type }) => type === "question.asked"));
  const asked = viewer.events.find((event) => event.type === "question.asked");
  return { berth, session, viewer, requestId: asked?.type === "question.asked" ? asked.data.requestId : "" };
}

async function steer(session: InProcessSession, text: string): Promise<string> {
  const sent = await session.send({ text, delivery: "steer" }, AUTHOR);
  if (!sent.ok) throw new Error(sent.problem.detail);
  return sent.value.id;
}

const statuses = (events: readonly SessionEvent[], id: string) => events.flatMap((event) => (event.type === "message.status" && event.messageId === id ? [event.data.status] : []));
const deferrals = (events: readonly SessionEvent[]) => events.flatMap((event) => (event.type === "message.steer-deferred" ? [event.data.reason] : []));
const texts = (events: readonly SessionEvent[]) => events.flatMap((event) => (event.type === "part.ended" && event.data.part.kind === "text" ? [event.data.part.text] : []));
const isOver = (events: readonly SessionEvent[], id: string): boolean => ["completed", "failed", "stopped", "interrupted"].includes(statuses(events, id).at(-1) ?? "");
const yes: Answer = { kind: "question", answers: [["Yes"]] };

verifies("SES42", "it is done within the turn, once, also when the object loses its memory before it is confirmed", async () => {
  const { berth, session, requestId } = await asking();
  const id = await steer(session, "!say steered");
  const again = berth.instance.crash("org_a", SESSION);
  berth.links.get(`${SESSION}-1`)?.cut();
  const viewer = berth.watch(again);
  await berth.until(() => statuses(viewer.events, id).includes("running"), 30_000);
  expect((await again.answer(requestId, yes, AUTHOR)).ok).toBe(true);
  await berth.until(() => isOver(viewer.events, id), 30_000);
  expect(statuses(viewer.events, id)).toEqual(["dispatched", "running", "completed"]);
  expect(texts(viewer.events)).toEqual(["steered"]);
  expect(viewer.events.filter(({ type }) => type === "run.started")).toHaveLength(1);
});

verifies("SES42", "without a link it is said within a second that it may not be taken, and it still is", async () => {
  const { berth, session, viewer, requestId } = await asking();
  berth.links.get(`${SESSION}-1`)?.cut();
  await berth.until(() => session.actor.state?.lease?.linkId === null, 1_000);
  const id = await steer(session, "!say steered");
  await berth.until(() => deferrals(viewer.events).length > 0, 1_200);
  await berth.until(() => session.actor.state?.lease?.linkId !== null, 30_000);
  expect((await session.answer(requestId, yes, AUTHOR)).ok).toBe(true);
  await berth.until(() => isOver(viewer.events, id), 30_000);
  expect(statuses(viewer.events, id).at(-1)).toBe("completed");
  expect(texts(viewer.events).filter((text) => text === "steered")).toHaveLength(1);
});

verifies("SES42", "refused by the agent it runs next, before what came later", async () => {
  const { berth, session, viewer, requestId } = await asking("!ask Wait?\n!say first");
  await session.send({ text: "!say earlier" }, AUTHOR);
  berth.agentFaults.arm("agent:steer:turn-over");
  const id = await steer(session, "!say refused");
  await session.send({ text: "!say later" }, AUTHOR);
  await berth.until(() => deferrals(viewer.events).length > 0);
  expect(deferrals(viewer.events)).toEqual(["refused"]);
  expect((await session.answer(requestId, yes, AUTHOR)).ok).toBe(true);
  await berth.until(() => texts(viewer.events).length === 4, 10_000);
  expect(texts(viewer.events)).toEqual(["first", "earlier", "refused", "later"]);
  expect(statuses(viewer.events, id)).toEqual(["dispatched", "queued", "dispatched", "running", "completed"]);
});

verifies("SES42", "what a stopped turn had taken is stopped with it", async () => {
  const { berth, session, viewer } = await asking();
  const id = await steer(session, "!bash echo never");
  await berth.until(() => statuses(viewer.events, id).includes("running"));
  expect((await session.stop(AUTHOR)).ok).toBe(true);
  await berth.until(() => isOver(viewer.events, id));
  expect(statuses(viewer.events, id).at(-1)).toBe("stopped");
  await session.send({ text: "!say next" }, AUTHOR);
  await berth.until(() => texts(viewer.events).includes("next"));
  expect(viewer.events.filter((event) => event.type === "part.started" && event.data.part.kind === "tool")).toEqual([]);
});
