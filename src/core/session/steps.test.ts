import type { UpMessage } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import type { SessionInput } from "./session.inputs.ts";
import { stepAll } from "./steps.ts";
import { brief, Driver } from "./testing.ts";

const part = (id: string) => ({ messageId: "msg_1", part: { id, kind: "text" as const } });
const MESSAGES: readonly UpMessage[] = [
  { type: "part-started", ...part("a") },
  { type: "part-ended", ...part("a") },
  { type: "turn-ended", messageId: "msg_1", outcome: "completed" },
];

/** A session whose first prompt runs. The next number of its runtime is 3. */
function running(): Driver {
  const session = new Driver();
  session.ready();
  session.run(1);
  return session;
}

function ups({ epoch, nowMs }: Driver, messages: readonly UpMessage[], from = 3): SessionInput[] {
  return messages.map((message, i) => ({ type: "up-received", epoch, n: from + i, message, nowMs, openPartTexts: {} }));
}

verifies("LNK19", "what came together ends in the same state, events, messages and outbox as one by one, and is acknowledged once", () => {
  const [together, oneByOne] = [running(), running()];
  const { taken, refusal } = stepAll(together.state, ups(together, MESSAGES));
  const before = { events: oneByOne.events.length, outbox: oneByOne.outbox.length };
  for (const message of MESSAGES) oneByOne.up(message);
  expect(refusal).toBeNull();
  expect(taken?.state).toEqual(oneByOne.state);
  expect(taken?.events).toEqual(oneByOne.events.slice(before.events));
  expect(taken?.outbox).toEqual(oneByOne.outbox.slice(before.outbox));
  expect(taken?.messages.map(({ id, status }) => [id, status])).toEqual([["msg_1", "completed"]]);
  expect(taken?.effects.filter((effect) => effect.type === "send-frame")).toEqual([{ type: "send-frame", linkId: "con_1", frame: { type: "ack", n: 5 } }]);
  expect(taken?.effects.map(brief).filter((effect) => effect === "set-alarm")).toHaveLength(1);
});

verifies("LNK19", "the first that is refused ends it, and what came before that is taken", () => {
  const session = running();
  const [first, second, third] = ups(session, MESSAGES);
  const gap = { ...second, n: 9 } as SessionInput;
  const { taken, refusal } = stepAll(session.state, [first as SessionInput, gap, third as SessionInput]);
  expect(refusal?.closeCode).toBe(4400);
  expect(taken?.state.lease?.link.received).toBe(3);
  expect(stepAll(session.state, [gap])).toMatchObject({ taken: null, refusal: { closeCode: 4400 } });
});
