import { expect, test } from "vitest";
import { fromAnthropic, fromOpenAi } from "../src/conversation.ts";
import { parseDirectives } from "../src/directives.ts";
import { ABOUT, planAnswer } from "../src/plan.ts";

const tools = [
  { type: "function", function: { name: "bash", parameters: { properties: { command: {}, description: {} } } } },
  { type: "function", function: { name: "write", parameters: {} } },
  { type: "function", function: { name: "question", parameters: { properties: { questions: { type: "array" } } } } },
];
const user = (content: unknown) => ({ role: "user", content });
const assistant = { role: "assistant", content: null, tool_calls: [{ id: "c", function: { name: "bash", arguments: "{}" } }] };
const output = (content: string) => ({ role: "tool", tool_call_id: "c", content });
const plan = (messages: unknown[], extra: Record<string, unknown> = {}) => planAnswer(fromOpenAi({ messages, tools, ...extra }));

test("directives are read one per line and other lines are left alone", () => {
  expect(parseDirectives("please\n!bash echo a | wc\n  !sleep 20\n!nonsense\n!cut")).toEqual([
    { kind: "bash", command: "echo a | wc" },
    { kind: "sleep", ms: 20 },
    { kind: "cut" },
  ]);
});

test.each([
  ["!bash", { kind: "usage", usage: "!bash <command>" }],
  ["!sleep soon", { kind: "usage", usage: "!sleep <milliseconds>" }],
  ["!fail 200", { kind: "usage", usage: "!fail <status> [retry-after]" }],
  ["!fail 429 3", { kind: "fail", status: 429, retryAfter: "3" }],
  ["!stream 5000 500", { kind: "stream", tokens: 5000, perSecond: 500 }],
  ["!stream 5", { kind: "stream", tokens: 5, perSecond: 50 }],
  ["!write a/b.txt one\\ntwo  three", { kind: "write", path: "a/b.txt", content: "one\ntwo  three" }],
  ["!ask Which? | red | blue", { kind: "ask", question: "Which?", options: ["red", "blue"] }],
])("%s is read with its arguments checked", (line, directive) => {
  expect(parseDirectives(line)).toEqual([directive]);
});

test("an answer runs up to the next tool call, and the answered calls say where to go on", () => {
  const prompt = user("!say first\n!bash one\n!say second\n!bash two\n!say third");
  expect(plan([prompt])).toEqual([
    { kind: "text", text: "first" },
    { kind: "tool", id: "call_demo_1_0", name: "bash", input: { command: "one", description: "Run one" } },
  ]);
  expect(plan([prompt, assistant, output("1")])).toMatchObject([{ text: "second" }, { name: "bash", input: { command: "two" } }]);
  expect(plan([prompt, assistant, output("1"), assistant, output("2\n")])).toEqual([
    { kind: "text", text: "third" },
    { kind: "text", text: "Done. The tool answered: 2" },
  ]);
});

test("tool calls of an earlier turn do not count", () => {
  expect(plan([user("!bash a"), assistant, output("x"), user("!bash b")])).toMatchObject([{ kind: "tool", input: { command: "b" } }]);
});

test("a question takes the shape that the offered tool wants", () => {
  expect(plan([user("!ask Go on?")])).toMatchObject([
    { name: "question", input: { questions: [{ question: "Go on?", header: "Go on?", options: [{ label: "Yes" }, { label: "No" }] }] } },
  ]);
});

test("a tool that is not offered is said so, and the rest goes on", () => {
  expect(plan([user("!bash ls\n!say after")], { tools: [] })).toEqual([
    { kind: "text", text: "I was not offered the tool bash here, so I skip that directive." },
    { kind: "text", text: "after" },
  ]);
});

test("without directives it says what it is, also when asked to run something", () => {
  expect(plan([user("run ls -la please")])).toEqual([{ kind: "text", text: ABOUT }]);
});

test("a title is made of the prompt's first words, and its directives are not obeyed", () => {
  const system = { role: "system", content: "You are a title generator. You output ONLY a thread title." };
  expect(plan([system, user("Generate a title for this conversation:\n"), user("!bash echo one two three four five six")])).toEqual([
    { kind: "text", text: "bash echo one two three four" },
  ]);
});

test("a request to summarize is not obeyed either", () => {
  const system = { role: "system", content: "You are a context summarization agent." };
  expect(plan([system, user("!fail 500")], { tools: [] })).toMatchObject([{ kind: "text" }]);
});

test("recall quotes the first message that began with remember", () => {
  const messages = [user("hello"), user("Remember the word heron"), user("remember the word stork"), user("!recall")];
  expect(plan(messages)).toEqual([{ kind: "text", text: "You said: Remember the word heron" }]);
});

test("Anthropic's blocks are read in order: results, then the next prompt", () => {
  const messages = [
    user([{ type: "text", text: "!bash a\n!bash b" }]),
    { role: "assistant", content: [{ type: "tool_use", id: "t", name: "bash", input: {} }] },
    user([{ type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "out" }] }]),
  ];
  const anthropicTools = [{ name: "bash", input_schema: {} }];
  expect(planAnswer(fromAnthropic({ messages, tools: anthropicTools }))).toMatchObject([{ kind: "tool", input: { command: "b" } }]);
  const next = [...messages.slice(0, 2), user([{ type: "tool_result", content: "out" }, { type: "text", text: "!bash c" }])];
  expect(planAnswer(fromAnthropic({ messages: next, tools: anthropicTools }))).toMatchObject([{ kind: "tool", input: { command: "c" } }]);
});
