/** What an ACP agent says of a turn, as Berth tells it. */
import { describe, expect, test } from "vitest";
import type { SessionUpdate } from "@agentclientprotocol/sdk/unstable";
import type { UpMessage } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import type { AgentEvent } from "../../ports/agent/agent.port.ts";
import { AcpReplay } from "./acp-replay.ts";
import { AcpTurn } from "./acp-turn.ts";

const text = (words: string, messageId?: string): SessionUpdate => ({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: words }, ...(messageId && { messageId }) });
const thought = (words: string): SessionUpdate => ({ sessionUpdate: "agent_thought_chunk", content: { type: "text", text: words } });
const tool = (rest: Omit<Extract<SessionUpdate, { sessionUpdate: "tool_call_update" }>, "sessionUpdate" | "toolCallId">, toolCallId = "call_1"): SessionUpdate => ({ sessionUpdate: "tool_call_update", toolCallId, ...rest });
const printed = (words: string) => [{ type: "content" as const, content: { type: "text" as const, text: words } }];
const asked = (kinds: readonly ("allow_once" | "allow_always" | "reject_once")[]) => ({
  sessionId: "ses_1",
  toolCall: { toolCallId: "call_1", title: "ls", rawInput: { command: "ls" } },
  options: kinds.map((kind) => ({ optionId: `id-of-${kind}`, name: kind, kind })),
});

const turnOf = () => new AcpTurn("msg_1");
const played = (turn: AcpTurn, updates: readonly SessionUpdate[]): AgentEvent[] => updates.flatMap((update) => turn.apply(update));
const messages = (events: readonly AgentEvent[]): UpMessage[] => events.flatMap((event) => (event.kind === "message" ? [event.message] : []));

function line(event: AgentEvent): string {
  if (event.kind === "delta") return `${event.partId} ${event.offset} "${event.text}"`;
  const { message } = event;
  if (message.type !== "part-started" && message.type !== "part-ended") return message.type;
  const { id, kind, text: words, tool: state } = message.part;
  return `${message.type} ${id} ${state ? `${state.name} ${state.status} "${state.output ?? state.error ?? ""}"` : `${kind} "${words}"`}`;
}

describe("words", () => {
  verifies(["AGT14", "AGT15"], "of one kind and message are one part, and of another the next", () => {
    const turn = turnOf();
    turn.begin();
    expect(played(turn, [thought("hm"), text("one ", "m1"), text("🙂", "m1"), text("", "m1"), text("two", "m2")]).concat(turn.finish({ outcome: "completed" })).map(line)).toEqual([
      'part-started msg_1.1 reasoning ""',
      'msg_1.1 0 "hm"',
      'part-ended msg_1.1 reasoning "hm"',
      'part-started msg_1.2 text ""',
      'msg_1.2 0 "one "',
      'msg_1.2 4 "🙂"',
      'part-ended msg_1.2 text "one 🙂"',
      'part-started msg_1.3 text ""',
      'msg_1.3 0 "two"',
      'part-ended msg_1.3 text "two"',
      "turn-ended",
    ]);
  });

  verifies("AGT17", "before a tool end with it, and go on while it prints", () => {
    const turn = turnOf();
    const said = played(turn, [text("a"), tool({ title: "bash", kind: "execute", status: "in_progress" }), text("b"), tool({ status: "in_progress", content: printed("x") }), text("c")]);
    expect(said.map(line).filter((words) => words.includes("text"))).toEqual(['part-started msg_1.1 text ""', 'part-ended msg_1.1 text "a"', 'part-started msg_1.2 text ""']);
  });
});

