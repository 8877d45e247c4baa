/**
 * The real OpenCode behind a relay that holds a steering message back until the turn is over, which OpenCode's own timing
 * does once in a thousand times: the message begins a loop of its own, or is left without an answer.
 */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import { openBehindRelay, type RelayedAgent } from "./opencode-relay.testkit.ts";
import { OPENCODE_TEST_MS, stageOfEachTest } from "./opencode.testkit.ts";

const HELD = "held back";

const stage = stageOfEachTest();

interface Scene extends RelayedAgent {
  /** Resolved when a message with the text is held. */
  readonly holding: PromiseWithResolvers<void>;
  /** Such messages wait until it is resolved. */
  readonly released: PromiseWithResolvers<void>;
}

/** @param extra goes into the held message when it goes on */
async function opened(extra: object = {}): Promise<Scene> {
  const holding = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const relayed = await openBehindRelay(stage(), async ({ body }) => {
    if (!body.includes(HELD)) return { body };
    holding.resolve();
    await released.promise;
    return { body: JSON.stringify({ ...(JSON.parse(body) as object), ...extra }) };
  });
  return { ...relayed, holding, released };
}

/** Steers while the last answer is written; the message reaches OpenCode when that turn of its is long over. */
async function steeredTooLate({ agent, said, holding, released, statuses, prompt }: Scene): Promise<void> {
  await prompt("msg_1", "!say begun\n!sleep 500\n!say last");
  await said.until(() => said.all("part-started").length > 0);
  const steer = agent.steer("msg_1", "msg_2", `${HELD}\n!say answered late`);
  await said.until(() => said.parts("msg_1", "text").length > 0);
  await holding.promise;
  await expect.poll(statuses, { timeout: 20_000 }).not.toContain("busy");
  expect(said.all("turn-ended")).toEqual([]);
  released.resolve();
  expect(await steer).toBe("taken");
  expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "completed" });
  expect(said.parts("msg_1", "text").at(-1)?.text).toBe("answered late");
  expect(said.parts("msg_1", "text").filter(({ text }) => text === "answered late")).toHaveLength(1);
  expect(await agent.lookup("msg_2")).toBe("finished");
  await prompt("msg_3", "!say next");
  await said.first("turn-ended", "msg_3");
  expect(said.all("turn-ended")).toHaveLength(2);
}

verifies("AGT27", "a message that OpenCode answers in a loop of its own is of the turn that it steered", async () => steeredTooLate(await opened()), OPENCODE_TEST_MS);

verifies("AGT27", "a message that OpenCode has and leaves unanswered is answered all the same, once", async () => {
  // Stores the message and starts nothing, as when OpenCode looked for messages a moment before.
  await steeredTooLate(await opened({ noReply: true }));
}, OPENCODE_TEST_MS);

verifies("AGT30", "a message that reaches OpenCode after the stop does nothing", async () => {
  const { agent, said, holding, released, prompt } = await opened();
  await prompt("msg_1", "!bash sleep 60");
  await said.until(() => said.all("part-started").length > 0);
  const steer = agent.steer("msg_1", "msg_2", `${HELD}\n!sleep 1000\n!bash echo never`);
  await holding.promise;
  await agent.interrupt("msg_1");
  released.resolve();
  expect(await steer).toBe("taken");
  expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "stopped" });
  await prompt("msg_3", "!bash echo next");
  await said.first("turn-ended", "msg_3");
  expect(said.all("part-started").flatMap(({ part }) => (part.tool ? [part.tool.input] : []))).toMatchObject([{ command: "sleep 60" }, { command: "echo next" }]);
}, OPENCODE_TEST_MS);
