import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { verifies } from "@berth/testkit";
import type { Event } from "@opencode-ai/sdk/v2/types";
import type { AgentEvent } from "../../ports/agent/agent.port.ts";
import { OpenCodeTurn, type StoredMessage } from "./opencode-turn.ts";

const SESSION = "ses_e05b8cd73ffeEYZVUhCva88bdS";
const PROMPT = "msg_1fa4732e8001Nb5SEqrSXFVh1j";
const ANSWER = "msg_1fa47377d001n2sXEgIZCtGYN5";
const TOKENS = { input: 1, output: 2, reasoning: 3, cache: { read: 4, write: 5 } };

/** Recorded from OpenCode 1.18.33: thought, text, a bash call, text. */
const captured = JSON.parse(readFileSync(new URL("opencode-turn.captured.json", import.meta.url), "utf8")) as Event[];

const turnOf = (openCodeId = PROMPT): OpenCodeTurn => new OpenCodeTurn("msg_berth", openCodeId, SESSION);
const played = (turn: OpenCodeTurn, events: readonly unknown[]): AgentEvent[] => events.flatMap((event) => turn.apply(event as Event));
const messages = (events: readonly AgentEvent[]) => events.flatMap((event) => (event.kind === "message" ? [event.message] : []));
const line = (event: AgentEvent): string => {
  if (event.kind === "delta") return `delta ${event.offset} ${JSON.stringify(event.text)}`;
  const { message } = event;
  if (!("part" in message)) return "outcome" in message ? `${message.type} ${message.outcome}` : message.type;
  const { kind, text, tool } = message.part;
  return [message.type, kind, tool ? `${tool.name} ${tool.status}` : JSON.stringify(text)].join(" ");
};

const answering = (extra: object = {}): unknown => ({
  type: "message.updated",
  properties: { sessionID: SESSION, info: { id: ANSWER, role: "assistant", sessionID: SESSION, time: { created: 1 }, tokens: TOKENS, ...extra } },
});
const part = (fields: object): unknown => ({
  type: "message.part.updated",
  properties: { sessionID: SESSION, part: { id: "prt_1", sessionID: SESSION, messageID: ANSWER, ...fields } },
});
const text = (value: string, end?: number): unknown => part({ type: "text", text: value, time: { start: 1, ...(end !== undefined && { end }) } });
const delta = (value: string): unknown => ({
  type: "message.part.delta",
  properties: { sessionID: SESSION, messageID: ANSWER, partID: "prt_1", field: "text", delta: value },
});
const status = (value: object): unknown => ({ type: "session.status", properties: { sessionID: SESSION, status: value } });
const stored = (info: object, parts: readonly object[] = []): StoredMessage => ({ info, parts }) as unknown as StoredMessage;

