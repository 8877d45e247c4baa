/** OpenCode's parts and requests → Berth's. Pure, one value at a time; what spans a turn is in opencode-turn.ts. */
import type { Part, UpMessage, Usage } from "@berth/protocol";
import { NO_USAGE } from "@berth/protocol";
import type {
  AssistantMessage,
  EventPermissionAsked,
  EventQuestionAsked,
  Part as OpenCodePart,
  ToolPart,
  Todo,
} from "@opencode-ai/sdk/v2/types";

export type SpokenPart = Extract<OpenCodePart, { type: "text" | "reasoning" }>;

/** Parts a person reads. Steps, snapshots, patches and the like are OpenCode's own book-keeping. */
export function isSpoken(part: OpenCodePart): part is SpokenPart {
  return (part.type === "text" && part.ignored !== true) || part.type === "reasoning";
}

export function spokenPart({ id, type }: SpokenPart, text: string): Part {
  return { id, kind: type, text };
}

/** Null while the input is still being written. */
export function toolPart({ id, tool, callID, state }: ToolPart): Part | null {
  if (state.status === "pending") return null;
  const title = "title" in state && state.title ? { title: state.title } : {};
  const common = { name: tool, callId: callID, input: state.input, ...title };
  switch (state.status) {
    case "running":
      return { id, kind: "tool", tool: { ...common, status: "running" } };
    case "completed":
      return { id, kind: "tool", tool: { ...common, status: "completed", output: state.output, ...exitOf(state.metadata) } };
    case "error":
      return { id, kind: "tool", tool: { ...common, status: "failed", error: state.error } };
  }
}

/** Its shell tool says how a command ended; null for one that it ended itself. */
function exitOf({ exit }: Readonly<Record<string, unknown>>): { readonly exitCode?: number } {
  return Number.isInteger(exit) ? { exitCode: exit as number } : {};
}

/** Of more than so much OpenCode tells the end alone, behind this mark. */
const TOLD_UNITS_MAX = 30_000;
const END_MARK = "...\n\n";

/** What a running tool printed so far, for tools that say so. Nothing once only its end is told, which continues no beginning. */
export function outputSoFar({ state }: ToolPart): string {
  const output = state.status === "running" ? state.metadata?.["output"] : undefined;
  if (typeof output !== "string") return "";
  return output.length > TOLD_UNITS_MAX && output.startsWith(END_MARK) ? "" : output;
}

export function usageOf(messages: Iterable<Pick<AssistantMessage, "tokens">>): Usage {
  let usage = NO_USAGE;
  for (const { tokens } of messages) {
    usage = {
      inputTokens: usage.inputTokens + count(tokens.input),
      outputTokens: usage.outputTokens + count(tokens.output),
      reasoningTokens: usage.reasoningTokens + count(tokens.reasoning),
      cacheReadTokens: usage.cacheReadTokens + count(tokens.cache.read),
      cacheWriteTokens: usage.cacheWriteTokens + count(tokens.cache.write),
    };
  }
  return usage;
}

function count(tokens: number): number {
  return Number.isFinite(tokens) ? Math.max(0, Math.round(tokens)) : 0;
}

export function permissionAsked(messageId: string, asked: EventPermissionAsked["properties"]): UpMessage {
  const { id, permission, patterns, metadata } = asked;
  const command = metadata["command"];
  const title = typeof command === "string" ? command : patterns.join(", ") || permission;
  return { type: "permission-asked", messageId, requestId: id, tool: permission, title, patterns, detail: metadata };
}

export function questionAsked(messageId: string, { id, questions }: EventQuestionAsked["properties"]): UpMessage {
  return {
    type: "question-asked",
    messageId,
    requestId: id,
    questions: questions.map(({ question, header, options, multiple }) => ({
      question,
      header,
      options: options.map(({ label, description }) => ({ label, description })),
      ...(multiple === undefined ? {} : { multiple }),
    })),
  };
}

export function todoUpdated(messageId: string, todos: readonly Todo[]): UpMessage {
  return { type: "todo", messageId, items: todos.map(({ content, status }) => ({ text: content, status })) };
}

/** OpenCode's placeholder until its title request is answered. */
const PLACEHOLDER = /^(New|Child) session - \d{4}-/;

export function titleOf(title: string): string | null {
  return title === "" || PLACEHOLDER.test(title) ? null : title;
}
