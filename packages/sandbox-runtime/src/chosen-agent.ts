/** The agent that the session has chosen, which is known when it is opened first and is the same from then on. */
import type { AgentKind } from "@berth/protocol";
import { AsyncQueue } from "../../../src/core/kernel/async-queue.ts";
import { PortError } from "../../../src/core/kernel/port-error.ts";
import type { AgentEvent, CodingAgent } from "../../../src/ports/agent/agent.port.ts";

export function chosenAgent(make: { readonly [K in AgentKind]: () => CodingAgent }): CodingAgent {
  const out = new AsyncQueue<AgentEvent>();
  let chosen: { readonly agent: CodingAgent; readonly heard: Promise<void> } | null = null;

  const choose = (kind: AgentKind): CodingAgent => {
    if (chosen) return chosen.agent;
    const agent = make[kind]();
    chosen = { agent, heard: pass(agent.events(), out) };
    return agent;
  };
  const opened = (operation: string): CodingAgent => {
    if (chosen) return chosen.agent;
    throw new PortError({ port: "agent", operation, code: "failed-precondition", outcome: "not-applied", retry: "never", message: "The agent is not running." });
  };

  return {
    open: async ({ agent = "opencode", ...config }, signal) => choose(agent).open(config, signal),
    prompt: async (prompt) => opened("prompt").prompt(prompt),
    lookup: async (messageId) => opened("lookup").lookup(messageId),
    resume: async (messageId) => opened("resume").resume(messageId),
    steer: async (turnMessageId, steerId, text) => opened("steer").steer(turnMessageId, steerId, text),
    interrupt: async (messageId) => chosen?.agent.interrupt(messageId),
    answer: async (requestId, answer) => opened("answer").answer(requestId, answer),
    events: () => out,
    activity: () => chosen?.agent.activity() ?? null,
    async close() {
      await chosen?.agent.close();
      await chosen?.heard;
      out.end();
    },
  };
}

async function pass(events: AsyncIterable<AgentEvent>, out: AsyncQueue<AgentEvent>): Promise<void> {
  for await (const event of events) out.push(event);
}
