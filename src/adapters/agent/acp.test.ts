/** Agents that are not OpenCode: ones that can do less, and ones that cannot be worked with. */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterEach, expect } from "vitest";
import { verifies } from "@berth/testkit";
import { processesWith } from "./agent-process.testkit.ts";
import type { AgentConfig, CodingAgent } from "../../ports/agent/agent.port.ts";
import { Recorder } from "../../ports/agent/agent.recorder.ts";
import { createAcpAgent } from "./acp.ts";

const STAND_IN = fileURLToPath(new URL("acp-stand-in.testkit.ts", import.meta.url));
const CONFIG: AgentConfig = { providers: [], permissions: {}, workFolder: process.cwd(), brokerToken: "example" };
const TEST_MS = 60_000;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Rig {
  readonly agent: CodingAgent;
  readonly said: Recorder;
  readonly marker: string;
  readonly open: (more?: Partial<AgentConfig>) => ReturnType<CodingAgent["open"]>;
  readonly turn: (messageId: string, text: string) => Promise<unknown>;
}

function rig(likeness: string): Rig {
  const marker = `BERTH_TEST_AGENT=${randomBytes(12).toString("hex")}`;
  const [name = "", value = ""] = marker.split("=");
  const lines: string[] = [];
  const program = {
    prepare: () => ({ command: [process.execPath, STAND_IN, likeness], environment: { PATH: process.env["PATH"] ?? "", [name]: value }, marker }),
    forget: () => {},
  };
  const agent = createAcpAgent({ program, log: { lines, append: (more) => void lines.push(...more) }, stopTimeoutMs: 200 });
  ends.push(() => agent.close());
  const said = new Recorder(agent);
  return {
    agent,
    said,
    marker,
    open: (more) => agent.open({ ...CONFIG, ...more }, new AbortController().signal),
    async turn(messageId, text) {
      await agent.prompt({ messageId, text, model: "demo/demo" });
      return said.first("turn-ended", messageId);
    },
  };
}

verifies(["AGT35", "AGT10"], "an agent that forgets and chooses its own model says so, works, and after a restart tells how a turn ended and no more", async () => {
  const { agent, said, open, turn } = rig("plain");
  const { cannot, version } = await open();
  expect(Object.keys(cannot ?? {}).toSorted()).toEqual(["ask", "choose-model", "remember", "steer", "tell-retries"]);
  expect(version).toMatch(/\d/);
  expect(await turn("msg_1", "words")).toMatchObject({ outcome: "completed" });
  expect(said.parts("msg_1", "text").map(({ text }) => text)).toEqual(["words by small/one"]);
  await open({ permissions: { "*": "ask" } });
  expect(await agent.lookup("msg_1")).toBe("finished");
  await agent.resume("msg_1");
  await said.until(() => said.all("turn-ended", "msg_1").length === 2);
  expect(said.all("turn-ended", "msg_1")[1]).toMatchObject({ outcome: "completed" });
  expect(await turn("msg_2", "more")).toMatchObject({ outcome: "completed" });
}, TEST_MS);

verifies("AGT33", "a turn in which it says nothing was not completed", async () => {
  const { open, turn } = rig("plain");
  await open();
  expect(await turn("msg_1", "")).toMatchObject({ outcome: "interrupted", failure: { code: "agent-unanswered" } });
}, TEST_MS);

verifies("AGT12", "it works with the model of the prompt where it offers that, and fails the turn where it does not", async () => {
  const { agent, said, open, turn } = rig("choosy");
  expect((await open()).cannot).not.toHaveProperty("choose-model");
  await turn("msg_1", "words");
  expect(said.parts("msg_1", "text").map(({ text }) => text)).toEqual(["words by demo/demo"]);
  await agent.prompt({ messageId: "msg_2", text: "words", model: "other/one" });
  expect(await said.first("turn-ended", "msg_2")).toMatchObject({ outcome: "failed", failure: { code: "model-not-found", message: expect.stringContaining("other/one") as string } });
}, TEST_MS);

verifies(["AGT11", "AGT3"], "one that does not stop when it is told to is ended, and its turn is stopped", async () => {
  const { agent, said, marker, open } = rig("plain");
  await open();
  await agent.prompt({ messageId: "msg_1", text: "hang", model: "demo/demo" });
  await agent.interrupt("msg_1");
  expect(await said.first("turn-ended", "msg_1")).toMatchObject({ outcome: "stopped" });
  await said.first("agent-failed");
  expect(processesWith(marker)).toEqual([]);
  await open();
  expect(await agent.lookup("msg_1")).toBe("finished");
}, TEST_MS);

verifies("AGT4", "one of another version, one that wants a login and one that ends at once fail the start with the reason, and leave no process", async () => {
  for (const [likeness, expected] of [
    ["newer", { code: "failed-precondition", message: expect.stringContaining("another version") as string }],
    ["locked", { code: "permission-denied", retry: "never" }],
    ["broken", { code: "failed-precondition", message: expect.stringContaining("no license") as string }],
  ] as const) {
    const { marker, open } = rig(likeness);
    await expect(open()).rejects.toMatchObject({ operation: "open", outcome: "not-applied", ...expected });
    expect(processesWith(marker)).toEqual([]);
  }
}, TEST_MS);
