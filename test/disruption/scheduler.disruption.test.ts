/** Wake-ups that are late, come twice, too early, after a crash or for nothing: deadlines are kept by the clock, each once. */
import type { SessionEvent } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import type { InProcessSession } from "../../src/app/session/in-process-session.ts";
import { AUTHOR, MemoryBerth } from "../system/support/memory-berth.ts";
import { outcomesOf } from "./support/memory-api.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";
const ORG = "org_a";

/** A session that waits for a sandbox that never links: only its deadline can help it. */
async function waitingForDeadline(): Promise<{ readonly berth: MemoryBerth; readonly session: InProcessSession }> {
  const berth = new MemoryBerth({ backends: ["only"] });
  berth.instance.sandboxes.get("only")?.faults.arm("sandbox:create:never-linked", { times: 10 });
  const session = await berth.open(SESSION, "!say kept");
  await berth.until(() => session.actor.state?.lease?.phase === "accepted");
  return { berth, session };
}

function failures(events: readonly SessionEvent[]): number {
  return events.filter((event) => event.type === "session.status" && event.data.status === "failed").length;
}

async function recovers(berth: MemoryBerth, session: InProcessSession): Promise<void> {
  berth.instance.sandboxes.get("only")?.faults.disarm();
  expect((await session.resume(AUTHOR)).ok).toBe(true);
  await berth.until(() => session.actor.state?.status === "idle" && session.actor.state.queue.length === 0, 20_000);
  expect(outcomesOf(await berth.events(session))).toEqual(["completed"]);
}

for (const [fault, times, sentence] of [
  ["scheduler:fire:late", 40, "a wake-up that is ten seconds late still fails the start, once, with its reason"],
  ["scheduler:fire:twice", 10, "a wake-up that comes twice fails the start once"],
  ["scheduler:fire:clock-jump", 10, "a wake-up before its time changes nothing, and the deadline is kept"],
  ["scheduler:wakeAt:storage-reset", 10, "a time whose setting was not confirmed is set again, and the deadline is kept"],
] as const) {
  verifies(fault, `${sentence}; told to, the session starts and runs what waited once`, async () => {
    const { berth, session } = await waitingForDeadline();
    const before = session.actor.state;
    berth.instance.faults.scheduler.arm(fault, { times });
    await berth.until(() => true, 1_000);
    expect(session.actor.state?.status).toBe(before?.status);
    await berth.until(() => session.actor.state?.status === "failed", 110_000);
    await berth.until(() => true);
    expect(session.actor.resource()).toMatchObject({ queueLength: 1, failure: { code: expect.any(String), message: expect.any(String) } });
    expect(failures(await berth.events(session))).toBe(1);
    berth.instance.faults.scheduler.disarm();
    await recovers(berth, session);
  });
}

verifies("scheduler:fire:after-crash", "a session that was gone is opened by its wake-up, and its deadline holds", async () => {
  const { berth } = await waitingForDeadline();
  berth.instance.faults.scheduler.arm("scheduler:fire:after-crash");
  const session = berth.crash(SESSION);
  expect(session.actor.state?.status).toBe("starting");
  await berth.until(() => session.actor.state?.status === "failed", 200_000);
  expect(failures(await berth.events(session))).toBe(1);
  await recovers(berth, session);
});

verifies("scheduler:fire:after-clear", "a wake-up that was under way when it was taken back finds nothing due", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!say hello");
  await berth.until(() => session.actor.state?.status === "idle");
  expect((await session.remove(AUTHOR)).ok).toBe(true);
  await berth.until(() => session.actor.state === null, 20_000);
  berth.instance.faults.scheduler.arm("scheduler:fire:after-clear");
  const log = berth.instance.log.length;
  await berth.instance.scheduler(ORG, SESSION)?.advanceTo(berth.time.now());
  expect([await session.read(), await session.events(0, 10), berth.instance.log.length]).toEqual([null, { events: [], firstSeq: 1, lastSeq: 0 }, log]);
  expect(await berth.instance.scheduler(ORG, SESSION)?.pending()).toBeNull();
});
