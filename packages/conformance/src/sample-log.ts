/** A session of one turn: a thought, a text, a tool call and another text. */
import type { WireEvent } from "./wire.ts";

export const MESSAGE = "msg_1";
export const TEXTS = { before: "before the tool 🙂", output: "from the tool\n", after: "after the tool" } as const;

const ABOUT = { messageId: MESSAGE, runId: "run_1" };
const ACTOR = { kind: "user", id: "usr_1", name: "Ada" };
const USAGE = { inputTokens: 1, outputTokens: 1, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

export function sampleLog(): WireEvent[] {
  const text = (id: string, words: string) => [
    { type: "part.started", data: { part: { id, kind: "text", text: "" } }, ...ABOUT },
    { type: "part.ended", data: { part: { id, kind: "text", text: words } }, ...ABOUT },
  ];
  const tool = { name: "bash", callId: "call_1", input: { command: "echo from the tool" } };
  const rows = [
    { type: "session.created", data: { title: "Sample", model: "demo/demo", workspace: { kind: "empty" } }, actor: ACTOR },
    { type: "session.status", data: { status: "idle" } },
    { type: "message.queued", data: { text: "hello", model: "demo/demo", position: 0 }, messageId: MESSAGE, actor: ACTOR },
    { type: "message.status", data: { status: "running" }, messageId: MESSAGE },
    { type: "run.started", data: { model: "demo/demo", epoch: 1 }, ...ABOUT },
    { type: "session.status", data: { status: "running" } },
    ...text("prt_1", TEXTS.before),
    { type: "part.started", data: { part: { id: "prt_2", kind: "tool", tool: { ...tool, status: "running" } } }, ...ABOUT },
    { type: "part.ended", data: { part: { id: "prt_2", kind: "tool", tool: { ...tool, status: "completed", output: TEXTS.output } } }, ...ABOUT },
    ...text("prt_3", TEXTS.after),
    { type: "run.ended", data: { outcome: "completed", usage: USAGE, costMicros: 0 }, ...ABOUT },
    { type: "message.status", data: { status: "completed" }, messageId: MESSAGE },
    { type: "session.status", data: { status: "idle" } },
  ];
  return rows.map((row, at) => ({ seq: at + 1, id: `evt_${at + 1}`, at: new Date(Date.UTC(2026, 0, 2, 3, 4, at)).toISOString(), ...row }));
}

/** Where the parts stand in it. */
export const SEQ = { firstPartStarted: 7, firstPartEnded: 8, toolStarted: 9, toolEnded: 10, secondPartStarted: 11, secondPartEnded: 12, last: 15 } as const;