describe("a turn of OpenCode", () => {
  verifies("AGT31", "what was told of a full disk before it began does not end it as failed", () => {
    const full = { type: "session.error", properties: { sessionID: SESSION, error: { name: "UnknownError", data: { message: "SQLITE_FULL: database or disk is full" } } } };
    const before = turnOf();
    played(before, [full]);
    expect(before.failure).toMatchObject({ code: "agent-storage" });
    played(before, [status({ type: "busy" }), answering(), text("Done.", 2), answering({ finish: "stop", time: { created: 1, completed: 2 } })]);
    expect(messages(before.finish()).at(-1)).toMatchObject({ type: "turn-ended", outcome: "completed" });
    const during = turnOf();
    played(during, [status({ type: "busy" }), answering(), full]);
    expect(messages(during.finish()).at(-1)).toMatchObject({ type: "turn-ended", outcome: "failed" });
  });

  verifies(["AGT5", "AGT14", "AGT15", "AGT16", "AGT17", "AGT19"], "a recorded turn is told in order and whole", () => {
    const turn = turnOf();
    expect([...played(turn, captured), ...turn.finish()].map(line)).toEqual([
      "turn-started",
      'part-started reasoning ""',
      'delta 0 "think think"',
      'part-ended reasoning "think think"',
      'part-started text ""',
      'delta 0 "I will "',
      'delta 7 "run it."',
      "part-started tool bash running",
      'part-ended text "I will run it."',
      'delta 0 "hi\\n"',
      expect.stringMatching(/^delta 3 "\/work/),
      "part-ended tool bash completed",
      'part-started text ""',
      'delta 0 "Result was: "',
      expect.stringMatching(/^delta 12 "hi/),
      expect.stringMatching(/^part-ended text "Result was: hi/),
      "turn-ended completed",
    ]);
    expect(turn.finished).toBe(true);
  });

  verifies("AGT14", "events that come twice are told once", () => {
    const turn = turnOf();
    const once = played(turn, captured);
    expect(played(turn, captured)).toEqual([]);
    expect(once.length).toBeGreaterThan(10);
  });

  verifies("AGT5", "usage is the sum over the turn's answers", () => {
    const turn = turnOf();
    turn.reconcile([stored({ id: ANSWER, role: "assistant", tokens: TOKENS, time: {} }), stored({ id: `${ANSWER}z`, role: "assistant", tokens: TOKENS, time: {} })]);
    expect(messages(turn.finish()).at(-1)).toMatchObject({
      usage: { inputTokens: 2, outputTokens: 4, reasoningTokens: 6, cacheReadTokens: 8, cacheWriteTokens: 10 },
    });
  });

  verifies("AGT27", "what steered a turn is unanswered until an answer names it as its parent", () => {
    const turn = turnOf();
    const user = (id: string): StoredMessage => stored({ id, role: "user" }, [{ id: `prt_${id}`, messageID: id, type: "text", text: "go on" }]);
    const answer = (id: string, parentID: string, extra = {}): StoredMessage =>
      stored({ id, role: "assistant", parentID, finish: "stop", tokens: TOKENS, time: { completed: 1 }, ...extra });
    turn.expectSteer("msg_1fa478");
    turn.expectSteer("msg_1fa479");
    turn.reconcile([user(PROMPT), answer(ANSWER, PROMPT), stored({ id: "msg_1fa478", role: "user" })]);
    expect([turn.unanswered, turn.finished, turn.hasSteer("msg_1fa478")], "stored without what it says").toEqual([null, true, false]);
    turn.reconcile([user("msg_1fa478"), user("msg_1fa479")]);
    expect([turn.unanswered, turn.finished, turn.hasSteer("msg_1fa478")]).toEqual(["msg_1fa479", false, true]);
    turn.reconcile([answer("msg_1fa480", "msg_1fa479")]);
    expect([turn.unanswered, turn.finished]).toEqual([null, true]);
    expect(messages(turn.finish()).at(-1)).toMatchObject({ messageId: "msg_berth", outcome: "completed", usage: { outputTokens: 4 } });
  });

  verifies("AGT29", "a turn of the past has the answers to what steered it", () => {
    const steers = ["msg_1fa478"];
    const turn = new OpenCodeTurn("msg_berth", PROMPT, SESSION, "msg_1fa5", steers);
    turn.reconcile([stored({ id: PROMPT, role: "user" }), stored({ id: "msg_1fa478", role: "user" }, [{ id: "prt_2", messageID: "msg_1fa478", type: "text", text: "go on" }])]);
    expect([turn.seen, turn.unanswered, turn.finished]).toEqual([true, "msg_1fa478", false]);
  });

  test("an answer to an earlier prompt is not this turn's, nor one to a later prompt", () => {
    const late = stored({ id: "msg_0fa4", role: "assistant", tokens: TOKENS, time: {} }, [{ id: "p", messageID: "msg_0fa4", type: "text", text: "old", time: { start: 1, end: 2 } }]);
    expect(turnOf().reconcile([late])).toEqual([]);
    const past = new OpenCodeTurn("msg_berth", PROMPT, SESSION, "msg_1fa47377c001");
    expect(past.reconcile([stored({ id: ANSWER, role: "assistant", tokens: TOKENS, time: {} })])).toEqual([]);
  });

  verifies("agent:events:stream-cut", "after a gap text streams no more and ends whole", () => {
    const turn = turnOf();
    played(turn, [answering(), text(""), delta("one ")]);
    turn.markGap();
    expect(played(turn, [delta("three")])).toEqual([]);
    expect(played(turn, [text("one two three", 2)]).map(line)).toEqual(['part-ended text "one two three"']);
  });

  verifies("agent:events:stream-cut", "text first met in the store is told whole once it ends", () => {
    const turn = turnOf();
    const open = { id: "prt_1", messageID: ANSWER, type: "text", text: "", time: { start: 1 } };
    turn.reconcile([stored({ id: ANSWER, role: "assistant", tokens: TOKENS, time: {} }, [open])]);
    expect(played(turn, [delta("tail")])).toEqual([]);
    expect(played(turn, [text("head and tail", 2)]).map(line)).toEqual(['part-started text ""', 'delta 0 "head and tail"', 'part-ended text "head and tail"']);
  });

  verifies("AGT18", "what is open is ended when the model is asked again and when the turn ends", () => {
    const turn = turnOf();
    played(turn, [answering(), text(""), delta("half ")]);
    const again = played(turn, [status({ type: "retry", attempt: 1, message: "reset", next: 0 })]);
    expect(again.map(line)).toEqual(['part-ended text "half "']);
    expect(turn.activity()).toBe("waiting to ask the model again: reset");
    const tool = { type: "tool", tool: "bash", callID: "c", state: { status: "running", input: { command: "x" }, metadata: { output: "some" }, time: { start: 1 } } };
    played(turn, [status({ type: "busy" }), part({ ...tool, id: "prt_2" })]);
    expect(turn.activity()).toBe("bash");
    const [ended] = messages(turn.finish());
    expect(ended).toMatchObject({ type: "part-ended", part: { tool: { status: "failed", output: "some", error: expect.stringMatching(/./) } } });
  });

  verifies("AGT16", "a command that ended by itself says with which code, and one that was ended says none", () => {
    const tool = { type: "tool", tool: "bash", callID: "c" };
    const ended = (exit: number | null) => {
      const [, over] = messages(played(turnOf(), [answering(), part({ ...tool, state: { status: "completed", input: {}, output: "", title: "", metadata: { exit }, time: { start: 1, end: 2 } } })]).filter((event) => event.kind === "message" && event.message.type !== "turn-started"));
      return over;
    };
    expect(ended(3)).toMatchObject({ type: "part-ended", part: { tool: { status: "completed", exitCode: 3 } } });
    expect(ended(0)).toMatchObject({ part: { tool: { exitCode: 0 } } });
    expect(ended(null)).not.toHaveProperty("part.tool.exitCode");
  });

  verifies("AGT16", "a tool whose input is still written is not told, and one that fails at once starts and ends", () => {
    const turn = turnOf();
    const tool = { type: "tool", tool: "bash", callID: "c" };
    expect(played(turn, [answering(), part({ ...tool, state: { status: "pending", input: {}, raw: "" } })]).map(line)).toEqual(["turn-started"]);
    const failed = played(turn, [part({ ...tool, state: { status: "error", input: {}, error: "bad input", time: { start: 1, end: 1 } } })]);
    expect(failed.map(line)).toEqual(["part-started tool bash running", "part-ended tool bash failed"]);
  });

  verifies("AGT15", "of a tool that prints much only the beginning is streamed, and not the end that OpenCode tells of it", () => {
    const turn = turnOf();
    const running = (output: string) => part({ type: "tool", tool: "bash", callID: "c", state: { status: "running", input: {}, metadata: { output }, time: { start: 1 } } });
    const [beginning, end] = ["1 2 3 ", `...\n\n${"9".repeat(30_000)}`];
    expect(played(turn, [answering(), running(beginning), running(end)]).map(line)).toEqual(["turn-started", "part-started tool bash running", `delta 0 "${beginning}"`]);
    expect(played(turnOf(), [answering(), running(end)]).map(line)).toEqual(["turn-started", "part-started tool bash running"]);
  });

  test("a summary and parts that are ignored are not told", () => {
    const turn = turnOf();
    expect(played(turn, [answering({ summary: true }), text("a summary", 2)]).map(line)).toEqual(["turn-started"]);
    expect(played(turn, [answering(), part({ type: "text", text: "note", ignored: true, time: { start: 1, end: 2 } })])).toEqual([]);
  });

  test("another session's parts are not told, its questions are", () => {
    const turn = turnOf();
    const elsewhere = structuredClone(text("x", 2)) as { properties: { sessionID: string } };
    elsewhere.properties.sessionID = "ses_child";
    expect(played(turn, [answering(), elsewhere]).map(line)).toEqual(["turn-started"]);
    const asked = { type: "permission.asked", properties: { id: "per_1", sessionID: "ses_child", permission: "bash", patterns: ["ls"], metadata: {}, always: [] } };
    expect(messages(played(turn, [asked]))).toMatchObject([{ type: "permission-asked", requestId: "per_1", title: "ls" }]);
  });

  verifies("AGT23", "a request that somebody else answered is withdrawn, one we answered is not", () => {
    const turn = turnOf();
    const asked = (id: string): unknown => ({ type: "question.asked", properties: { id, sessionID: SESSION, questions: [] } });
    played(turn, [asked("que_1"), asked("que_2"), asked("que_3")]);
    turn.answered("que_1");
    const replied = (requestID: string): unknown => ({ type: "question.replied", properties: { sessionID: SESSION, requestID, answers: [] } });
    expect(messages(played(turn, [replied("que_1"), replied("que_2")]))).toEqual([{ type: "request-gone", requestId: "que_2" }]);
    expect(messages(turn.finish())).toContainEqual({ type: "request-gone", requestId: "que_3" });
  });

  verifies("AGT12", "the first error of a turn is its failure, an abort is none", () => {
    const turn = turnOf();
    const error = (name: string, data: object): unknown => ({ type: "session.error", properties: { sessionID: SESSION, error: { name, data } } });
    played(turn, [error("MessageAbortedError", { message: "Aborted" }), error("APIError", { message: "no", statusCode: 401 }), error("UnknownError", { message: "later" })]);
    expect(messages(turn.finish()).at(-1)).toMatchObject({ outcome: "failed", failure: { code: "model-unauthorized", message: "no" } });
  });

  test("todos are told", () => {
    const todo = { type: "todo.updated", properties: { sessionID: SESSION, todos: [{ content: "first", status: "pending", priority: "high" }] } };
    expect(messages(played(turnOf(), [todo]))).toEqual([{ type: "todo", messageId: "msg_berth", items: [{ text: "first", status: "pending" }] }]);
  });
});
