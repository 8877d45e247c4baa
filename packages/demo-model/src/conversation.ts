/** What the demo model reads from a request, whichever wire it came by: the last prompt and what happened after it. */

export interface OfferedTool {
  readonly name: string;
  /** JSON schema of its arguments. */
  readonly schema: Record<string, unknown>;
}

export interface Conversation {
  readonly system: string;
  /** Every message of the user, oldest first. */
  readonly userMessages: readonly string[];
  /** Outputs of the tool calls answered since the last user message, oldest first. */
  readonly outputs: readonly string[];
  readonly tools: readonly OfferedTool[];
  /** Count of messages, which makes ids deterministic and unique within a conversation. */
  readonly length: number;
  /** Characters of everything the model was sent. */
  readonly characters: number;
}

type Json = Record<string, unknown>;

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const string = (value: unknown): string => (typeof value === "string" ? value : "");

/** Text of a content that is a string or a list of blocks. */
function text(content: unknown): string {
  if (typeof content === "string") return content;
  return list(content)
    .map((block) => string(object(block)["text"]))
    .filter((piece) => piece !== "")
    .join("\n");
}

/** Collects prompts and outputs in order: a prompt starts a new turn and forgets the outputs before it. */
class Transcript {
  readonly userMessages: string[] = [];
  outputs: string[] = [];

  prompt(prompt: string): void {
    this.userMessages.push(prompt);
    this.outputs = [];
  }
}

export function fromOpenAi(body: Json): Conversation {
  const messages = list(body["messages"]).map(object);
  const transcript = new Transcript();
  const system: string[] = [];
  for (const message of messages) {
    const content = text(message["content"]);
    const role = message["role"];
    if (role === "system" || role === "developer") system.push(content);
    if (role === "user") transcript.prompt(content);
    if (role === "tool") transcript.outputs.push(content);
  }
  const tools = list(body["tools"]).map((tool) => {
    const { name, parameters } = object(object(tool)["function"]);
    return { name: string(name), schema: object(parameters) };
  });
  return finish(body, transcript, system.join("\n"), tools, messages.length);
}

export function fromAnthropic(body: Json): Conversation {
  const messages = list(body["messages"]).map(object);
  const transcript = new Transcript();
  for (const message of messages) {
    if (message["role"] !== "user") continue;
    const content = message["content"];
    const results = list(content).map(object).filter((block) => block["type"] === "tool_result");
    for (const result of results) transcript.outputs.push(text(result["content"]));
    const prompt = text(content);
    if (prompt !== "") transcript.prompt(prompt);
  }
  const tools = list(body["tools"]).map((tool) => {
    const { name, input_schema } = object(tool);
    return { name: string(name), schema: object(input_schema) };
  });
  return finish(body, transcript, text(body["system"]), tools, messages.length);
}

function finish(body: Json, { userMessages, outputs }: Transcript, system: string, tools: OfferedTool[], length: number): Conversation {
  const characters = JSON.stringify(body["messages"] ?? []).length + JSON.stringify(body["tools"] ?? []).length + system.length;
  return { system, userMessages, outputs, tools, length, characters };
}
