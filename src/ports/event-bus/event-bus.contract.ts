/** What every event bus keeps. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { afterEach, describe, expect } from "vitest";
import { EVENT_BUS_FAULTS } from "./event-bus.faults.ts";
import { FEED_RETAINED, type EventBus, type FeedChange } from "./event-bus.port.ts";

export interface EventBusHarness extends ContractHarness<EventBus> {
  /** Another organization's. */
  createOther(): Promise<EventBus> | EventBus;
  /** Publishes that many changes by the shortest way there is. */
  fill(bus: EventBus, count: number): Promise<void>;
}

const removed = (sessionId: string): FeedChange => ({ type: "session.removed", sessionId });

export function describeEventBusContract(harness: EventBusHarness): void {
  describe(`event-bus contract: ${harness.name}`, () => {
    afterEach(() => harness.dispose?.());
    describeFeed(harness);
    describeRetention(harness);
    describeFaults(harness);
  });
}

function describeFeed(harness: EventBusHarness): void {
  verifiesOn(harness, ["BUS1", "BUS2"], "changes are numbered and read back as published", async () => {
    const bus = await harness.create();
    const revoked: FeedChange = { type: "credential.revoked", credentialId: "key_1" };
    expect([await bus.publish(removed("ses_1"), "a"), await bus.publish(revoked, "b")]).toEqual([1, 2]);
    const { events, reset } = await bus.read(0, 10);
    expect(events).toEqual([
      { ...removed("ses_1"), seq: 1, at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) },
      { ...revoked, seq: 2, at: expect.any(String) },
    ]);
    expect(reset).toBeNull();
  });

  verifiesOn(harness, "BUS2", "a reader pages through", async () => {
    const bus = await harness.create();
    for (const key of ["a", "b", "c", "d", "e"]) await bus.publish(removed(key), key);
    const seqs = async (after: number, limit: number) => (await bus.read(after, limit)).events.map(({ seq }) => seq);
    expect([await seqs(0, 2), await seqs(2, 2), await seqs(4, 2)]).toEqual([[1, 2], [3, 4], [5]]);
  });

  verifiesOn(harness, "BUS3", "at the end there is nothing, and no reset", async () => {
    const bus = await harness.create();
    expect(await bus.read(0, 10)).toEqual({ events: [], reset: null });
    await bus.publish(removed("ses_1"), "a");
    expect(await bus.read(1, 10)).toEqual({ events: [], reset: null });
  });

  verifiesOn(harness, ["BUS4", "event-bus:publish:duplicated"], "a key that comes again appends nothing", async () => {
    const bus = await harness.create();
    await bus.publish(removed("ses_1"), "a");
    await bus.publish(removed("ses_2"), "b");
    expect(await bus.publish(removed("ses_9"), "a")).toBe(1);
    expect((await bus.read(0, 10)).events).toMatchObject([{ sessionId: "ses_1" }, { sessionId: "ses_2" }]);
  });

  verifiesOn(harness, "BUS5", "fifty at once are numbered without gaps", async () => {
    const bus = await harness.create();
    const seqs = await Promise.all(Array.from({ length: 50 }, (_, i) => bus.publish(removed(`ses_${i}`), `k${i}`)));
    expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  verifiesOn(harness, "BUS9", "another organization's feed is its own", async () => {
    const bus = await harness.create();
    const other = await harness.createOther();
    await bus.publish(removed("ses_1"), "a");
    expect(await other.read(0, 10)).toEqual({ events: [], reset: null });
    expect(await other.publish(removed("ses_2"), "a")).toBe(1);
  });
}

function describeRetention(harness: EventBusHarness): void {
  verifiesOn(harness, ["BUS6", "BUS7", "event-bus:read:slow-consumer"], "a reader that fell behind is told where the feed begins", async () => {
    const bus = await harness.create();
    await harness.fill(bus, FEED_RETAINED + 5);
    const behind = await bus.read(4, 2);
    expect([behind.reset, behind.events.map(({ seq }) => seq)]).toEqual([6, [6, 7]]);
    const exact = await bus.read(5, 2);
    expect([exact.reset, exact.events.map(({ seq }) => seq)]).toEqual([null, [6, 7]]);
    expect(await bus.publish(removed("ses_1"), "the-next")).toBe(FEED_RETAINED + 6);
  });

  verifiesOn(harness, ["BUS8", "event-bus:read:cursor-ahead"], "a position that was never given out is reset", async () => {
    const bus = await harness.create();
    expect(await bus.read(7, 10)).toEqual({ events: [], reset: 1 });
    await bus.publish(removed("ses_1"), "a");
    expect(await bus.read(2, 10)).toMatchObject({ events: [{ seq: 1 }], reset: 1 });
  });
}

function describeFaults(harness: EventBusHarness): void {
  const failing = ["event-bus:publish:overloaded", "event-bus:publish:lost", "event-bus:publish:lost-answer", "event-bus:publish:no-answer"];
  for (const id of failing) {
    const inject = harness.inject?.[id];
    if (!inject) continue;
    verifiesOn(harness, [id, "BUS10"], "the call fails, and the same request then appends once", async () => {
      const bus = await harness.create();
      await inject(bus);
      await expect(bus.publish(removed("ses_1"), "a")).rejects.toMatchObject(symptomOf(id));
      expect(await bus.publish(removed("ses_1"), "a")).toBe(1);
      expect((await bus.read(0, 10)).events.length).toBe(1);
    });
  }

  for (const id of ["event-bus:publish:slow", "event-bus:publish:evicted"]) {
    const inject = harness.inject?.[id];
    if (!inject) continue;
    verifiesOn(harness, id, "the change is appended once and counted on", async () => {
      const bus = await harness.create();
      await bus.publish(removed("ses_1"), "a");
      await inject(bus);
      expect(await bus.publish(removed("ses_2"), "b")).toBe(2);
      expect((await bus.read(0, 10)).events.length).toBe(2);
    });
  }

  verifiesOn(harness, "event-bus:publish:reordered", "order is that of arrival, whichever change is older", async () => {
    const bus = await harness.create();
    await bus.publish(removed("the newer"), "ses_1:9");
    await bus.publish(removed("the older"), "ses_1:8");
    expect((await bus.read(0, 10)).events).toMatchObject([
      { seq: 1, sessionId: "the newer" },
      { seq: 2, sessionId: "the older" },
    ]);
  });
}

function symptomOf(id: string) {
  const symptom = EVENT_BUS_FAULTS.faults.find((fault) => fault.id === id)?.symptom;
  return typeof symptom === "object" ? symptom : {};
}
