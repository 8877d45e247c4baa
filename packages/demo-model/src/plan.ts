/**
 * Conversation → what to answer now. Pure. The model keeps no state: the tool calls answered since the last prompt say
 * which directive comes next. An answer runs up to and including the next tool call, as a real model's would.
 */
import type { Conversation, OfferedTool } from "./conversation.ts";
import { USAGE, parseDirectives, type Directive } from "./directives.ts";

export type Action =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "stream"; readonly tokens: number; readonly perSecond: number }
  | { readonly kind: "tool"; readonly id: string; readonly name: string; readonly input: Record<string, unknown> }
  | { readonly kind: "fail"; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: "cut" };

type ToolDirective = Extract<Directive, { kind: "bash" | "write" | "ask" }>;
const TOOL_OF: { readonly [K in ToolDirective["kind"]]: string } = { bash: "bash", write: "write", ask: "question" };

const TITLE_WORDS = 6;
const QUOTE_CHARACTERS = 200;

export const ABOUT = [
  "I am Berth's demo model: a stand-in that needs no key and thinks nothing, so I cannot work on a task by myself.",
  "I obey directives, one per line, and they drive the real agent and its real tools; connect a model provider to get real work done.",
  `Try one of these:\n\n${Object.values(USAGE).map((usage) => `- \`${usage}\``).join("\n")}`,
].join(" ");

export function planAnswer(conversation: Conversation): readonly Action[] {
  const prompt = conversation.userMessages.at(-1) ?? "";
  if (/\btitle generator\b/i.test(conversation.system)) return [{ kind: "text", text: titleOf(prompt) }];
  if (/\bsummariz/i.test(conversation.system) && conversation.tools.length === 0) return [{ kind: "text", text: summaryOf(conversation) }];

  const directives = parseDirectives(prompt);
  if (directives.length === 0) return [{ kind: "text", text: ABOUT }];

  const actions: Action[] = [];
  let toolsPassed = 0;
  for (const directive of directives) {
    const tool = toolFor(directive, conversation.tools);
    const isNow = toolsPassed === conversation.outputs.length;
    if (!tool) {
      if (isNow) actions.push(withoutTool(directive, conversation));
      continue;
    }
    if (isNow) return [...actions, callOf(directive as ToolDirective, tool, conversation)];
    toolsPassed += 1;
  }
  const output = conversation.outputs.at(-1);
  return output === undefined ? actions : [...actions, { kind: "text", text: closing(output) }];
}

function toolFor(directive: Directive, tools: readonly OfferedTool[]): OfferedTool | undefined {
  if (!(directive.kind in TOOL_OF)) return undefined;
  const name = TOOL_OF[directive.kind as ToolDirective["kind"]];
  return tools.find((tool) => tool.name === name);
}

function callOf(directive: ToolDirective, tool: OfferedTool, conversation: Conversation): Action {
  const id = `call_demo_${conversation.length}_${conversation.outputs.length}`;
  return { kind: "tool", id, name: tool.name, input: argumentsOf(directive, tool.schema) };
}

function argumentsOf(directive: ToolDirective, schema: Record<string, unknown>): Record<string, unknown> {
  switch (directive.kind) {
    case "bash":
      return { command: directive.command, description: `Run ${clip(directive.command, 60)}` };
    case "write":
      return { filePath: directive.path, content: directive.content };
    case "ask": {
      const labels = directive.options.length > 0 ? directive.options : ["Yes", "No"];
      const options = labels.map((label) => ({ label, description: label }));
      const question = { question: directive.question, header: clip(directive.question, 28), options };
      const properties = (schema["properties"] ?? {}) as Record<string, unknown>;
      return "questions" in properties ? { questions: [question] } : question;
    }
  }
}

function withoutTool(directive: Directive, conversation: Conversation): Action {
  switch (directive.kind) {
    case "say":
      return { kind: "text", text: directive.text };
    case "think":
      return { kind: "reasoning", text: directive.text };
    case "usage":
      return { kind: "text", text: `Write it like this: ${directive.usage}` };
    case "recall":
      return { kind: "text", text: recall(conversation.userMessages) };
    case "bash":
    case "write":
    case "ask":
      return { kind: "text", text: `I was not offered the tool ${TOOL_OF[directive.kind]} here, so I skip that directive.` };
    default:
      return directive;
  }
}

function recall(userMessages: readonly string[]): string {
  const remembered = userMessages.find((message) => /^\s*remember\b/i.test(message));
  return remembered === undefined ? "You have not asked me to remember anything in this conversation." : `You said: ${remembered.trim()}`;
}

function closing(output: string): string {
  const quoted = clip(output.trim(), QUOTE_CHARACTERS);
  return quoted === "" ? "Done. The tool printed nothing." : `Done. The tool answered: ${quoted}`;
}

function titleOf(prompt: string): string {
  const [firstLine = ""] = prompt.replace(/^Generate a title for this conversation:\s*/i, "").trim().split("\n");
  const words = firstLine
    .split(/\s+/)
    .map((word) => word.replace(/^[!"'`]+|["'`]+$/g, ""))
    .filter((word) => word !== "")
    .slice(0, TITLE_WORDS);
  return clip(words.join(" "), 50) || "Demo session";
}

function summaryOf({ userMessages }: Conversation): string {
  const remembered = userMessages.map((message) => `- ${clip(message.trim().replaceAll("\n", " "), QUOTE_CHARACTERS)}`);
  return `Summary by the demo model, which only repeats what it was told:\n${remembered.join("\n")}`;
}

function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