describe("a tool", () => {
  verifies("AGT16", "is told once it runs, streams what it prints, and ends with it", () => {
    const turn = turnOf();
    const updates = [
      tool({ title: "bash", kind: "execute", status: "pending" }),
      tool({ title: "echo hi", status: "in_progress", rawInput: { command: "echo hi" } }),
      tool({ status: "in_progress", content: printed("h") }),
      tool({ status: "in_progress", content: printed("hi") }),
      tool({ status: "in_progress", content: printed("...tail") }),
      tool({ status: "completed", content: printed("hi there") }),
      tool({ status: "completed", content: printed("late") }),
    ];
    expect(played(turn, updates).map(line)).toEqual(['part-started msg_1.call_1 bash running ""', 'msg_1.call_1 0 "h"', 'msg_1.call_1 1 "i"', 'part-ended msg_1.call_1 bash completed "hi there"']);
  });

  verifies("AGT16", "that is over at once starts and ends, and one that failed says why beside what it printed", () => {
    const turn = turnOf();
    const [started, ended] = messages(played(turn, [tool({ title: "notes.md", kind: "edit", status: "completed", content: [{ type: "diff", path: "notes.md", oldText: null, newText: "x" }] })]));
    expect([started, ended]).toMatchObject([{ type: "part-started" }, { part: { tool: { name: "edit", title: "notes.md", status: "completed", output: "notes.md" } } }]);
    const failed = messages(played(turn, [tool({ title: "weather", kind: "other", status: "in_progress", content: printed("12") }, "c2"), tool({ status: "failed", content: printed("no net") }, "c2")])).at(-1);
    expect(failed).toMatchObject({ part: { tool: { name: "weather", status: "failed", error: "no net", output: "12" } } });
  });

  verifies(["AGT18", "AGT24"], "is what runs, and fails when the turn ends before it", () => {
    const turn = turnOf();
    expect(turn.activity()).toBe("model");
    played(turn, [tool({ title: "bash", kind: "execute", status: "in_progress", content: printed("some") })]);
    expect(turn.activity()).toBe("bash");
    expect(messages(turn.finish({ outcome: "stopped" }))).toMatchObject([{ type: "turn-started" }, { part: { tool: { status: "failed", output: "some", error: expect.stringMatching(/./) as string } } }, { type: "turn-ended", outcome: "stopped" }]);
  });
});

describe("a question about permission", () => {
  verifies("AGT20", "is of the tool by its name, and takes the option that the answer means", () => {
    const turn = turnOf();
    played(turn, [tool({ title: "bash", kind: "execute", status: "pending" })]);
    expect(messages(turn.asked("ask_1", asked(["allow_once", "allow_always", "reject_once"])))).toMatchObject([{ type: "permission-asked", tool: "bash", title: "ls", patterns: ["ls"], detail: { command: "ls" } }]);
    expect(turn.activity()).toBe("waiting for an answer");
    expect(turn.take("ask_1", { kind: "permission", reply: "always" })).toEqual({ optionId: "id-of-allow_always" });
    expect(turn.take("ask_1", { kind: "permission", reply: "once" })).toBe("gone");
  });

  verifies("AGT22", "never gives more than was said, and can always be refused", () => {
    const turn = turnOf();
    turn.asked("ask_1", asked(["allow_always"]));
    expect(turn.take("ask_1", { kind: "permission", reply: "once" })).toBe("wrong-kind");
    expect(turn.take("ask_1", { kind: "question", answers: [["Yes"]] })).toBe("wrong-kind");
    expect(turn.take("ask_1", { kind: "reject" })).toEqual({ optionId: null });
  });

  verifies("AGT23", "is withdrawn with its turn", () => {
    const turn = turnOf();
    turn.asked("ask_1", asked(["allow_once"]));
    expect(messages(turn.finish({ outcome: "interrupted" }))).toMatchObject([{ type: "turn-started" }, { type: "request-gone", requestId: "ask_1" }, { type: "turn-ended" }]);
    expect(turn.take("ask_1", { kind: "reject" })).toBe("gone");
  });
});

test("a plan is told as what there is to do", () => {
  const plan: SessionUpdate = { sessionUpdate: "plan", entries: [{ content: "first", status: "pending", priority: "high" }] };
  expect(messages(turnOf().apply(plan))).toEqual([{ type: "todo", messageId: "msg_1", items: [{ text: "first", status: "pending" }] }]);
});

verifies("AGT10", "of a session that is loaded again, what follows its newest prompt is kept, and has the ids that it had", () => {
  const prompt = (words: string, messageId?: string): SessionUpdate => ({ sessionUpdate: "user_message_chunk", content: { type: "text", text: words }, ...(messageId && { messageId }) });
  const replay = new AcpReplay();
  for (const update of [prompt("old"), text("gone"), prompt("ne", "u2"), prompt("w", "u2"), text("kept")]) replay.add(update);
  expect(replay.prompt).toBe("new");
  expect(played(turnOf(), replay.updates).map(line)).toEqual(played(turnOf(), [text("kept")]).map(line));
});
