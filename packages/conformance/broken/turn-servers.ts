/** Servers that are broken in what they do with messages: whose they are, their order, what is cancelled, what steers, and what tools print. */
import type { Frame, Json, Tamper } from "../reference/tamper.ts";

type Answer = NonNullable<Tamper["answer"]>;
type Row = Json & { readonly type: string; readonly data: Json };

/** Bends the body of an answer to such a request. */
const answers = (line: RegExp, bend: (body: Json, answer: { status: number; body: unknown }) => void): Answer => (answer, method, path) => {
  if (line.test(`${method} ${path}`)) bend(answer.body as Json, answer);
};
const without = (type: string): NonNullable<Tamper["out"]> => (frame: Frame) => [frame.type === "frame" ? { ...frame, events: ((frame["events"] ?? []) as Row[]).filter((row) => row.type !== type) } : frame];

/** Bends what is said of messages that steer, from their queueing on. */
const ofSteers = (bend: (event: Row) => Json | null): NonNullable<Tamper["commit"]> => (event, memo) => {
  const row = event as unknown as Row;
  const steers = (memo["steers"] ??= new Set()) as Set<unknown>;
  if (row.type === "message.queued" && row.data["delivery"] === "steer") steers.add(row["messageId"]);
  return steers.has(row["messageId"]) ? bend(row) : row;
};
const isRunning = ({ type, data }: Row): boolean => type === "message.status" && data["status"] === "running";
const isEnd = ({ type, data }: Row): boolean => type === "message.status" && data["status"] !== "running";
const LATE_MS = 60_000;
/** Bends what an event has of an output that was too big for it. */
const ofBigOutputs = (bend: (tool: Json, ref: Json) => Json) => (event: Row): Row => {
  const part = event.data["part"] as Json | undefined;
  const tool = part?.["tool"] as Json | undefined;
  return tool?.["outputRef"] ? { ...event, data: { part: { ...part, tool: { ...tool, ...bend(tool, tool["outputRef"] as Json) } } } } : event;
};
const OUTPUT = /^GET .*\/outputs\//;

export const BROKEN_TURN_SERVERS: Readonly<Record<string, Tamper>> = {
  "organizations share their sessions": { off: ["organizations"] },
  "positions from 1": { commit: (event) => (event.type === "message.queued" ? { ...event, data: { ...event.data, position: Number(event.data["position"]) + 1 } } : event) },
  "the running one counts for nothing": { commit: (event) => (event.type === "message.moved" ? { ...event, data: { position: Number(event.data["position"]) - 1 } } : event) },
  "moves told and not done": { off: ["order"] },
  "moves done and not told": { commit: (event) => (event.type === "message.moved" ? null : event) },
  "moves to where it is are told": { off: ["moves"] },
  "moves of nobody": { commit: ({ actor, ...event }) => (event.type === "message.moved" || event.data["status"] === "cancelled" ? event : { ...event, ...(actor === undefined ? {} : { actor }) }) },
  "moves hidden from viewers": { out: without("message.moved") },
  "messages listed newest first": { answer: answers(/^GET .*\/messages$/, (body) => void (body["data"] as unknown[]).reverse()) },
  "messages listed as they came": { answer: answers(/^GET .*\/messages$/, (body) => (body["data"] = (body["data"] as Json[]).map((message) => ({ ...message, status: "queued" })))) },
  "the running one waits": { answer: answers(/^GET .*\/sessions\/[^/]+$/, (body) => (body["queueLength"] = Number(body["queueLength"]) + 1)) },
  "what does not wait is moved and cancelled": { off: ["waiting"] },
  "before anything": { off: ["before"] },
  "moves of unknown messages": { answer: answers(/^PATCH .*\/messages\//, (_body, answer) => (answer.status === 404 ? void (answer.status = 200) : undefined)) },
  "what is over was never there": { answer: answers(/\/messages\//, (body, answer) => (answer.status === 409 ? void Object.assign(answer, { status: 404, body: { ...body, status: 404 } }) : undefined)) },
  "cancelled and yet run": { off: ["cancel"] },
  "steering not told of": { commit: ofSteers((event) => (event.type === "message.queued" ? { ...event, data: { ...event.data, delivery: undefined } } : event)) },
  "steering only over REST": { in: (text) => text.replace(',"delivery":"steer"', "") },
  "one key for what steers and what waits": { off: ["delivery"] },
  "taken in silence": { commit: ofSteers((event) => (isRunning(event) ? null : event)) },
  "taken and told late": { commit: ofSteers((event) => (isRunning(event) ? { ...event, at: new Date(Date.now() + LATE_MS).toISOString() } : event)) },
  "taken by no run": { commit: ofSteers((event) => (isRunning(event) ? { ...event, runId: undefined } : event)) },
  "taken and never over": { commit: ofSteers((event) => (isEnd(event) ? null : event)) },
  "what steers is always interrupted": { commit: ofSteers((event) => (isEnd(event) ? { ...event, data: { status: "interrupted" } } : event)) },
  "taken and run once more": { off: ["taken"] },
  "deferred before all others": { off: ["deferred", "steering"] },
  "steering nothing is lost": { off: ["idle"] },
  "outputs whole in their events": { off: ["cut"] },
  "outputs cut that fit": { off: ["inline"] },
  "outputs cut to their beginning": { commit: ofBigOutputs(({ output }) => ({ output: String(output).slice(0, 40_000) })) },
  "outputs cut within a character": { commit: ofBigOutputs(({ output }) => ({ output: String(output).replace("\n…", "\uFFFD\n…") })) },
  "outputs counted in characters": { commit: ofBigOutputs((_tool, ref) => ({ outputRef: { ...ref, bytes: Number(ref["bytes"]) - 9_000 } })) },
  "outputs cut otherwise in streams": {
    out: (frame) => [frame.type === "frame" ? { ...frame, events: ((frame["events"] ?? []) as Row[]).map(ofBigOutputs(({ output }) => ({ output: String(output).slice(1) }))) } : frame],
  },
  "outputs streamed from their end": {
    out: (frame) => [frame.type === "frame" ? { ...frame, deltas: ((frame["deltas"] ?? []) as Json[]).map((delta) => (String(delta["text"]).startsWith("1 é🙂") ? { ...delta, text: String(delta["text"]).slice(9) } : delta)) } : frame],
  },
  "outputs kept nowhere": { answer: answers(OUTPUT, (_body, answer) => void Object.assign(answer, { status: 503, body: {} })) },
  "outputs kept cut": { answer: answers(OUTPUT, (_body, answer) => void (answer.status === 200 && (answer.body = String(answer.body).slice(0, 60_000)))) },
  "outputs one byte longer": { answer: answers(OUTPUT, (_body, answer) => void (answer.status === 200 && (answer.body = `${String(answer.body)}\n`))) },
  "one name for all outputs": { off: ["own-names"] },
  "any name is an output": { answer: answers(OUTPUT, (_body, answer) => void (answer.status === 404 && Object.assign(answer, { status: 200, body: "anything" }))) },
  "cancelled without an answer": { answer: answers(/^DELETE .*\/messages\//, (_body, answer) => (answer.status === 200 ? void Object.assign(answer, { status: 204, body: undefined }) : undefined)) },
};
