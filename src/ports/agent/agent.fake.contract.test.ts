import { FaultScript } from "../../core/kernel/fault.ts";
import { describeAgentContract } from "./agent.contract.ts";
import { createFakeAgentStore, InMemoryCodingAgent } from "./agent.fake.ts";
import { AGENT_FAULTS } from "./agent.faults.ts";

let store = createFakeAgentStore();
const faults = new FaultScript(AGENT_FAULTS);
const agents = new Set<InMemoryCodingAgent>();

const arm = (id: string) => () => faults.arm(id);

describeAgentContract({
  name: "fake",
  model: "demo/demo",
  config: (permissions = { "*": "allow" }) => ({ providers: [], permissions, workFolder: "/work", brokerToken: "example" }),
  create() {
    const agent = new InMemoryCodingAgent({ store, faults });
    agents.add(agent);
    return agent;
  },
  crash: (agent) => (agent as InMemoryCodingAgent).vanish(),
  async dispose() {
    for (const agent of agents) await agent.close();
    agents.clear();
    store = createFakeAgentStore();
    faults.disarm();
  },
  inject: {
    "agent:prompt:not-listening": arm("agent:prompt:not-listening"),
    "agent:prompt:answer-lost": arm("agent:prompt:answer-lost"),
    "agent:steer:answer-lost": arm("agent:steer:answer-lost"),
    "agent:events:stream-cut": arm("agent:events:stream-cut"),
    "agent:open:slow-start": arm("agent:open:slow-start"),
    "agent:open:never-healthy": arm("agent:open:never-healthy"),
    "agent:turn:stuck": arm("agent:turn:stuck"),
    "agent:turn:agent-died": (agent) => (agent as InMemoryCodingAgent).die(),
  },
});
