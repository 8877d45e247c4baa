/** Everything an agent says goes through the mask before it leaves the sandbox. */
import { expect, test } from "vitest";
import type { AgentConfig, AgentEvent, CodingAgent } from "../../../../src/ports/agent/agent.port.ts";
import { createFakeAgentStore, InMemoryCodingAgent } from "../../../../src/ports/agent/agent.fake.ts";
import type { AgentMessage } from "../../src/masking/masked-message.ts";
import { maskingAgent } from "../../src/masking/masking-agent.ts";

const VALUE = "hunter2-hunter2";
const TOKEN = "example-sandbox-token-of-this-epoch";
const CONFIG: AgentConfig = { providers: [], permissions: {}, workFolder: "/work", brokerToken: TOKEN, environment: { DEPLOY_KEY: VALUE } };

/** Says these, whatever it is asked. */
function saying(events: readonly AgentEvent[]): CodingAgent {
  const agent = new InMemoryCodingAgent({ store: createFakeAgentStore() });
  return Object.assign(Object.create(agent) as CodingAgent, {
    open: async () => ({ name: "fake", version: "1" }),
    events: async function* () {
      yield* events;
    },
  });
}

async function all(events: AsyncIterable<AgentEvent>): Promise<readonly AgentEvent[]> {
  const seen: AgentEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

async function heard(messages: readonly AgentMessage[]): Promise<readonly AgentEvent[]> {
  const agent = maskingAgent(saying(messages.map((message) => ({ kind: "message", message }))));
  await agent.open(CONFIG, AbortSignal.timeout(1_000));
  return all(agent.events());
}

const MASK = "•".repeat(VALUE.length);

test("[MSK4] every field of text is covered, and no other", async () => {
  const messageId = "msg_1";
  const part = { id: "prt_1", kind: "tool", tool: { name: "bash", callId: "call_1", status: "failed", title: `echo ${VALUE}`, input: { command: [`echo ${VALUE}`], [VALUE]: 1 }, output: VALUE, error: `no ${TOKEN}` } } as const;
  const events = await heard([
    { type: "part-started", messageId, part: { id: "prt_0", kind: "text", text: `it is ${VALUE}` } },
    { type: "part-ended", messageId, part },
    { type: "permission-asked", messageId, requestId: "req_1", tool: "bash", title: VALUE, patterns: [VALUE], detail: { command: VALUE } },
    { type: "question-asked", messageId, requestId: "req_2", questions: [{ question: VALUE, header: VALUE, options: [{ label: VALUE, description: VALUE }] }] },
    { type: "todo", messageId, items: [{ text: VALUE, status: "pending" }] },
    { type: "title", title: VALUE },
    { type: "turn-ended", messageId, outcome: "failed", failure: { code: "agent-failed", message: VALUE, fix: VALUE } },
    { type: "agent-failed", failure: { code: "agent-failed", message: VALUE } },
  ]);
  const told = JSON.stringify(events);
  expect(told).not.toContain(VALUE);
  expect(told).not.toContain(TOKEN);
  expect(told.split(MASK).length - 1).toBe(19);
  const ended = events.find((event) => event.kind === "message" && event.message.type === "part-ended");
  expect(ended).toEqual({
    kind: "message",
    message: { type: "part-ended", messageId, part: { ...part, tool: { ...part.tool, title: `echo ${MASK}`, input: { command: [`echo ${MASK}`], [MASK]: 1 }, output: MASK, error: `no ${"•".repeat(TOKEN.length)}` } } },
  });
});

test("[MSK5] what was covered is said before the message that would have shown it, once in a turn", async () => {
  const said = (messageId: string, text: string): AgentMessage => ({ type: "part-ended", messageId, part: { id: "prt_1", kind: "text", text } });
  const key = `ghp_${"a1B2".repeat(9)}`;
  const events = await heard([said("msg_1", "nothing"), said("msg_1", `${VALUE} ${key}`), said("msg_1", VALUE), { type: "turn-ended", messageId: "msg_1", outcome: "completed" }, said("msg_2", VALUE)]);
  expect(events.flatMap((event) => (event.kind === "message" ? [event.message.type === "secrets-masked" ? event.message : event.message.type] : []))).toEqual([
    "part-ended",
    { type: "secrets-masked", messageId: "msg_1", secrets: [{ kind: "value", name: "DEPLOY_KEY" }, { kind: "fingerprint", name: "github-pat" }] },
    "part-ended",
    "part-ended",
    "turn-ended",
    { type: "secrets-masked", messageId: "msg_2", secrets: [{ kind: "value", name: "DEPLOY_KEY" }] },
    "part-ended",
  ]);
});

test("[MSK3] what is streamed of a part is covered too, each part by itself", async () => {
  const piece = (partId: string, offset: number, text: string): AgentEvent => ({ kind: "delta", partId, offset, text });
  const agent = maskingAgent(saying([piece("prt_1", 0, "it is hunter2"), piece("prt_2", 0, "-hunter2"), piece("prt_1", 13, "-hunter2."), piece("prt_1", 22, " Yes.")]));
  await agent.open(CONFIG, AbortSignal.timeout(1_000));
  expect(await all(agent.events())).toEqual([piece("prt_1", 0, "it is "), piece("prt_2", 0, "-"), piece("prt_1", 6, `${MASK}.`), piece("prt_1", 22, " Yes.")]);
});
