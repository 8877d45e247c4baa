/** The real OpenCode that was started for nobody yet, and is then opened for a session. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDemoModel } from "@berth/demo-model";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { Recorder } from "../../ports/agent/agent.recorder.ts";
import { OPENCODE, OPENCODE_TEST_MS, stageOfEachTest } from "./opencode.testkit.ts";
import { startWaitingOpenCode, type WaitingOpenCode } from "./opencode-waiting.ts";

const stage = stageOfEachTest();
const VARIABLE = "EXAMPLE_VARIABLE";

async function waitingOne(): Promise<WaitingOpenCode> {
  const { home, work, folder } = stage();
  const waiting = await startWaitingOpenCode({
    executable: OPENCODE,
    home,
    workFolder: work,
    environment: { PATH: process.env["PATH"] ?? "" },
    pluginFile: join(folder, "waiting.js"),
    randomBytes: (length) => randomBytes(length),
  });
  stage().atEnd(() => waiting.stop());
  return waiting;
}

async function openedWith(takeWaiting: () => Promise<WaitingOpenCode | null>) {
  const model = await startDemoModel({ chunkDelayMs: 1 });
  stage().atEnd(() => model.close());
  const agent = stage().agent({ takeWaiting });
  const said = new Recorder(agent);
  const config = { ...stage().config(`${model.url}/v1`), environment: { [VARIABLE]: "given-later" }, git: { name: "Ada Example", email: "ada@example.com" } };
  await agent.open(config, AbortSignal.timeout(60_000));
  return { agent, said, run: (text: string) => agent.prompt({ messageId: "msg_1", text, model: "demo/demo" }) };
}

verifies("AGT37", "an agent that waited has the session's providers and environment, in its programs and not in its own", async () => {
  const waiting = await waitingOne();
  expect(existsSync(join(stage().folder, "waiting.js"))).toBe(false);
  // A repository's own configuration would move the provider and forbid the tool.
  writeFileSync(join(stage().work, "opencode.json"), JSON.stringify({ provider: { demo: { options: { baseURL: "http://127.0.0.1:9/v1" } } }, permission: { bash: "deny" } }));
  const { said, run } = await openedWith(async () => waiting);
  await run("!bash env > seen");
  expect(await said.first("turn-ended")).toMatchObject({ outcome: "completed" });
  const seen = readFileSync(join(stage().work, "seen"), "utf8");
  for (const line of [`${VARIABLE}=given-later`, "GIT_AUTHOR_NAME=Ada Example"]) expect(seen).toContain(line);
  expect(readFileSync(`/proc/${waiting.server.pid}/environ`, "utf8")).not.toContain("given-later");
}, OPENCODE_TEST_MS);

verifies("AGT37", "one that does not take what it is given is ended, and another one runs the turn", async () => {
  const waiting = await waitingOne();
  const silent: WaitingOpenCode = { ...waiting, give: () => Promise.reject(new Error("it does not answer")) };
  const { said, run } = await openedWith(async () => silent);
  await waiting.server.exited;
  await run("!say done");
  expect(await said.first("turn-ended")).toMatchObject({ outcome: "completed" });
}, OPENCODE_TEST_MS);
