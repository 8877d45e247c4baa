/** Tool calls in a reader's words. What is not known is shown by its own name. */
import type { ToolState } from "@berth/sdk";
import { duration } from "./format.ts";

export interface ToolSummary {
  readonly verb: string;
  /** What it was done to; empty when the tool says nothing. */
  readonly target: string;
}

const VERBS: Readonly<Record<string, readonly [running: string, done: string]>> = {
  bash: ["Running", "Ran"],
  read: ["Reading", "Read"],
  write: ["Writing", "Wrote"],
  edit: ["Editing", "Edited"],
  grep: ["Searching", "Searched"],
  glob: ["Finding", "Found"],
  webfetch: ["Fetching", "Fetched"],
  task: ["Delegating", "Delegated"],
  todowrite: ["Planning", "Planned"],
  skill: ["Loading", "Loaded"],
};

export function summarize(tool: ToolState): ToolSummary {
  const [running, done] = VERBS[tool.name] ?? [tool.name, tool.name];
  const input = inputOf(tool);
  const target = field(input, "command") ?? field(input, "filePath") ?? field(input, "path") ?? field(input, "pattern") ?? field(input, "url") ?? field(input, "description");
  return { verb: tool.status === "running" ? running : done, target: target ?? tool.title ?? "" };
}

/** The two sides of an edit, when it is one. */
export function editOf(tool: ToolState): { readonly before: string; readonly after: string } | null {
  const input = inputOf(tool);
  const after = field(input, "newString") ?? field(input, "content");
  return after === undefined ? null : { before: field(input, "oldString") ?? "", after };
}

export function commandOf(tool: ToolState): string | undefined {
  return field(inputOf(tool), "command");
}

/** OpenCode's words to the model behind what a command printed, when it ended the command itself. */
const SHELL_NOTE = /\n*<shell_metadata>\n([^]*)\n<\/shell_metadata>\s*$/;

/** What a command printed, and in words why it was ended; null when it ended by itself. */
export function printedBy(output: string): { readonly printed: string; readonly ended: string | null } {
  const note = SHELL_NOTE.exec(output);
  if (note === null) return { printed: output, ended: null };
  const timeout = /exceeding timeout (\d+) ms/.exec(note[1] ?? "")?.[1];
  const ended = timeout === undefined ? "It was stopped before it ended." : `It took longer than its ${duration(Number(timeout))}, and was ended.`;
  return { printed: output.slice(0, note.index), ended };
}

function inputOf(tool: ToolState): Record<string, unknown> {
  return typeof tool.input === "object" && tool.input !== null ? (tool.input as Record<string, unknown>) : {};
}

function field(input: Record<string, unknown>, name: string): string | undefined {
  const value = input[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
