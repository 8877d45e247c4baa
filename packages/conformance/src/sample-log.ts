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

const row = (type: string, data: Readonly<Record<string, unknown>>, messageId?: string): Omit<WireEvent, "seq" | "id" | "at"> => ({ type, data, ...(messageId === undefined ? {} : { messageId }) });
const queued = (id: string, position: number, more: Readonly<Record<string, unknown>> = {}) => row("message.queued", { text: id, model: "demo/demo", position, ...more }, id);

/** What may follow on the sample: a turn for which others wait, and what it asks. */
const LATER = [
  queued("msg_2", 0),
  row("message.status", { status: "running" }, "msg_2"),
  row("run.started", { model: "demo/demo", epoch: 1 }, "msg_2"),
  row("session.status", { status: "running" }),
  queued("msg_3", 1),
  queued("msg_4", 2),
  queued("msg_5", 3),
  row("message.moved", { position: 1 }, "msg_5"),
  row("message.status", { status: "cancelled" }, "msg_3"),
  queued("msg_6", 3, { delivery: "steer" }),
  row("message.status", { status: "running" }, "msg_6"),
  row("message.moved", { position: 2 }, "msg_5"),
  row("question.asked", { requestId: "req_1", questions: [{ question: "Which one?", options: [{ label: "left" }, { label: "right" }] }] }, "msg_2"),
  row("permission.asked", { requestId: "req_2", tool: "bash", title: "date", patterns: ["date"] }, "msg_2"),
  row("request.answered", { requestId: "req_1", answer: { kind: "question", answers: [["left"]] } }, "msg_2"),
  row("request.answered", { requestId: "req_2", answer: { kind: "permission", reply: "once" } }, "msg_2"),
  row("run.ended", { outcome: "completed", usage: USAGE, costMicros: 0 }, "msg_2"),
  row("message.status", { status: "completed" }, "msg_2"),
  row("message.status", { status: "running" }, "msg_4"),
];

export function laterLog(after: number): WireEvent[] {
  return LATER.map((event, at) => ({ seq: after + at + 1, id: `evt_${after + at + 1}`, at: new Date(Date.UTC(2026, 0, 2, 3, 5, at)).toISOString(), ...event }));
}

/** What waits, and what is asked, once the event of that number was given. */
export const SHOWN = [
  { seq: 22, waiting: ["msg_3", "msg_4", "msg_5"], cards: [] },
  { seq: 23, waiting: ["msg_5", "msg_3", "msg_4"], cards: [] },
  { seq: 24, waiting: ["msg_5", "msg_4"], cards: [] },
  { seq: 26, waiting: ["msg_5", "msg_4"], cards: [] },
  { seq: 27, waiting: ["msg_4", "msg_5"], cards: [] },
  { seq: 28, waiting: ["msg_4", "msg_5"], cards: ["req_1"] },
  { seq: 29, waiting: ["msg_4", "msg_5"], cards: ["req_1", "req_2"] },
  { seq: 30, waiting: ["msg_4", "msg_5"], cards: ["req_2"] },
  { seq: 31, waiting: ["msg_4", "msg_5"], cards: [] },
  { seq: 34, waiting: ["msg_5"], cards: [] },
] as const;

/** Where the parts stand in it. */
export const SEQ = { firstPartStarted: 7, firstPartEnded: 8, toolStarted: 9, toolEnded: 10, secondPartStarted: 11, secondPartEnded: 12, last: 15 } as const;
