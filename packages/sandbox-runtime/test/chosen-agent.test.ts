/** The agent of a session's choice, as the runtime has it. */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import { InMemoryCodingAgent } from "../../../src/ports/agent/agent.fake.ts";
import { Recorder } from "../../../src/ports/agent/agent.recorder.ts";
import { chosenAgent } from "../src/chosen-agent.ts";

const CONFIG = { providers: [], permissions: {}, workFolder: "/work", brokerToken: "example" };

function rig() {
  const made: string[] = [];
  const make = (kind: string) => () => {
    made.push(kind);
    return new InMemoryCodingAgent();
  };
  return { made, agent: chosenAgent({ opencode: make("opencode"), acp: make("acp") }) };
}

verifies("AGT36", "only the chosen agent is made, once, and what it says is passed on to its end", async () => {
  const { made, agent } = rig();
  const said = new Recorder(agent);
  await agent.open({ ...CONFIG, agent: "acp" }, new AbortController().signal);
  await agent.open({ ...CONFIG, agent: "acp", permissions: { "*": "ask" } }, new AbortController().signal);
  await agent.prompt({ messageId: "msg_1", text: "!say hello", model: "demo/demo" });
  expect(await said.first("turn-ended", "msg_1")).toMatchObject({ outcome: "completed" });
  await agent.close();
  await said.ended();
  expect(made).toEqual(["acp"]);
});

verifies("AGT36", "without a choice it is OpenCode, and before it is opened there is none", async () => {
  const { made, agent } = rig();
  await expect(agent.lookup("msg_1")).rejects.toMatchObject({ code: "failed-precondition" });
  expect([agent.activity(), made]).toEqual([null, []]);
  await agent.interrupt("msg_1");
  await agent.open(CONFIG, new AbortController().signal);
  expect(made).toEqual(["opencode"]);
  await agent.close();
});
