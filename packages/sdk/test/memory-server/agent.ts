/** The directives of the demo model, as far as clients need them: each line of a prompt is one. */
import { setTimeout } from "node:timers/promises";
import type { Failure } from "@berth/protocol";
import type { MemorySession } from "./session.ts";

export interface Turn {
  readonly session: MemorySession;
  readonly messageId: string;
  readonly runId: string;
  readonly text: string;
}

let parts = 0;

export async function runDirectives(turn: Turn, stopped: AbortSignal): Promise<Failure | null> {
  for (const line of turn.text.split("\n")) {
    if (stopped.aborted) return null;
    const [, name = "say", rest = line] = /^!(\w+) ?(.*)$/.exec(line) ?? [];
    const failure = await run(turn, name, rest.replaceAll("\\n", "\n"), stopped);
    if (failure) return failure;
  }
  return null;
}

async function run(turn: Turn, name: string, rest: string, stopped: AbortSignal): Promise<Failure | null> {
  switch (name) {
    case "think":
      await stream(turn, "reasoning", rest.split(/(?<= )/), 0, stopped);
      return null;
    case "stream": {
      const [tokens = 10, perSecond = 100] = rest.split(" ").map(Number);
      await stream(turn, "text", Array.from({ length: tokens }, (_, at) => `token${at + 1} `), 1000 / perSecond, stopped);
      return null;
    }
    case "slow":
      await stream(turn, "text", rest.split(/(?<= )/), 60, stopped);
      return null;
    case "sleep":
      await pause(Number(rest), stopped);
      return null;
    case "bash":
      await bash(turn, rest, stopped);
      return null;
    case "ask":
      await ask(turn, rest);
      return null;
    case "allow":
      await permission(turn, rest);
      return null;
    case "todo":
      turn.session.emit({ type: "todo.updated", messageId: turn.messageId, data: { items: rest.split("; ").map((text, at) => ({ text, status: at === 0 ? "completed" : at === 1 ? "in_progress" : "pending" })) } });
      return null;
    case "fail":
      return { code: "model-failed", message: `The model's provider answered ${rest}`, fix: "Check the key in Settings, or choose another model." };
    default:
      await stream(turn, "text", rest.split(/(?<= )/), 0, stopped);
      return null;
  }
}

async function stream(turn: Turn, kind: "text" | "reasoning", tokens: readonly string[], everyMs: number, stopped: AbortSignal): Promise<void> {
  const { session, messageId, runId } = turn;
  const id = `part_${++parts}`;
  session.openParts.set(id, "");
  session.emit({ type: "part.started", messageId, runId, data: { part: { id, kind, text: "" } } });
  for (const token of tokens) {
    if (stopped.aborted) break;
    session.delta(id, token);
    await pause(everyMs, stopped);
  }
  const text = session.openParts.get(id) ?? "";
  session.openParts.delete(id);
  session.emit({ type: "part.ended", messageId, runId, data: { part: { id, kind, text } } });
}

async function bash(turn: Turn, command: string, stopped: AbortSignal): Promise<void> {
  const { session, messageId, runId } = turn;
  const id = `part_${++parts}`;
  const tool = { name: "bash", callId: id, title: command, input: { command } };
  session.openParts.set(id, "");
  session.emit({ type: "part.started", messageId, runId, data: { part: { id, kind: "tool", tool: { ...tool, status: "running" } } } });
  const wait = /^sleep (\d+)/.exec(command);
  await pause(wait ? Number(wait[1]) * 1000 : 5, stopped);
  const output = command.startsWith("echo ") ? `${command.slice(5)}\n` : SCRIPTED[command] ?? "";
  session.openParts.delete(id);
  const failed = command.startsWith("false");
  session.emit({
    type: "part.ended", messageId, runId,
    data: { part: { id, kind: "tool", tool: failed ? { ...tool, status: "failed", error: "exit code 1", output } : { ...tool, status: "completed", output } } },
  });
}

async function ask(turn: Turn, question: string): Promise<void> {
  const { session, messageId, runId } = turn;
  const requestId = `req_${++parts}`;
  const options = [{ label: "Yes", description: "Go on with it" }, { label: "No", description: "Leave it as it is" }];
  session.emit({ type: "question.asked", messageId, runId, data: { requestId, questions: [{ question, options }] } });
  session.emit({ type: "session.status", data: { status: "waiting", waitingFor: "question" } });
  await session.ask(requestId);
  session.emit({ type: "session.status", data: { status: "running" } });
}

async function permission(turn: Turn, command: string): Promise<void> {
  const { session, messageId, runId } = turn;
  const requestId = `req_${++parts}`;
  session.emit({ type: "permission.asked", messageId, runId, data: { requestId, tool: "bash", title: `Run: ${command}`, patterns: [`${command.split(" ")[0]} *`], detail: { command } } });
  session.emit({ type: "session.status", data: { status: "waiting", waitingFor: "permission" } });
  await session.ask(requestId);
  session.emit({ type: "session.status", data: { status: "running" } });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}

const SCRIPTED: Readonly<Record<string, string>> = {
  "npm test": "\n> orders@2.4.0 test\n> vitest run\n\n ✓ test/totals.test.ts (14 tests) 38ms\n ✓ test/rounding.test.ts (9 tests) 12ms\n\n Test Files  2 passed (2)\n      Tests  23 passed (23)\n   Duration  611ms\n",
  "git diff --stat": " src/totals.ts        | 11 ++++++-----\n test/rounding.test.ts | 27 +++++++++++++++++++++++++++\n 2 files changed, 33 insertions(+), 5 deletions(-)\n",
  "grep -rn toFixed src": "src/totals.ts:18:  return Number((net * (1 + rate)).toFixed(2));\nsrc/totals.ts:31:  const share = (total / lines.length).toFixed(2);\n",
};
