/** What an agent says in text, covered field by field; names, ids and states are left as they are. */
import type { AgentEvent } from "../../../../src/ports/agent/agent.port.ts";
import { covered, type Masked, type Masker } from "./masker.ts";

export type AgentMessage = Extract<AgentEvent, { kind: "message" }>["message"];

/** The message without credentials, and which there were, each once. */
export function maskMessage(masker: Masker, message: AgentMessage): { readonly message: AgentMessage; readonly masked: readonly Masked[] } {
  const found = new Map<string, Masked>();
  const text = (value: string): string => {
    const spans = masker.spans(value);
    for (const { kind, name } of spans) found.set(`${kind} ${name}`, { kind, name });
    return covered(value, spans);
  };
  return { message: withTexts(message, text), masked: [...found.values()] };
}

type OnText = (value: string) => string;

function withTexts(message: AgentMessage, text: OnText): AgentMessage {
  switch (message.type) {
    case "part-started":
    case "part-ended": {
      const { part } = message;
      const tool = part.tool && { ...part.tool, ...each(part.tool, ["title", "output", "error"], text), ...("input" in part.tool && { input: deep(part.tool.input, text) }) };
      return { ...message, part: { ...part, ...each(part, ["text"], text), ...(tool && { tool }) } };
    }
    case "permission-asked":
      return { ...message, title: text(message.title), patterns: message.patterns.map(text), ...(message.detail && { detail: deep(message.detail, text) }) };
    case "question-asked":
      return { ...message, questions: deep(message.questions, text) };
    case "todo":
      return { ...message, items: message.items.map((item) => ({ ...item, text: text(item.text) })) };
    case "title":
      return { ...message, title: text(message.title) };
    case "turn-ended":
      return { ...message, ...(message.failure && { failure: { ...message.failure, ...each(message.failure, ["message", "fix"], text) } }) };
    case "agent-failed":
      return { ...message, failure: { ...message.failure, ...each(message.failure, ["message", "fix"], text) } };
    default:
      return message;
  }
}

function each<Key extends string>(from: { readonly [key in Key]?: string | undefined }, keys: readonly Key[], text: OnText): { [key in Key]?: string } {
  const pairs = keys.flatMap((key) => (from[key] === undefined ? [] : [[key, text(from[key])]]));
  return Object.fromEntries(pairs) as { [key in Key]?: string };
}

/** Names of fields too: a tool may be given a map by anything. */
function deep<Value>(value: Value, text: OnText): Value {
  if (typeof value === "string") return text(value) as Value;
  if (Array.isArray(value)) return value.map((item: unknown) => deep(item, text)) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), deep(item as unknown, text)])) as Value;
}
