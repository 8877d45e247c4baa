/**
 * An agent whose words leave the sandbox without credentials: neither the secrets that it may read nor the sandbox's own
 * token, in the forms that text carries them in, nor anything that is a credential by its form.
 */
import type { AgentConfig, AgentEvent, CodingAgent } from "../../../../src/ports/agent/agent.port.ts";
import { maskMessage } from "./masked-message.ts";
import { MaskedStream } from "./masked-stream.ts";
import { Masker } from "./masker.ts";

export function maskingAgent(agent: CodingAgent): CodingAgent {
  const known = new Map<string, string>();
  let masker = new Masker([]);
  return {
    open: (config, signal) => {
      for (const [value, name] of valuesOf(config)) known.set(value, name);
      masker = new Masker([...known].map(([value, name]) => ({ name, value })));
      return agent.open(config, signal);
    },
    events: () => masked(agent.events(), () => masker),
    prompt: (prompt) => agent.prompt(prompt),
    lookup: (messageId) => agent.lookup(messageId),
    resume: (messageId) => agent.resume(messageId),
    steer: (turnMessageId, steerId, text) => agent.steer(turnMessageId, steerId, text),
    interrupt: (messageId) => agent.interrupt(messageId),
    answer: (requestId, answer) => agent.answer(requestId, answer),
    activity: () => agent.activity(),
    close: () => agent.close(),
  };
}

function valuesOf({ environment, brokerToken }: AgentConfig): readonly (readonly [value: string, name: string])[] {
  return [[brokerToken, "sandbox token"], ...Object.entries(environment ?? {}).map(([name, value]) => [value, name] as const)];
}

async function* masked(events: AsyncIterable<AgentEvent>, masker: () => Masker): AsyncIterable<AgentEvent> {
  const streams = new Map<string, MaskedStream>();
  /** What was told already of the turn that runs. */
  const told = new Set<string>();
  for await (const event of events) {
    if (event.kind === "delta") {
      const { partId } = event;
      const stream = streams.get(partId) ?? new MaskedStream();
      streams.set(partId, stream);
      const passed = stream.push(masker(), event);
      if (passed) yield { kind: "delta", partId, ...passed };
      continue;
    }
    const { message, masked: found } = maskMessage(masker(), event.message);
    if (message.type === "part-ended") streams.delete(message.part.id);
    const news = "messageId" in message ? found.filter(({ kind, name }) => !told.has(`${message.messageId} ${kind} ${name}`)) : [];
    if ("messageId" in message && news.length > 0) {
      for (const { kind, name } of news) told.add(`${message.messageId} ${kind} ${name}`);
      yield { kind: "message", message: { type: "secrets-masked", messageId: message.messageId, secrets: [...news] } };
    }
    yield { kind: "message", message };
    if (message.type === "turn-ended") told.clear();
  }
}
