/** The agent of the reference server: it plays a prompt `{"script": [step, …]}`, as docs/conformance.md describes them. */
import { setTimeout as pause } from "node:timers/promises";
import type { Json } from "./tamper.ts";

interface Step {
  readonly text?: string;
  readonly reasoning?: string;
  readonly tool?: string;
  /** A tool call that may run once it is permitted. */
  readonly permit?: string;
  /** A tool call that prints the numbers up to this one, each with characters of several bytes. */
  readonly print?: number;
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
  /** Waits for the answer; throws once the turn is stopped. */
  ask(kind: "question" | "permission", data: Json): Promise<Json>;
  /** The text of the next message that was given to the turn. */
  steered(): string | undefined;
}

export interface Part extends Json {
  readonly kind: string;
  readonly tool?: Json & { readonly output?: string };
}

/** A script costs nothing. */
export const NO_USAGE = { inputTokens: 0, outputTokens: 0, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

/** Ends early when it is stopped; what was open then ends with its text so far. What steers it comes next. */
export async function playScript(text: string, stage: ScriptStage, signal: AbortSignal): Promise<void> {
  const left = [...stepsOf(text)];
  while (!signal.aborted) {
    const steered = stage.steered();
    if (steered !== undefined) left.unshift(...stepsOf(steered));
    const step = left.shift();
    if (step) await play(step, stage, signal).catch(() => undefined);
    else if (steered === undefined) return;
  }
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

/** In two pieces, so that the first is seen before all is printed. */
function printed(upTo: number): string[] {
  const text = Array.from({ length: upTo }, (_, at) => `${at + 1} é🙂`).join(" ");
  const middle = text.indexOf(" ", text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

const PRINT_MS = 10;

async function play(step: Step, stage: ScriptStage, signal: AbortSignal): Promise<void> {
  if (step.sleep !== undefined) return void (await pause(step.sleep, null, { signal }));
  const { ask, options = [], permit } = step;
  if (ask !== undefined) return void (await stage.ask("question", { questions: [{ question: ask, options: options.map((label) => ({ label })) }] }));
  const command = step.tool ?? permit ?? (step.print === undefined ? undefined : `print ${step.print}`);
  if (permit !== undefined && (await stage.ask("permission", { tool: "bash", title: permit, patterns: [permit] }))["reply"] === "reject") return;
  const kind = command !== undefined ? "tool" : step.reasoning !== undefined ? "reasoning" : "text";
  const id = stage.nextPart();
  const tool = { name: "bash", callId: id, input: { command } };
  const part = (text: string, state: Json): Json => ({ part: kind === "tool" ? { id, kind, tool: { ...tool, ...state } } : { id, kind, text } });
  const pieces = step.endless !== undefined ? numbers() : step.print !== undefined ? printed(step.print) : step.pieces ?? [step.text ?? step.reasoning ?? `${(command ?? "").replace(/^echo /, "")}\n`];
  stage.open.set(id, "");
  stage.commit("part.started", part("", { status: "running" }));
  try {
    const everyMs = step.endless ?? (step.print === undefined ? step.everyMs : PRINT_MS);
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
