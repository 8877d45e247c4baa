/** Nobody else's word reaches an agent that can read what a person keeps for themselves. */
import type { Actor } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { heldFor } from "./own-secrets.ts";
import type { SessionInput } from "./session.inputs.ts";
import { step } from "./session.machine.ts";
import type { Refusal } from "./session.effects.ts";
import { brief, Driver, prompt } from "./testing.ts";

const BOB = { actor: { kind: "user", id: "usr_bob" }, apiKeyId: null } as const;
const KEY = { actor: { kind: "api-key", id: "key_1" }, apiKeyId: "key_1" } as const;
const SAVED = { id: "chk_1", files: 3, bytes: 700 };

function by(session: Driver, author: { readonly actor: Actor; readonly apiKeyId: string | null }, input: Record<string, unknown>): Refusal | null {
  session.last = step(session.state, { nowMs: session.nowMs, author, ...input } as unknown as SessionInput);
  if (session.last.state !== null) session.state = session.last.state;
  return session.last.refusal;
}

const says = (number: number, more: object = {}) => ({ type: "prompt-received", prompt: { ...prompt(number), ...more } });
const allows = (requestId: string) => ({ type: "answer-given", requestId, answer: { kind: "permission", reply: "once" } });
const asks = (session: Driver, requestId: string) => session.up({ type: "permission-asked", messageId: "msg_1", requestId, tool: "bash", title: "ls", patterns: ["ls"] });

/** With Alice's own in the sandbox's environment. */
function holding(): Driver {
  const session = new Driver();
  expect(session.take("own-secrets-asked", { ownerId: "usr_alice" }).refusal).toBeNull();
  session.ready();
  expect(heldFor(session.state)).toBe("usr_alice");
  return session;
}

verifies("SES64", "its owner works on in it, and another's message goes to the next sandbox, once the work of this one is saved", () => {
  const session = holding();
  session.run(1);
  session.end(1);
  expect([session.state.epoch, session.state.status]).toEqual([1, "idle"]);
  for (const [author, number] of [[BOB, 2], [KEY, 3]] as const) expect(by(session, author, says(number))).toBeNull();
  expect(session.state).toMatchObject({ status: "idle", epoch: 1, run: null });
  expect(session.effects.map(brief)).not.toContain("stop-sandbox 1");
  session.up({ type: "checkpoint-saved", checkpoint: SAVED });
  expect(session.last.effects.map(brief)).toEqual(["send ack", "close-link", "stop-sandbox 1", "create-sandbox 2", "set-alarm"]);
  expect(session.take("own-secrets-asked", { ownerId: "usr_alice" }).refusal).toMatchObject({ problem: "conflict" });
  session.ready();
  expect([session.state.current?.messageId, session.state.run?.epoch, heldFor(session.state)]).toEqual(["msg_2", 2, null]);
});

verifies("SES64", "a message that came during its owner's turn waits for the turn's end, and then for the next sandbox", () => {
  const session = holding();
  session.run(1);
  by(session, BOB, says(2));
  expect(by(session, BOB, says(3, { delivery: "steer" }))).toBeNull();
  expect(session.last.events.map(brief)).toContain("message.steer-deferred");
  expect(session.state.steering).toEqual([]);
  session.end(1);
  expect(session.last.effects.map(brief)).toContain("send checkpoint");
  expect(session.last.effects.map(brief)).not.toContain("send prompt");
  session.up({ type: "checkpoint-saved", checkpoint: SAVED });
  session.ready();
  expect([session.state.current?.messageId, session.state.run?.epoch]).toEqual(["msg_2", 2]);
});

verifies("SES64", "nobody else answers what the agent asks, and its owner does", () => {
  const session = holding();
  session.run(1);
  asks(session, "per_1");
  expect(by(session, BOB, allows("per_1"))).toMatchObject({ problem: "conflict", fix: expect.stringContaining("send a message") });
  expect(session.state.run?.requests).toHaveLength(1);
  expect(session.take("answer-given", allows("per_1") as never).refusal).toBeNull();
});

verifies("SES64", "nobody else acts in the sandbox itself, where the agent's environment can be read, and its owner does", () => {
  const session = new Driver();
  session.take("own-secrets-asked", { ownerId: "usr_alice" });
  session.accept();
  session.take("link-opened", { linkId: "con_1", versions: [1, 2, 3], received: 0 });
  session.up({ type: "ready", agent: "opencode", agentVersion: "1" });
  expect(by(session, BOB, { type: "workspace-used", acts: true, dials: true })).toMatchObject({ problem: "conflict", fix: expect.stringContaining("Send a message") });
  expect(session.take("workspace-used", { acts: true, dials: true }).refusal).toBeNull();
});

verifies("SES64", "work that cannot be saved holds nobody up: the sandbox is replaced all the same", () => {
  const failed = holding();
  by(failed, BOB, says(1));
  failed.up({ type: "checkpoint-failed", failure: { code: "disk-full", message: "The disk is full." } });
  expect([failed.state.status, failed.state.epoch]).toEqual(["starting", 2]);

  const silent = holding();
  by(silent, BOB, says(1));
  silent.wait(10 * 60_000);
  expect([silent.state.status, silent.state.epoch]).toEqual(["starting", 2]);
});

verifies("SES64", "where the message is taken back meanwhile, or its owner's goes first, none is given to the sandbox that is let go", () => {
  const cancelled = holding();
  by(cancelled, BOB, says(1));
  cancelled.take("message-cancelled", { messageId: "msg_1" });
  cancelled.up({ type: "checkpoint-saved", checkpoint: SAVED });
  expect(cancelled.state.status).toBe("hibernated");

  const moved = holding();
  by(moved, BOB, says(1));
  moved.send(2);
  moved.take("message-moved", { messageId: "msg_2", before: "msg_1" });
  moved.up({ type: "checkpoint-saved", checkpoint: SAVED });
  moved.ready();
  expect([moved.state.current?.messageId, moved.state.run?.epoch]).toEqual(["msg_2", 2]);
});

verifies("SES64", "what is cut off goes on without them once another had a say in it", () => {
  const session = holding();
  session.run(1);
  asks(session, "per_1");
  asks(session, "per_2");
  session.end(1, "interrupted");
  expect(by(session, BOB, allows("per_1"))).toBeNull();
  session.take("answer-given", allows("per_2") as never);
  expect(session.state).toMatchObject({ status: "idle", run: null });
  session.up({ type: "checkpoint-saved", checkpoint: SAVED });
  session.ready();
  expect([session.state.run?.epoch, session.state.run?.author.id]).toEqual([2, "usr_alice"]);
});

verifies("SES64", "what waits for a person is given back as ever, with a message of another behind it", () => {
  const session = holding();
  session.run(1);
  by(session, BOB, says(2));
  session.end(1, "interrupted");
  session.take("hibernate-requested", {});
  session.up({ type: "checkpoint-saved", checkpoint: SAVED });
  expect(session.state).toMatchObject({ status: "waiting", waitingFor: "interrupted", lease: { phase: "stopped" } });
});

verifies("SES64", "a sandbox gets none while somebody else's message waits, or after one was heard", () => {
  const waiting = new Driver();
  by(waiting, BOB, says(1));
  expect(waiting.take("own-secrets-asked", { ownerId: "usr_alice" }).refusal).toMatchObject({ problem: "conflict" });
  waiting.ready();
  waiting.up({ type: "accepted", messageId: "msg_1" });
  waiting.end(1);
  expect(waiting.take("own-secrets-asked", { ownerId: "usr_alice" }).refusal).toMatchObject({ problem: "conflict" });
  expect(heldFor(waiting.state)).toBeNull();
});
