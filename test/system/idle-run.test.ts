/** When a run counts as idle, with the real runtime's heartbeats, hours in milliseconds. */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import type { SessionEvent } from "@berth/protocol";
import { AUTHOR, MemoryBerth } from "./support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";
const MINUTE_MS = 60_000;

const ends = (events: readonly SessionEvent[]) => events.flatMap((event) => (event.type === "run.ended" ? [event.data] : []));

verifies("SES21", "a command that is silent for 20 minutes runs to its end, since heartbeats name it", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!bash sleep 1200");
  const viewer = berth.watch(session);
  const startedAtMs = berth.time.now();
  await berth.until(() => ends(viewer.events).length > 0, 30 * MINUTE_MS);
  expect(berth.time.now() - startedAtMs).toBeGreaterThanOrEqual(20 * MINUTE_MS);
  expect(ends(viewer.events)).toMatchObject([{ outcome: "completed" }]);
  expect(viewer.events.filter(({ type }) => type === "run.stopping")).toEqual([]);
  expect(viewer.events.filter((event) => event.type === "sandbox.status" && event.data.phase === "ready")).toHaveLength(1);
}, 60_000);

verifies("SES21", "a model that hangs is stopped after ten minutes, and the next message runs", async () => {
  const berth = new MemoryBerth();
  berth.agentFaults.arm("agent:turn:stuck");
  const session = await berth.open(SESSION, "!say never");
  await session.send({ text: "!say next" }, AUTHOR);
  const viewer = berth.watch(session);
  await berth.until(() => ends(viewer.events).length > 1, 12 * MINUTE_MS);
  expect(ends(viewer.events)).toMatchObject([{ outcome: "failed", failure: { code: "run-stalled" } }, { outcome: "completed" }]);
}, 60_000);

verifies("SES21", "a question that is open for hours is not idle", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!ask Which? | a | b\n!say thanks");
  const viewer = berth.watch(session);
  await berth.until(() => viewer.events.some(({ type }) => type === "question.asked"));
  await expect(berth.until(() => ends(viewer.events).length > 0, 2 * 60 * MINUTE_MS)).rejects.toThrow();
  expect(session.actor.state?.status).toBe("waiting");
}, 60_000);
