/** Values of the Agent Client Protocol → Berth's. Pure, one value at a time; what spans a turn is in acp-turn.ts. */
import { NO_USAGE, type Answer, type ToolState, type UpMessage, type Usage } from "@berth/protocol";
import type { ContentBlock, PermissionOption, PlanEntry, PromptResponse, SessionConfigOption, ToolCallContent, ToolCallUpdate, ToolKind } from "@agentclientprotocol/sdk/unstable";

/** What is known of a tool call so far; an update says only what has changed. */
export interface ToolCallSoFar {
  readonly callId: string;
  readonly name: string;
  readonly title?: string;
  readonly status: "pending" | "in_progress" | "completed" | "failed";
  readonly input?: unknown;
  readonly output: string;
}

/** The page knows a tool by its name, and ACP names kinds of them. */
const NAMES: { readonly [K in ToolKind]?: string } = {
  read: "read",
  edit: "edit",
  delete: "delete",
  move: "move",
  search: "grep",
  execute: "bash",
  think: "think",
  fetch: "webfetch",
};

export function toolSoFar(known: ToolCallSoFar | undefined, update: ToolCallUpdate): ToolCallSoFar {
  const title = update.title ?? known?.title;
  const input = update.rawInput ?? known?.input;
  return {
    callId: update.toolCallId,
    name: known?.name ?? nameOf(update),
    status: update.status ?? known?.status ?? "pending",
    output: outputOf(update) ?? known?.output ?? "",
    ...(title === undefined ? {} : { title }),
    ...(input === undefined ? {} : { input }),
  };
}

/** The first word about a tool that has no kind of its own is mostly its name. */
function nameOf({ name, kind, title }: ToolCallUpdate): string {
  return name ?? NAMES[kind ?? "other"] ?? /^[\w.:-]{1,64}$/.exec(title ?? "")?.[0] ?? "tool";
}

export function toolState({ callId, name, title, status, input, output }: ToolCallSoFar): ToolState {
  const common = { name, callId, ...(title === undefined || title === name ? {} : { title }), ...(input === undefined ? {} : { input }) };
  if (status === "completed") return { ...common, status, output };
  if (status === "failed") return { ...common, status, error: output === "" ? "The tool failed." : output };
  return { ...common, status: "running" };
}

/** Null when the update says nothing about it. */
function outputOf({ content, rawOutput }: ToolCallUpdate): string | null {
  if (content && content.length > 0) return content.map(textOfToolContent).filter((text) => text !== "").join("\n");
  if (typeof rawOutput === "string") return rawOutput;
  const { output } = (rawOutput ?? {}) as { output?: unknown };
  return typeof output === "string" ? output : null;
}

function textOfToolContent(content: ToolCallContent): string {
  if (content.type === "content") return textOf(content.content);
  return content.type === "diff" ? content.path : "";
}

export function textOf(content: ContentBlock): string {
  if (content.type === "text") return content.text;
  if (content.type === "resource_link") return content.uri;
  return content.type === "resource" && "text" in content.resource ? content.resource.text : "";
}

export function usageOf({ usage }: Pick<PromptResponse, "usage">): Usage {
  if (!usage) return NO_USAGE;
  return {
    inputTokens: count(usage.inputTokens),
    outputTokens: count(usage.outputTokens),
    reasoningTokens: count(usage.thoughtTokens),
    cacheReadTokens: count(usage.cachedReadTokens),
    cacheWriteTokens: count(usage.cachedWriteTokens),
  };
}

function count(tokens: number | null | undefined): number {
  return Number.isFinite(tokens) ? Math.max(0, Math.round(tokens as number)) : 0;
}

export function todoOf(messageId: string, entries: readonly PlanEntry[]): Extract<UpMessage, { type: "todo" }> {
  return { type: "todo", messageId, items: entries.map(({ content, status }) => ({ text: content, status })) };
}

/** Null when the agent offers nothing of that kind: more is never given than was said. */
export function optionFor(reply: Extract<Answer, { kind: "permission" }>["reply"], options: readonly PermissionOption[]): string | null {
  const kinds = { once: ["allow_once"], always: ["allow_always", "allow_once"], reject: ["reject_once", "reject_always"] } as const;
  const wanted: readonly string[] = kinds[reply];
  return wanted.flatMap((kind) => options.filter((option) => option.kind === kind))[0]?.optionId ?? null;
}

export interface ModelChoice {
  readonly configId: string;
  readonly current: string;
  readonly offered: readonly string[];
}

/** Null when the agent does not let its model be chosen. */
export function modelChoice(options: readonly SessionConfigOption[] | null | undefined): ModelChoice | null {
  const option = options?.find(({ category, type }) => category === "model" && type === "select");
  if (option?.type !== "select") return null;
  const offered = option.options.flatMap((entry) => ("options" in entry ? entry.options : [entry])).map(({ value }) => value);
  return { configId: option.id, current: option.currentValue, offered };
}
