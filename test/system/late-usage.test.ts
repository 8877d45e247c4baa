/** Usage that the broker counts after a run's end reaches the run that people read. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { MemoryBerth } from "./support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";
const USAGE = { inputTokens: 10, outputTokens: 4, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

verifies(["SES60", "RNH13"], "it is added to the stored run, in order also while Postgres is away, and the run's events stay", async () => {
  const berth = new MemoryBerth();
  const { runHistory, faults } = berth.instance;
  faults.runHistory.arm("run-history:flush:down", { times: 3 });
  const session = await berth.open(SESSION, "!say hello");
  const viewer = berth.watch(session);
  const ended = () => viewer.events.find(({ type }) => type === "run.ended");
  await berth.until(() => ended() !== undefined);
  const runId = ended()?.runId ?? "";
  for (const costMicros of [5, 7]) await session.recordUsage({ runId, usage: USAGE, costMicros });
  await session.recordUsage({ runId: "run_0", usage: USAGE, costMicros: 1 });
  await session.recordUsage({ runId: null, usage: USAGE, costMicros: 1 });
  await berth.until(() => session.actor.state?.status === "idle");
  for (let tries = 0; tries < 20; tries++) await berth.until(() => true, 1_000).then(() => berth.time.advance(1_000)).then(() => berth.instance.wake());
  expect(await runHistory.get("org_a", runId)).toMatchObject({ costMicros: 12, usage: { inputTokens: 20, outputTokens: 8 } });
  const { events } = await runHistory.events("org_a", runId, { after: 0, limit: 100 });
  expect(events).toEqual(viewer.events.filter((event) => event.runId === runId));
  expect((await runHistory.list("org_a", { after: null, limit: 10 })).runs).toHaveLength(1);
});
