/** Turns that go on a person's own key alone, and what others are told who would have a say in them. */
import type { Actor } from "@berth/protocol";
import { expect, test } from "vitest";
import type { SessionProvider } from "../providers/own-providers.ts";
import type { SessionInput } from "./session.inputs.ts";
import { step } from "./session.machine.ts";
import { DEMO, Driver, prompt } from "./testing.ts";

const BOB = { actor: { kind: "user", id: "usr_bob" }, apiKeyId: null } as const;
const MINE: SessionProvider = { ...DEMO, models: [...DEMO.models], id: "mine", ownerId: "usr_alice" };
const SHARED: SessionProvider = { ...MINE, id: "acme", hasStandIn: true };

/** Null when it was taken, and then it changes nothing here. */
function refusal(session: Driver, input: Record<string, unknown>, author: { readonly actor: Actor; readonly apiKeyId: string | null } = BOB): string | null {
  return step(session.state, { nowMs: session.nowMs, author, ...input } as unknown as SessionInput).refusal?.detail ?? null;
}

function running(model: string): Driver {
  const session = new Driver({ model, providers: [MINE, SHARED], demoOnly: false });
  session.ready();
  session.run(1);
  session.up({ type: "permission-asked", messageId: "msg_1", requestId: "per_1", tool: "bash", title: "ls", patterns: ["ls"] });
  return session;
}

const message = (model?: string, delivery = "queue") => ({ type: "prompt-received", prompt: { ...prompt(2), delivery, ...(model === undefined ? {} : { model }) } });
const ANSWER = { type: "answer-given", requestId: "per_1", answer: { kind: "permission", reply: "once" } };
const RESUME = { type: "resume-requested", interrupted: "continue" };
const JOINED = expect.stringContaining("it would end if anybody else had a say in it");

test("[BYK10] nobody else steers such a turn, answers what it asks or makes it go on, and it goes on to its end", () => {
  const session = running("mine/demo");
  for (const input of [message("acme/demo", "steer"), ANSWER]) expect(refusal(session, input)).toEqual(JOINED);
  expect(refusal(session, message("acme/demo"))).toBeNull();
  expect(refusal(session, { type: "stop-requested" })).toBeNull();
  session.take("answer-given", { requestId: "per_1", answer: { kind: "permission", reply: "once" } });
  session.end(1);
  expect(session.state.status).toBe("idle");

  const cutOff = running("mine/demo");
  cutOff.end(1, "interrupted");
  for (const input of [ANSWER, RESUME]) expect(refusal(cutOff, input)).toEqual(JOINED);
  expect(refusal(cutOff, { ...RESUME, interrupted: "skip" })).toBeNull();
});

test("[BYK10] a message on it is taken from its person alone, and from them only while nobody else had a say in the session", () => {
  const session = running("acme/demo");
  for (const author of [BOB, { actor: { kind: "api-key", id: "key_alice" }, apiKeyId: "key_alice" } as const]) expect(refusal(session, message("mine/demo"), author)).toContain("a key that somebody keeps for themselves");
  session.take("answer-given", { requestId: "per_1", answer: { kind: "permission", reply: "once" } });
  session.end(1);
  const alice = { actor: { kind: "user", id: "usr_alice" }, apiKeyId: null } as const;
  expect(refusal(session, message("mine/demo"), alice)).toBeNull();
  const taken = step(session.state, { nowMs: session.nowMs, author: BOB, ...message("acme/demo") } as unknown as SessionInput);
  if (taken.state === null) throw new Error(taken.refusal?.detail);
  session.state = taken.state;
  expect(refusal(session, { type: "prompt-received", prompt: { ...prompt(3), model: "mine/demo" } }, alice)).toContain("only in sessions that nobody else has worked in");
});

test("[BYK10] where the organization has a key of that name, which is used then, everybody has a say", () => {
  const session = running("acme/demo");
  for (const input of [message(undefined, "steer"), message(), ANSWER]) expect(refusal(session, input)).toBeNull();
});
