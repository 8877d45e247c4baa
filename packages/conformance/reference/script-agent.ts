/** The agent of the reference server: it plays a prompt `{"script": [step, …]}`, as docs/conformance.md describes them. */
import { setTimeout as pause } from "node:timers/promises";
import type { Json } from "./tamper.ts";

interface Step {
  readonly text?: string;
  readonly reasoning?: string;
  readonly tool?: string;
  readonly pieces?: readonly string[];
  readonly everyMs?: number;
  /** Counts, a number each so many milliseconds, until it is stopped. */
  readonly endless?: number;
  readonly sleep?: number;
  readonly ask?: string;
  readonly options?: string[];
}

export interface ScriptStage {
  /** Text so far of the parts that are open. */
  readonly open: Map<string, string>;
  nextPart(): string;
  commit(type: string, data: Json): void;
  delta(partId: string, text: string): void;
  ask(question: string, options: string[]): Promise<void>;
}

/** A script costs nothing. */
export const NO_USAGE = { inputTokens: 0, outputTokens: 0, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

/** Ends early when it is stopped; what was open then ends with its text so far. */
export async function playScript(text: string, stage: ScriptStage, signal: AbortSignal): Promise<void> {
  for (const step of stepsOf(text)) if (!signal.aborted) await play(step, stage, signal).catch(() => undefined);
}

function stepsOf(text: string): readonly Step[] {
  try {
    return (JSON.parse(text) as { script: Step[] }).script;
  } catch {
    return [{ text: `You said: ${text}` }];
  }
}

function* numbers(): Generator<string> {
  for (let number = 1; ; number++) yield `${number} `;
}

async function play(step: Step, stage: ScriptStage, signal: AbortSignal): Promise<void> {
  if (step.sleep !== undefined) return void (await pause(step.sleep, null, { signal }));
  if (step.ask !== undefined) return await stage.ask(step.ask, step.options ?? []);
  const kind = step.tool !== undefined ? "tool" : step.reasoning !== undefined ? "reasoning" : "text";
  const id = stage.nextPart();
  const tool = { name: "bash", callId: id, input: { command: step.tool } };
  const part = (text: string, state: Json): Json => ({ part: kind === "tool" ? { id, kind, tool: { ...tool, ...state } } : { id, kind, text } });
  const pieces = step.endless !== undefined ? numbers() : step.pieces ?? [step.text ?? step.reasoning ?? `${(step.tool ?? "").replace(/^echo /, "")}\n`];
  stage.open.set(id, "");
  stage.commit("part.started", part("", { status: "running" }));
  try {
    const everyMs = step.endless ?? step.everyMs;
    let isFirst = true;
    for (const piece of pieces) {
      if (!isFirst && everyMs) await pause(everyMs, null, { signal });
      isFirst = false;
      stage.delta(id, piece);
    }
  } finally {
    const output = stage.open.get(id) ?? "";
    stage.open.delete(id);
    stage.commit("part.ended", part(output, { status: "completed", output }));
  }
}
