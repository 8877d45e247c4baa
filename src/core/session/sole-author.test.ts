/** Whose words alone a session goes by, and from when on it is nobody's. */
import type { Actor } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import type { SessionInput } from "./session.inputs.ts";
import { step } from "./session.machine.ts";
import { readState } from "./session.upgrade.ts";
import { soleUserOf } from "./sole-author.ts";
import { Driver, prompt } from "./testing.ts";

const BOB = { actor: { kind: "user", id: "usr_bob" }, apiKeyId: null } as const;
const KEY = { actor: { kind: "api-key", id: "key_1" }, apiKeyId: "key_1" } as const;

type By = { readonly actor: Actor; readonly apiKeyId: string | null };

function by(session: Driver, author: By, input: Record<string, unknown>): void {
  const taken = step(session.state, { nowMs: session.nowMs, author, ...input } as unknown as SessionInput);
  if (taken.state === null || taken.refusal !== null) throw new Error(taken.refusal?.detail);
  session.state = taken.state;
}

function ready(): Driver {
  const session = new Driver();
  session.ready();
  return session;
}

const steers = (number: number) => ({ type: "prompt-received", prompt: { ...prompt(number), delivery: "steer" } });
const asks = (session: Driver, requestId: string) => session.up({ type: "permission-asked", messageId: "msg_1", requestId, tool: "bash", title: "ls", patterns: ["ls"] });
const allows = (requestId: string) => ({ type: "answer-given", requestId, answer: { kind: "permission", reply: "once" } });

verifies("SES62", "a turn is its author's while nobody else ever had a say, and nobody's between turns", () => {
  const session = ready();
  expect(soleUserOf(session.state)).toBeNull();
  session.run(1);
  session.take("prompt-received", steers(2) as never);
  asks(session, "per_1");
  session.take("answer-given", allows("per_1") as never);
  expect(soleUserOf(session.state)).toBe("usr_alice");
  session.up({ type: "steered", messageId: "msg_1", steerId: "msg_2" });
  session.end(1);
  expect(soleUserOf(session.state)).toBeNull();
});

verifies("SES62", "from the first word of another it is nobody's for ever, before the agent is heard of", () => {
  const steered = ready();
  steered.run(1);
  by(steered, BOB, steers(2));
  expect(soleUserOf(steered.state)).toBeNull();
  steered.up({ type: "steer-refused", messageId: "msg_1", steerId: "msg_2" });
  expect(soleUserOf(steered.state)).toBeNull();

  const answered = ready();
  answered.run(1);
  asks(answered, "per_1");
  by(answered, BOB, allows("per_1"));
  expect(soleUserOf(answered.state)).toBeNull();
  answered.end(1);
  answered.run(3);
  expect(soleUserOf(answered.state)).toBeNull();
});

verifies("SES62", "after another's turn no later one is anybody's, whoever made the session", () => {
  const session = ready();
  by(session, BOB, { type: "prompt-received", prompt: prompt(1) });
  session.up({ type: "accepted", messageId: "msg_1" });
  expect(soleUserOf(session.state)).toBe("usr_bob");
  session.end(1);
  session.run(2);
  expect(soleUserOf(session.state)).toBeNull();
  session.end(2);
  by(session, BOB, { type: "prompt-received", prompt: prompt(3) });
  expect([session.state.run?.author.id, soleUserOf(session.state)]).toEqual(["usr_bob", null]);
});

verifies("SES62", "a message that waits has no say, and none once it was cancelled", () => {
  const session = ready();
  session.run(1);
  by(session, BOB, { type: "prompt-received", prompt: prompt(2) });
  expect(soleUserOf(session.state)).toBe("usr_alice");
  session.take("message-cancelled", { messageId: "msg_2" });
  session.end(1);
  session.run(3);
  expect(soleUserOf(session.state)).toBe("usr_alice");
});

verifies("SES62", "whoever makes what was cut off go on has a say, and whoever answers what it had asked", () => {
  const resumed = ready();
  by(resumed, BOB, { type: "prompt-received", prompt: prompt(1) });
  resumed.end(1, "interrupted");
  resumed.take("resume-requested", { interrupted: "retry" });
  expect([resumed.state.run?.author.id, soleUserOf(resumed.state)]).toEqual(["usr_alice", null]);

  const automatic = new Driver({ onInterruption: "continue" });
  automatic.ready();
  automatic.run(1);
  automatic.end(1, "interrupted");
  expect([automatic.state.current?.messageId, soleUserOf(automatic.state)]).toEqual(["msg_1.2", "usr_alice"]);

  const answered = ready();
  answered.run(1);
  asks(answered, "per_1");
  asks(answered, "per_2");
  answered.end(1, "interrupted");
  by(answered, BOB, allows("per_1"));
  answered.take("answer-given", allows("per_2") as never);
  expect([answered.state.run?.author.id, soleUserOf(answered.state)]).toEqual(["usr_alice", null]);
});

verifies("SES62", "a key's turn is no person's, and neither is any of a session that an older version stored", () => {
  const session = ready();
  by(session, KEY, { type: "prompt-received", prompt: prompt(1) });
  expect(soleUserOf(session.state)).toBeNull();

  const old = ready();
  old.run(1);
  const { heard: _, lastUserId: __, ...stored } = old.state;
  for (const version of [3, 4]) {
    const state = readState(JSON.stringify({ ...stored, version }));
    expect([state.heard, state.lastUserId, soleUserOf(state)]).toEqual(["several", "usr_alice", null]);
  }
});
