import { CLOSE_CODES, type DownFrame, type ServerFrame } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { composeMemory } from "../../src/compose/memory.ts";
import { AUTHOR } from "./support/memory-berth.ts";

const SESSION = { orgId: "org_a", sessionId: "ses_0123456789abcdefghjkmnpqrs" } as const;
const UNITS = 20_000;

/** A session that runs a prompt, and the end of the link that its sandbox holds. */
async function runningSession() {
  const tokens: string[] = [];
  const instance = composeMemory({ timers: { now: () => 1_800_000_000_000, after: () => undefined }, seed: 1, onSandboxStart: ({ link }) => void tokens.push(link.token) });
  const session = instance.session(SESSION.orgId, SESSION.sessionId);
  await session.open({ ...SESSION, input: { model: "demo/demo", prompt: "go" }, author: AUTHOR, providers: [], demoOnly: true, gitIdentity: null });
  await instance.settled();
  const down: DownFrame[] = [];
  const closed: number[] = [];
  const link = await session.openLink(tokens[0] ?? "", { frame: (frame) => void down.push(frame), closed: (code) => void closed.push(code) });
  await link?.send({ type: "hello", versions: [1], epoch: 1, received: 0 });
  await link?.send({ type: "up", n: 1, body: { type: "ready", agent: "example", agentVersion: "1" } });
  return { session, link, down, closed, messageId: session.actor.state?.run?.messageId ?? "" };
}

verifies("LNK14", "a text that no row can hold is in the log cut in its middle, and the turn goes on", async () => {
  const { session, link, closed, messageId } = await runningSession();
  const part = { id: "part-1", kind: "text" as const };
  await link?.send({ type: "up", n: 2, body: { type: "part-started", messageId, part } });
  await link?.send({ type: "up", n: 3, body: { type: "part-ended", messageId, part: { ...part, text: `first ${"x".repeat(2_000_000)} last` } } });
  await link?.send({ type: "up", n: 4, body: { type: "turn-ended", messageId, outcome: "completed" } });
  const { events } = await session.events(0, 1_000);
  const ended = events.find((event) => event.type === "part.ended");
  expect(ended?.type === "part.ended" && ended.data.part.text).toMatch(/^first x+\n… \d+ characters are left out here …\nx+ last$/);
  expect(events.some((event) => event.type === "run.ended" && event.data.outcome === "completed")).toBe(true);
  expect(closed).toEqual([]);
});

verifies("LNK13", "text of a part that was never begun, or has ended, is seen by nobody and kept nowhere", async () => {
  const { session, link, down, closed, messageId } = await runningSession();
  const part = { id: "part-1", kind: "text" as const, text: "hi" };
  await link?.send({ type: "up", n: 2, body: { type: "part-started", messageId, part: { ...part, text: "" } } });
  await link?.send({ type: "deltas", deltas: [{ partId: "part-1", offset: 0, text: "h" }] });
  expect(session.actor.openPartTexts).toEqual({ "part-1": "h" });
  await link?.send({ type: "up", n: 3, body: { type: "part-ended", messageId, part } });

  await link?.send({ type: "deltas", deltas: [{ partId: "part-1", offset: 0, text: "again" }, { partId: "never", offset: 0, text: "x".repeat(UNITS) }] });
  expect(session.actor.openPartTexts).toEqual({});
  const late: ServerFrame[] = [];
  session.openViewer(AUTHOR, 0, { frame: (frame) => void late.push(frame), closed: () => undefined });
  expect(late.flatMap((frame) => (frame.type === "frame" ? frame.deltas : []))).toEqual([]);
  expect(down.at(-1)).toEqual({ type: "delta-ack", units: UNITS + 6 });
  expect(closed).not.toContain(CLOSE_CODES.badRequest);
});
