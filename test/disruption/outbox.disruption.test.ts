/** Postgres and the feed broken: sessions do not notice, and everything arrives once they are back. */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import type { MemoryInstance } from "../../src/compose/memory.ts";
import { MemoryBerth } from "../system/support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";

async function runWith(script: (instance: MemoryInstance) => FaultScript, fault: string, times: number): Promise<MemoryBerth> {
  const berth = new MemoryBerth();
  script(berth.instance).arm(fault, { times });
  const session = await berth.open(SESSION, "!say kept");
  const viewer = berth.watch(session);
  await berth.until(() => viewer.events.some(({ type }) => type === "run.ended"));
  return berth;
}

async function historyOf(berth: MemoryBerth): Promise<number> {
  return (await berth.instance.runHistory.list("org_a", { after: null, limit: 10 })).runs.length;
}

for (const fault of ["run-history:flush:down", "run-history:flush:deadlock", "run-history:flush:disk-full", "run-history:flush:cut", "run-history:flush:answer-lost"]) {
  verifies(fault, "the run ends on time and is in history once, when Postgres answers again", async () => {
    const berth = await runWith(({ faults }) => faults.runHistory, fault, 4);
    let runs = await historyOf(berth);
    expect(runs).toBeLessThanOrEqual(1);
    for (let tries = 0; tries < 40 && runs === 0; tries++) {
      await berth.until(() => true);
      berth.time.advance(2_000);
      await berth.instance.wake();
      await berth.instance.settled();
      runs = await historyOf(berth);
    }
    expect(runs).toBe(1);
    const { runs: kept } = await berth.instance.runHistory.list("org_a", { after: null, limit: 10 });
    const { events } = await berth.instance.runHistory.events("org_a", kept[0]?.id ?? "", { after: 0, limit: 100 });
    expect(events.map(({ seq }) => seq)).toEqual([...new Set(events.map(({ seq }) => seq))].toSorted((a, b) => a - b));
  });
}

verifies("run-history:flush:duplicate", "a flush that was delivered twice is one run", async () => {
  const berth = await runWith(({ faults }) => faults.runHistory, "run-history:flush:duplicate", 1);
  await berth.instance.settled();
  expect(await historyOf(berth)).toBe(1);
});

for (const fault of ["catalog:upsertSession:disk-full", "catalog:upsertSession:answer-lost"]) {
  verifies(fault, "the list shows the session's newest status once the catalog answers again", async () => {
    const berth = await runWith(({ faults }) => faults.catalog, fault, 3);
    const listed = async () => (await berth.instance.catalog.listSessions("org_a", { after: null, limit: 10 })).sessions[0];
    for (let tries = 0; tries < 20 && (await listed())?.status !== "idle"; tries++) {
      await berth.until(() => true);
      berth.time.advance(2_000);
      await berth.instance.wake();
      await berth.instance.settled();
    }
    expect(await listed()).toMatchObject({ id: SESSION, status: "idle" });
  });
}

for (const fault of ["event-bus:publish:lost", "event-bus:publish:lost-answer", "event-bus:publish:no-answer", "event-bus:publish:overloaded", "event-bus:publish:duplicated"]) {
  verifies(fault, "the feed carries the change once, numbered without gaps", async () => {
    const berth = await runWith(({ faults }) => faults.eventBus, fault, 1);
    for (let tries = 0; tries < 5; tries++) {
      berth.time.advance(2_000);
      await berth.instance.wake();
      await berth.instance.settled();
    }
    const { events } = await berth.instance.services.feedOf("org_a").read(0, 1_000);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)).toMatchObject({ type: "session.changed", session: { id: SESSION, status: "idle" } });
  });
}
