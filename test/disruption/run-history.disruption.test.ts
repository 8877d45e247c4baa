/** The run history and the feed broken or slow: sessions do not wait, readers are told in words, and all of it arrives. */
import type { Run } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { hold, MemoryApi, outcomesOf } from "./support/memory-api.ts";

const runsOf = (api: MemoryApi) => api.json<{ data: Run[] }>("GET /v1/runs").then(({ data }) => data);

verifies("run-history:get:unknown-run", "a run that is not there (yet) is 404, and is answered once it is", async () => {
  const api = await MemoryApi.start();
  await api.runOnce();
  await api.pass(1_000);
  const [run] = await runsOf(api);
  api.faults.runHistory.arm("run-history:get:unknown-run");
  expect((await api.refusal(`GET /v1/runs/${run?.id ?? ""}`)).status).toBe(404);
  expect(await api.json(`GET /v1/runs/${run?.id ?? ""}`)).toEqual(run);
  expect((await api.refusal("GET /v1/runs/run_0")).status).toBe(404);
});

verifies("run-history:list:foreign-position", "a cursor that is not ours is refused, and the list goes on from the start", async () => {
  const api = await MemoryApi.start();
  await api.runOnce();
  await api.pass(1_000);
  api.faults.runHistory.arm("run-history:list:foreign-position");
  expect((await api.refusal("GET /v1/runs")).status).toBe(400);
  expect((await api.refusal("GET /v1/runs?cursor=nonsense")).status).toBe(400);
  expect(await runsOf(api)).toHaveLength(1);
});

verifies("run-history:list:refused", "a wrong database password is 503 and in the log, and sessions go on", async () => {
  const api = await MemoryApi.start();
  api.faults.runHistory.arm("run-history:list:refused");
  expect(await api.refusal("GET /v1/runs")).toMatchObject({ status: 503, retryAfter: null, text: expect.not.stringMatching(/password|DATABASE_URL/) });
  expect(api.logged).toMatchObject([{ path: "/v1/runs", error: { port: "run-history" } }]);
  expect(outcomesOf(await api.runOnce())).toEqual(["completed"]);
  await api.pass(1_000);
  expect(await runsOf(api)).toHaveLength(1);
});

verifies("run-history:flush:slow", "a session does not wait for a flush: its next run ends before the first one is stored", async () => {
  const api = await MemoryApi.start();
  api.faults.runHistory.arm("run-history:flush:slow");
  const held = hold(api.instance.runHistory, "flush");
  const session = await api.createSession("!say one");
  const viewer = api.berth.watch(session);
  await api.ask(`POST /v1/sessions/${session.actor.state?.sessionId ?? ""}/messages`, { body: { text: "!say two" } });
  await api.berth.until(() => outcomesOf(viewer.events).length === 2);
  expect([held.waiting(), await runsOf(api)]).toEqual([1, []]);
  held.release();
  await api.pass(1_000);
  expect((await runsOf(api)).map(({ id }) => id)).toEqual(viewer.events.filter(({ type }) => type === "run.ended").map(({ runId }) => runId).toReversed());
});

verifies("run-history:flush:out-of-order", "a run that is flushed after a newer one is listed where it belongs", async () => {
  const api = await MemoryApi.start();
  const held = hold(api.instance.runHistory, "flush");
  const [first] = (await api.runOnce()).filter(({ type }) => type === "run.ended");
  await api.pass(1_000);
  // Given up, so that the newer run of another session gets there first.
  const flush = Object.getPrototypeOf(api.instance.runHistory) as { flush: unknown };
  Object.assign(api.instance.runHistory, { flush: flush.flush });
  const [second] = (await api.runOnce()).filter(({ type }) => type === "run.ended");
  await api.pass(1_000);
  expect((await runsOf(api)).map(({ id }) => id)).toEqual([second?.runId]);
  api.faults.runHistory.arm("run-history:flush:out-of-order");
  await api.pass(45_000);
  expect((await runsOf(api)).map(({ id }) => id)).toEqual([second?.runId, first?.runId]);
  held.release();
  await api.pass(1_000);
  expect(await runsOf(api)).toHaveLength(2);
});

verifies("event-bus:publish:slow", "the feed's late answer holds up neither the run nor the list, and the feed has the newest state once", async () => {
  const api = await MemoryApi.start();
  const feed = api.instance.services.feedOf(api.owner.orgId);
  api.faults.eventBus.arm("event-bus:publish:slow");
  const held = hold(feed, "publish");
  const session = await api.createSession("!say hello");
  const viewer = api.berth.watch(session);
  await api.berth.until(() => outcomesOf(viewer.events).length === 1);
  await api.pass(1_000);
  expect([held.waiting(), (await runsOf(api)).length]).toEqual([1, 1]);
  held.release();
  await api.pass(1_000);
  const { events } = await feed.read(0, 100);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  expect(events.at(-1)).toMatchObject({ type: "session.changed", session: { status: "idle" } });
});
