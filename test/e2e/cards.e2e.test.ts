/** Questions and permissions that are open while parts of the system are killed: the card stays, and its answer counts. */
import { randomInt } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { descendantsOf } from "../../packages/launcher/src/process-table.ts";
import { runtimePids, signalAll } from "./kill/victims.ts";
import { logOf, MODEL, startTestStack, type TestStack } from "./support/stack.ts";
import { eventually, untilHealthy } from "./support/waiting.ts";
import { Watched, type EventOf } from "./support/watched.ts";

const BACK_WITHIN_MS = 30_000;
const RECOVERED_WITHIN_MS = 90_000;

let stack: TestStack;
let watched: Watched;

beforeAll(async () => {
  stack = await startTestStack();
  const { id } = await stack.berth.sessions.create({ model: MODEL, onInterruption: "ask", permissions: { "*": "allow", bash: { "*": "allow", "date *": "ask" } } });
  watched = new Watched(stack.berth.session(id));
  await watched.until("the session is ready", ({ status }) => status === "idle", 90_000);
});

afterAll(async () => {
  watched?.close();
  await stack?.end();
});

function pidOf(name: string): number {
  const pid = stack.pids()[name];
  if (!pid) throw new Error(`${name} has no process`);
  return pid;
}

/** Kills it with all below it and waits for the one in its place. */
async function replace(name: string, withChildren: boolean): Promise<void> {
  const old = pidOf(name);
  signalAll([old, ...(withChildren ? descendantsOf(old) : [])], "SIGKILL");
  await eventually(`a new ${name}`, () => (![old, null].includes(stack.pids()[name] ?? null) ? true : "the old one"), BACK_WITHIN_MS);
  await untilHealthy(stack.url, BACK_WITHIN_MS);
}

async function ask(question: string): Promise<{ readonly messageId: string; readonly asked: EventOf<"question.asked"> }> {
  const { id: messageId } = await watched.session.send(`!ask ${question} | left | right\n!say thanks`);
  const asked = await watched.first("question.asked", (event) => event.messageId === messageId);
  return { messageId, asked };
}

/** As the page finds it: asked, not answered, and the session waits for it. */
async function expectOpen(requestId: string, waitingFor: "question" | "permission"): Promise<void> {
  await watched.until(`the session waits for the ${waitingFor}`, (session) => session.status === "waiting" && session.waitingFor === waitingFor);
  const said: string[] = [];
  for (const { type, data } of await logOf(watched.session)) if ("requestId" in data && data.requestId === requestId) said.push(type);
  expect(said).toEqual([`${waitingFor}.asked`]);
}

test("[SES28] a question is open and answered after the Worker was killed, and the turn goes on", async () => {
  const { messageId, asked } = await ask("Which way after the Worker?");
  await replace("worker", true);
  await expectOpen(asked.data.requestId, "question");
  await watched.session.answer(asked.data.requestId, { kind: "question", answers: [["left"]] });
  expect(await watched.isOver(messageId, RECOVERED_WITHIN_MS)).toBe("completed");
  expect(watched.texts(messageId).join()).toContain("thanks");
  expect(watched.all("run.started", messageId)).toHaveLength(1);
});

test("[SES28][SES41] a question is open and answered after the sandbox host was killed", async () => {
  const { messageId, asked } = await ask("Which way after the host?");
  await replace("sandbox-host", false);
  await expectOpen(asked.data.requestId, "question");
  await watched.session.answer(asked.data.requestId, { kind: "question", answers: [["right"]] });
  const outcome = await watched.isOver(messageId, RECOVERED_WITHIN_MS);
  console.log(`after the host was killed the asking turn ended ${outcome}`);
  // A sandbox outlives its host, or ends with it; then another agent goes on with the answer.
  expect(["completed", "interrupted"]).toContain(outcome);
  await watched.until("the session is idle again", ({ status }) => status === "idle", RECOVERED_WITHIN_MS);
});

test("[SES39][SES41] a question whose sandbox is lost stays open, and its answer makes another agent go on with it", async () => {
  const { messageId, asked } = await ask("Which way after the sandbox?");
  expect(signalAll(runtimePids(watched.session.id), "SIGKILL")).toBe(true);
  expect(await watched.isOver(messageId, RECOVERED_WITHIN_MS)).toBe("interrupted");
  await expectOpen(asked.data.requestId, "question");
  await watched.session.answer(asked.data.requestId, { kind: "question", answers: [["right"]] });
  const next = await watched.first("message.queued", ({ data }) => data.continues === messageId);
  expect(next.data.text).toMatch(/Which way after the sandbox\?[^]*right/);
  expect(await watched.isOver(next.messageId ?? "", RECOVERED_WITHIN_MS)).toBe("completed");
  const [first] = watched.all("run.started", messageId);
  const [second] = watched.all("run.started", next.messageId);
  expect(second?.data.epoch).toBeGreaterThan(first?.data.epoch ?? Infinity);
  // What was asked once is not asked again, and cannot be answered again.
  await expect(watched.session.answer(asked.data.requestId, { kind: "question", answers: [["left"]] })).rejects.toMatchObject({ code: "conflict" });
});

test("[SES39][SES41] a permission whose sandbox is lost stays open, and nothing ran without it", async () => {
  const nonce = randomInt(100_000, 999_999);
  const { id: messageId } = await watched.session.send(`!bash date +${nonce}`);
  const asked = await watched.first("permission.asked", (event) => event.messageId === messageId);
  expect(signalAll(runtimePids(watched.session.id), "SIGKILL")).toBe(true);
  expect(await watched.isOver(messageId, RECOVERED_WITHIN_MS)).toBe("interrupted");
  await expectOpen(asked.data.requestId, "permission");
  await watched.session.answer(asked.data.requestId, { kind: "permission", reply: "once" });
  const next = await watched.first("message.queued", ({ data }) => data.continues === messageId);
  expect(next.data.text).toMatch(/allowed/);
  expect(await watched.isOver(next.messageId ?? "", RECOVERED_WITHIN_MS)).toBe("completed");
  const printed = [...watched.outputs(messageId), ...watched.outputs(next.messageId ?? "")].join();
  expect(printed).not.toContain(String(nonce));
});
