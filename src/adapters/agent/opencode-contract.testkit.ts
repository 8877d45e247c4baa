/** The contract on the real OpenCode, driven by the demo model, whichever way it is spoken to. Each test has a home, a work folder and a model of its own. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import { startDemoModel, type DemoModel } from "@berth/demo-model";
import { identify } from "@berth/sandbox-runtime/processes/process-table";
import type { AgentAbility } from "@berth/protocol";
import { describeAgentContract } from "../../ports/agent/agent.contract.ts";
import type { AgentConfig, CodingAgent } from "../../ports/agent/agent.port.ts";
import { Recorder } from "../../ports/agent/agent.recorder.ts";
import { OPENCODE, OPENCODE_TEST_MS, OpenCodeStage, TOKEN } from "./opencode.testkit.ts";

interface World {
  readonly stage: OpenCodeStage;
  readonly model: DemoModel;
  readonly executable: string;
  /** While it is there, the next start is of something else, which never gets healthy. */
  readonly illFile: string;
}

export interface SpokenTo {
  readonly name: string;
  readonly cannot?: readonly AgentAbility[];
  /** @param program that is started in place of OpenCode, and becomes it */
  agent(stage: OpenCodeStage, program: { readonly executable: string; readonly startTimeoutMs: number }): CodingAgent;
}

let world: World | null = null;

async function theWorld(): Promise<World> {
  if (world) return world;
  const stage = new OpenCodeStage();
  const model = await startDemoModel({ chunkDelayMs: 1 });
  stage.atEnd(() => model.close());
  const illFile = join(stage.folder, "ill");
  const executable = stage.program([`if [ -e ${illFile} ]; then rm ${illFile}; exec sleep 100; fi`, `echo $$ > ${stage.folder}/pid`, `exec ${OPENCODE} "$@"`]);
  world = { stage, model, executable, illFile };
  return world;
}

async function dispose(): Promise<void> {
  const here = world;
  world = null;
  await here?.stage.end();
}

function current(): World {
  if (!world) throw new Error("create first");
  return world;
}

function config(permissions: AgentConfig["permissions"] = {}): AgentConfig {
  const { stage, model } = current();
  return stage.config(`${model.url}/v1`, permissions);
}

/** Ends the newest OpenCode as the kernel would, without a word to anybody. */
function killOpenCode(): void {
  process.kill(pidOfOpenCode(), "SIGKILL");
}

function pidOfOpenCode(): number {
  return Number(readFileSync(join(current().stage.folder, "pid"), "utf8"));
}

export function describeContractOnOpenCode({ name, cannot, agent: speakTo }: SpokenTo): void {
  const create = async (): Promise<CodingAgent> => {
    const { stage, executable, illFile } = await theWorld();
    return speakTo(stage, {
      executable,
      get startTimeoutMs() {
        return existsSync(illFile) ? 2_000 : 50_000;
      },
    });
  };
  const inWorld = (body: (agent: CodingAgent) => Promise<void>) => async () => body(await create()).finally(dispose);

  describeAgentContract({
    name,
    model: "demo/demo",
    timeoutMs: OPENCODE_TEST_MS,
    create,
    dispose,
    ...(cannot && { cannot }),
    config,
    async crash(agent) {
      killOpenCode();
      // The reader goes too: a new agent on the same files takes up what is stored.
      await agent.close();
    },
    inject: {
      "agent:open:never-healthy": () => writeFileSync(current().illFile, ""),
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
  }), OPENCODE_TEST_MS);

  verifies("AGT3", "OpenCode and its tools are gone when it is closed", inWorld(async (agent) => {
    const said = new Recorder(agent);
    await agent.open(config(), AbortSignal.timeout(60_000));
    await agent.prompt({ messageId: "msg_1", text: "!bash echo $$ > tool; exec sleep 60", model: "demo/demo" });
    const toolFile = join(current().stage.work, "tool");
    await expect.poll(() => existsSync(toolFile) && readFileSync(toolFile, "utf8").trim() !== "", { timeout: 20_000 }).toBe(true);
    const pids = [pidOfOpenCode(), Number(readFileSync(toolFile, "utf8"))];
    await agent.close();
    await said.ended();
    expect(pids.map(identify)).toEqual([null, null]);
  }), OPENCODE_TEST_MS);

  verifies("AGT16", "a tool that prints its environment does not print the broker token", inWorld(async (agent) => {
    const said = new Recorder(agent);
    await agent.open(config(), AbortSignal.timeout(60_000));
    await agent.prompt({ messageId: "msg_1", text: "!bash env", model: "demo/demo" });
    await said.first("turn-ended");
    const output = said.parts("msg_1", "tool")[0]?.tool?.output ?? "";
    expect(output).toContain("OPENCODE");
    expect(output).not.toContain(TOKEN);
  }), OPENCODE_TEST_MS);
}
