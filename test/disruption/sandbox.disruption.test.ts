/** The sandbox seam broken: every start ends ready or with a typed failure, and what was asked is not lost. */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import type { SessionEvent } from "@berth/protocol";
import { AUTHOR, MemoryBerth } from "../system/support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";

function outcomes(events: readonly SessionEvent[]): string[] {
  return events.flatMap((event) => (event.type === "run.ended" ? [event.data.outcome] : []));
}

function backendsOf(events: readonly SessionEvent[]): (string | undefined)[] {
  return events.flatMap((event) => (event.type === "sandbox.status" && event.data.phase === "ready" ? [event.data.backend] : []));
}

async function withFault(fault: string, backends: readonly string[] = ["first", "second"], times = 1): Promise<MemoryBerth> {
  const berth = new MemoryBerth({ backends });
  berth.instance.sandboxes.get(backends[0] as string)?.faults.arm(fault, { times });
  await berth.open(SESSION, "!say it worked");
  return berth;
}

for (const fault of [
  "sandbox:create:out-of-capacity",
  "sandbox:create:host-unreachable",
  "sandbox:create:wrong-credentials",
  "sandbox:create:conflict",
  "sandbox:create:start-failed",
  "sandbox:create:never-linked",
  "sandbox:create:slow-success",
]) {
  verifies(fault, "the session is ready on the next backend within 90 s, and the waiting prompt runs once", async () => {
    const berth = await withFault(fault);
    const viewer = berth.watch(berth.session(SESSION));
    await berth.until(() => outcomes(viewer.events).length === 1, 90_000);
    expect(outcomes(viewer.events)).toEqual(["completed"]);
    expect(backendsOf(viewer.events)).toEqual(["second"]);
  });
}

verifies("sandbox:create:out-of-capacity", "with no backend left the session fails with a reason, keeps the prompt and starts again when told to", async () => {
  const berth = await withFault("sandbox:create:out-of-capacity", ["only"], 1_000);
  const session = berth.session(SESSION);
  await berth.until(() => session.actor.state?.status === "failed", 91_000);
  expect(session.actor.resource()).toMatchObject({ status: "failed", queueLength: 1, failure: { code: expect.any(String), message: expect.any(String) } });
  berth.instance.sandboxes.get("only")?.faults.disarm();
  expect((await session.resume(AUTHOR)).ok).toBe(true);
  const viewer = berth.watch(session);
  await berth.until(() => outcomes(viewer.events).length === 1);
  expect(outcomes(viewer.events)).toEqual(["completed"]);
});

verifies("sandbox:create:answer-lost", "a create whose answer was lost leaves one live epoch, and the prompt runs once", async () => {
  const berth = await withFault("sandbox:create:answer-lost");
  const viewer = berth.watch(berth.session(SESSION));
  await berth.until(() => outcomes(viewer.events).length === 1, 90_000);
  expect(outcomes(viewer.events)).toEqual(["completed"]);
  expect(viewer.events.filter(({ type }) => type === "run.started")).toHaveLength(1);
});

verifies("sandbox:create:delivered-twice", "a create that arrived twice is one sandbox", async () => {
  const berth = await withFault("sandbox:create:delivered-twice", ["only"]);
  const viewer = berth.watch(berth.session(SESSION));
  await berth.until(() => outcomes(viewer.events).length === 1);
  expect(await berth.instance.sandboxes.get("only")?.list({ sessionId: SESSION })).toHaveLength(1);
});

verifies("sandbox:describe:died", "a sandbox that died in a turn ends it as interrupted, and the next prompt gets a new one", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!sleep 600000");
  const viewer = berth.watch(session);
  await berth.until(() => viewer.events.some((event) => event.type === "message.status" && event.data.status === "running"));
  berth.instance.sandboxes.get("memory")?.kill(`${SESSION}-1`);
  await berth.until(() => outcomes(viewer.events).length === 1, 120_000);
  expect(outcomes(viewer.events)).toEqual(["interrupted"]);
  expect(session.actor.resource()).toMatchObject({ status: "waiting", waitingFor: "interrupted" });
  await session.send({ text: "!say again" }, AUTHOR);
  await berth.until(() => outcomes(viewer.events).length === 2, 90_000);
  expect(outcomes(viewer.events)).toEqual(["interrupted", "completed"]);
});

verifies("sandbox:describe:not-found", "a sandbox that its backend does not know any more is lost at once: the turn is interrupted, and the next prompt runs in a new epoch", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!sleep 600000");
  const viewer = berth.watch(session);
  await berth.until(() => viewer.events.some((event) => event.type === "message.status" && event.data.status === "running"));
  const lostAtMs = berth.time.now();
  await berth.instance.sandboxes.get("memory")?.destroy(`${SESSION}-1`);
  await berth.until(() => outcomes(viewer.events).length === 1, 60_000);
  expect(berth.time.now() - lostAtMs).toBeLessThan(5_000);
  expect(session.actor.resource()).toMatchObject({ status: "waiting", waitingFor: "interrupted" });
  await session.send({ text: "!say again" }, AUTHOR);
  await berth.until(() => outcomes(viewer.events).length === 2, 90_000);
  expect([outcomes(viewer.events), session.actor.state?.lease?.epoch]).toEqual([["interrupted", "completed"], 2]);
});

verifies(["sandbox:destroy:twice", "sandbox:exec:stale-handle"], "a removed session's sandbox is gone, and its token opens nothing", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!say hello");
  const viewer = berth.watch(session);
  await berth.until(() => outcomes(viewer.events).length === 1);
  const sandbox = berth.instance.sandboxes.get("memory");
  sandbox?.faults.arm("sandbox:destroy:twice");
  expect((await session.remove(AUTHOR)).ok).toBe(true);
  await berth.instance.settled();
  await sandbox?.destroy(`${SESSION}-1`);
  expect(await sandbox?.list({ sessionId: SESSION })).toEqual([]);
  await expect(sandbox?.exec(`${SESSION}-1`, { command: ["true"], timeoutMs: 1_000, outputBytesMax: 10 })).rejects.toMatchObject({ port: "sandbox" });
  expect(await session.read()).toBeNull();
});
