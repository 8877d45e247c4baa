/** Servers that are broken in what they do with messages: whose they are, their order, what is cancelled. */
import type { Frame, Json, Tamper } from "../reference/tamper.ts";

type Answer = NonNullable<Tamper["answer"]>;
type Row = Json & { readonly type: string; readonly data: Json };

/** Bends the body of an answer to such a request. */
const answers = (line: RegExp, bend: (body: Json, answer: { status: number; body: unknown }) => void): Answer => (answer, method, path) => {
  if (line.test(`${method} ${path}`)) bend(answer.body as Json, answer);
};
const without = (type: string): NonNullable<Tamper["out"]> => (frame: Frame) => [frame.type === "frame" ? { ...frame, events: ((frame["events"] ?? []) as Row[]).filter((row) => row.type !== type) } : frame];

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
  "cancelled without an answer": { answer: answers(/^DELETE .*\/messages\//, (_body, answer) => (answer.status === 200 ? void Object.assign(answer, { status: 204, body: undefined }) : undefined)) },
};
