/** The contract on the real OpenCode, driven by the demo model. Each test has a home, a work folder and a model of its own. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import { startDemoModel, type DemoModel } from "@berth/demo-model";
import { FileLog } from "../../../packages/sandbox-runtime/src/append-log.ts";
import { describeAgentContract } from "../../ports/agent/agent.contract.ts";
import type { AgentConfig, CodingAgent } from "../../ports/agent/agent.port.ts";
import { Recorder } from "../../ports/agent/agent.recorder.ts";
import { createOpenCodeAgent } from "./opencode.ts";

const OPENCODE = resolve("node_modules/.bin/opencode");
const TOKEN = "berth_sbx_example_token_of_a_test";

interface World {
  readonly folder: string;
  readonly model: DemoModel;
  readonly agents: { readonly agent: CodingAgent; readonly log: FileLog }[];
}

let world: World | null = null;

async function theWorld(): Promise<World> {
  if (world) return world;
  const folder = mkdtempSync(join(tmpdir(), "berth-opencode-"));
  mkdirSync(join(folder, "work"));
  const program = join(folder, "opencode");
  writeFileSync(program, programOf(folder), { mode: 0o755 });
  world = { folder, model: await startDemoModel({ chunkDelayMs: 1 }), agents: [] };
  return world;
}

/** OpenCode behind a script that notes its process id, and that once starts something else when it is told to be ill. */
function programOf(folder: string): string {
  return [
    "#!/bin/sh",
    `if [ -e ${folder}/ill ]; then rm ${folder}/ill; exec sleep 100; fi`,
    `echo $$ > ${folder}/pid`,
    `exec ${OPENCODE} "$@"`,
    "",
  ].join("\n");
}

async function create(): Promise<CodingAgent> {
  const here = await theWorld();
  const log = new FileLog(join(here.folder, "state", "opencode.jsonl"));
  const agent = createOpenCodeAgent({
    executable: join(here.folder, "opencode"),
    home: join(here.folder, "home"),
    tokenFile: join(here.folder, "state", "token"),
    log,
    environment: { PATH: process.env["PATH"] ?? "" },
    now: () => Date.now(),
    randomBytes: (length) => randomBytes(length),
    get startTimeoutMs() {
      return existsSync(join(here.folder, "ill")) ? 2_000 : 50_000;
    },
    modelRetriesMax: 1,
  });
  here.agents.push({ agent, log });
  return agent;
}

async function dispose(): Promise<void> {
  const here = world;
  world = null;
  for (const { agent, log } of here?.agents ?? []) {
    await agent.close();
    log.close();
  }
  await here?.model.close();
  if (here) rmSync(here.folder, { recursive: true, force: true });
}

function config(permissions: AgentConfig["permissions"] = {}): AgentConfig {
  if (!world) throw new Error("create first");
  const models = [{ id: "demo", name: "Demo", contextTokens: 200_000 }];
  const provider = { id: "demo", kind: "openai-compatible" as const, baseUrl: `${world.model.url}/v1`, models };
  return { providers: [provider], permissions, workFolder: join(world.folder, "work"), brokerToken: TOKEN };
}

/** Ends the newest OpenCode as the kernel would, without a word to anybody. */
function killOpenCode(): void {
  process.kill(pidOfOpenCode(), "SIGKILL");
}

function pidOfOpenCode(): number {
  return Number(readFileSync(join(world?.folder ?? "", "pid"), "utf8"));
}

describeAgentContract({
  name: "opencode",
  model: "demo/demo",
  timeoutMs: 120_000,
  create,
  dispose,
  config,
  async crash(agent) {
    killOpenCode();
    // The reader goes too: a new agent on the same files takes up what is stored.
    await agent.close();
  },
  inject: {
    "agent:open:never-healthy": () => writeFileSync(join(world?.folder ?? "", "ill"), ""),
  },
});

verifies("agent:turn:agent-died", "an agent that is killed in a turn ends it as interrupted, and starts again", inWorld(async (agent) => {
  const said = new Recorder(agent);
  await agent.open(config(), AbortSignal.timeout(60_000));
  await agent.prompt({ messageId: "msg_1", text: "!bash sleep 60", model: "demo/demo" });
  await said.until(() => said.all("part-started").some(({ part }) => part.kind === "tool"));
  killOpenCode();
  await said.first("agent-failed");
  expect(said.all("turn-ended")).toMatchObject([{ outcome: "interrupted" }]);
  expect(said.all("part-ended")).toHaveLength(said.all("part-started").length);
  await agent.open(config(), AbortSignal.timeout(60_000));
  expect(await agent.lookup("msg_1")).toBe("maybe");
}), 120_000);

verifies("AGT3", "OpenCode and its tools are gone when it is closed", inWorld(async (agent) => {
  const said = new Recorder(agent);
  await agent.open(config(), AbortSignal.timeout(60_000));
  await agent.prompt({ messageId: "msg_1", text: "!bash echo $$ > tool; exec sleep 60", model: "demo/demo" });
  const toolFile = join(world?.folder ?? "", "work", "tool");
  await expect.poll(() => existsSync(toolFile) && readFileSync(toolFile, "utf8").trim() !== "", { timeout: 20_000 }).toBe(true);
  const pids = [pidOfOpenCode(), Number(readFileSync(toolFile, "utf8"))];
  await agent.close();
  await said.ended();
  for (const pid of pids) await expect.poll(() => isAlive(pid)).toBe(false);
}), 120_000);

verifies("AGT16", "a tool that prints its environment does not print the broker token", inWorld(async (agent) => {
  const said = new Recorder(agent);
  await agent.open(config(), AbortSignal.timeout(60_000));
  await agent.prompt({ messageId: "msg_1", text: "!bash env", model: "demo/demo" });
  await said.first("turn-ended");
  const output = said.parts("msg_1", "tool")[0]?.tool?.output ?? "";
  expect(output).toContain("OPENCODE");
  expect(output).not.toContain(TOKEN);
}), 120_000);

function inWorld(body: (agent: CodingAgent) => Promise<void>): () => Promise<void> {
  return async () => body(await create()).finally(dispose);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
