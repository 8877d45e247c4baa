/** Messages for a turn that runs, given to the real agent. The demo model obeys the newest message that it was sent. */
import { randomInt } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { processesOfSandbox } from "./kill/victims.ts";
import { MODEL, startTestStack, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";
import { between, Watched } from "./support/watched.ts";

const CONFIRMED_WITHIN_MS = 1_000;
const STOPPED_WITHIN_MS = 3_000;

let stack: TestStack;
let watched: Watched;

beforeAll(async () => {
  stack = await startTestStack();
  watched = new Watched(await stack.idleSession());
  // The agent's first turn loads what it needs.
  await watched.isOver((await watched.session.send("!say warm")).id);
});

afterAll(async () => {
  watched?.close();
  await stack?.end();
});

/** A command whose output nothing but the sandbox can know, and that output. */
function sum(): { readonly command: string; readonly answer: string } {
  const [a, b] = [randomInt(10_000, 99_999), randomInt(10_000, 99_999)];
  return { command: `echo $((${a}*${b}))`, answer: String(a * b) };
}

test("[SES42] a message that steers is in the next model request of the running turn, and ends with it", async () => {
  const { session } = watched;
  const { command, answer } = sum();
  const turn = await session.send("!bash sleep 2; echo first\n!bash echo never");
  await watched.tool(turn.id);
  const steer = await session.send(`MARK-1\n!say steered\n!bash ${command}`, { delivery: "steer" });
  await watched.isOver(steer.id);
  expect(await watched.isOver(turn.id)).toBe("completed");

  // The model's next answer after the first tool is to the marked message: what the first one had left is not done.
  expect(watched.outputs(turn.id).map((output) => output.trim())).toEqual(["first", answer]);
  expect(watched.texts(turn.id)[0]).toContain("steered");
  expect(watched.statuses(steer.id)).toEqual(["dispatched", "running", "completed"]);
  expect(watched.all("message.steer-deferred", steer.id)).toEqual([]);
  const [, running] = watched.all("message.status", steer.id);
  const queued = await watched.first("message.queued", ({ messageId }) => messageId === steer.id);
  expect(between(queued, running as NonNullable<typeof running>)).toBeLessThanOrEqual(CONFIRMED_WITHIN_MS);
  // One run, one end, and everything in it.
  expect(watched.all("run.started", steer.id)).toEqual([]);
  expect(watched.all("part.started", steer.id)).toEqual([]);
  const [ended] = watched.all("run.ended", turn.id);
  expect(ended?.data).toMatchObject({ outcome: "completed", usage: { outputTokens: expect.any(Number) } });
  expect(ended?.data.usage.outputTokens).toBeGreaterThan(0);
});

test("[SES42] a message that comes while the agent says its last is answered in the same turn", async () => {
  const { session } = watched;
  const turn = await session.send("!stream 40 20");
  await watched.first("part.started", ({ messageId }) => messageId === turn.id);
  const steer = await session.send("!say one more thing", { delivery: "steer" });
  expect(await watched.isOver(turn.id)).toBe("completed");
  expect(await watched.isOver(steer.id)).toBe("completed");
  expect(watched.texts(turn.id)).toHaveLength(2);
  expect(watched.texts(turn.id)[1]).toContain("one more thing");
  expect(watched.all("run.started", steer.id)).toEqual([]);
});

test("[SES42] messages that come again and again around the end of a turn are each done once", async () => {
  const { session } = watched;
  const turn = await session.send("!stream 10 20");
  const sums = Array.from({ length: 4 }, sum);
  const steers: string[] = [];
  for (const { command } of sums) {
    steers.push((await session.send(`!bash ${command}`, { delivery: "steer" })).id);
    await Promise.race([watched.isOver(turn.id), watched.first("message.status", ({ messageId, data }) => messageId === steers.at(-1) && data.status === "running")]);
  }
  for (const id of steers) expect(await watched.isOver(id)).toBe("completed");
  await watched.until("the session is idle", ({ status }) => status === "idle");
  const outputs = [turn.id, ...steers].flatMap((id) => watched.outputs(id)).map((output) => output.trim());
  // The demo model obeys only the newest of several messages that it finds; the last one is always that.
  expect(outputs).toContain(sums.at(-1)?.answer);
  expect(new Set(outputs).size).toBe(outputs.length);
});

test("[SES42] to an idle session it is a message as any other", async () => {
  const message = await watched.session.send("!say idle", { delivery: "steer" });
  expect(await watched.isOver(message.id)).toBe("completed");
  expect(watched.statuses(message.id)).toEqual(["dispatched", "running", "completed"]);
  expect(watched.all("run.started", message.id)).toHaveLength(1);
  expect(watched.all("message.steer-deferred", message.id)).toEqual([]);
});

test("[SES26] a stop ends the running command with all below it, within 3 s, and what steered the turn with it", async () => {
  const { session } = watched;
  const turn = await session.send("!bash sleep 300 & sleep 301");
  await watched.tool(turn.id);
  const sleeps = (): string[] => processesOfSandbox(session.id).flatMap(({ command }) => (/^sleep 30[01]$/.test(command) ? [command] : []));
  await eventually("the command runs", () => (sleeps().length === 2 ? true : sleeps().join()), 10_000);
  const steer = await session.send("!bash echo never", { delivery: "steer" });
  await watched.first("message.status", ({ messageId, data }) => messageId === steer.id && data.status === "running");
  await session.stop();
  expect(await watched.isOver(turn.id)).toBe("stopped");
  expect(await watched.isOver(steer.id)).toBe("stopped");
  const stopping = await watched.first("run.stopping", ({ messageId }) => messageId === turn.id);
  const ended = await watched.first("run.ended", ({ messageId }) => messageId === turn.id);
  console.log(`stopped within ${between(stopping, ended)} ms`);
  expect(between(stopping, ended)).toBeLessThanOrEqual(STOPPED_WITHIN_MS);
  await eventually("nothing of the command is left", () => (sleeps().length === 0 ? true : sleeps().join()), STOPPED_WITHIN_MS);
  const next = await session.send("!bash echo next");
  expect(await watched.isOver(next.id)).toBe("completed");
  expect(watched.outputs(next.id).map((output) => output.trim())).toEqual(["next"]);
});

test("[SES42] to a session that starts, an event says within a second that it is deferred", async () => {
  const { id } = await stack.berth.sessions.create({ model: MODEL });
  const starting = new Watched(stack.berth.session(id));
  try {
    const message = await starting.session.send("!say begun", { delivery: "steer" });
    const queued = await starting.first("message.queued");
    const deferred = await starting.first("message.steer-deferred");
    expect(deferred).toMatchObject({ messageId: message.id, data: { reason: "not-running" } });
    expect(between(queued, deferred)).toBeLessThanOrEqual(CONFIRMED_WITHIN_MS);
    expect(await starting.isOver(message.id, 90_000)).toBe("completed");
  } finally {
    starting.close();
    await starting.session.remove();
  }
});
