/** What every scheduler keeps. Jobs that come round have a contract of their own. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { describe, expect } from "vitest";
import { SCHEDULER_FAULTS } from "./scheduler.faults.ts";
import type { Scheduler } from "./scheduler.port.ts";

/** One owner with its scheduler, which does nothing when it wakes but count, and set the time it was told to. */
export interface Owner {
  readonly scheduler: Scheduler;
  /** Lets the time come that is set; answers whether the owner woke. */
  comeDue(): Promise<boolean>;
  wakes(): Promise<number>;
  /** What the owner sets when it wakes next. */
  setWhenWoken(atMs: number): Promise<void>;
  /** Ends the owner; what follows reaches a new one. */
  crash(): Promise<void>;
}

export interface SchedulerHarness extends Pick<ContractHarness<Owner>, "name" | "deviations" | "inject"> {
  create(): Promise<Owner> | Owner;
}

/** Far ahead of any real clock, so that nothing wakes by itself during a test. */
const LATER_MS = Date.UTC(2100, 0, 1);

export function describeSchedulerContract(harness: SchedulerHarness): void {
  describe(`scheduler contract: ${harness.name}`, () => {
    describeTimes(harness);
    describeFaults(harness);
  });
}

function describeTimes(harness: SchedulerHarness): void {
  verifiesOn(harness, ["SCH1", "SCH2"], "the time that was set last is pending", async () => {
    const { scheduler } = await harness.create();
    expect(await scheduler.pending()).toBeNull();
    await scheduler.wakeAt(LATER_MS + 5);
    await scheduler.wakeAt(LATER_MS);
    expect(await scheduler.pending()).toBe(LATER_MS);
    await scheduler.wakeAt(LATER_MS + 9);
    expect(await scheduler.pending()).toBe(LATER_MS + 9);
  });

  verifiesOn(harness, "SCH3", "a cleared time does not wake, and clearing nothing succeeds", async () => {
    const owner = await harness.create();
    await owner.scheduler.wakeAt(null);
    await owner.scheduler.wakeAt(LATER_MS);
    await owner.scheduler.wakeAt(null);
    expect(await owner.scheduler.pending()).toBeNull();
    expect([await owner.comeDue(), await owner.wakes()]).toEqual([false, 0]);
  });

  verifiesOn(harness, "SCH4", "a time that comes wakes once, and nothing is pending then", async () => {
    const owner = await harness.create();
    await owner.scheduler.wakeAt(LATER_MS);
    expect([await owner.comeDue(), await owner.wakes(), await owner.scheduler.pending()]).toEqual([true, 1, null]);
    expect([await owner.comeDue(), await owner.wakes()]).toEqual([false, 1]);
  });

  verifiesOn(harness, "SCH5", "a time set while waking up stays", async () => {
    const owner = await harness.create();
    await owner.setWhenWoken(LATER_MS + 60_000);
    await owner.scheduler.wakeAt(LATER_MS);
    await owner.comeDue();
    expect(await owner.scheduler.pending()).toBe(LATER_MS + 60_000);
    expect([await owner.comeDue(), await owner.wakes()]).toEqual([true, 2]);
  });

  verifiesOn(harness, "SCH7", "what is no time is refused and changes nothing", async () => {
    const { scheduler } = await harness.create();
    await scheduler.wakeAt(LATER_MS);
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5]) {
      await expect(scheduler.wakeAt(wrong)).rejects.toMatchObject({ code: "invalid-argument", outcome: "not-applied", retry: "never" });
    }
    expect(await scheduler.pending()).toBe(LATER_MS);
  });

  verifiesOn(harness, "SCH8", "another owner's time is its own", async () => {
    const [one, other] = [await harness.create(), await harness.create()];
    await one.scheduler.wakeAt(LATER_MS);
    expect(await other.scheduler.pending()).toBeNull();
    await one.comeDue();
    expect([await one.wakes(), await other.wakes()]).toEqual([1, 0]);
  });
}

function describeFaults(harness: SchedulerHarness): void {
  verifiesOn(harness, ["SCH6", "scheduler:fire:after-crash"], "a set time survives a crash and wakes the new owner", async () => {
    const owner = await harness.create();
    await owner.scheduler.wakeAt(LATER_MS);
    await owner.crash();
    expect(await owner.scheduler.pending()).toBe(LATER_MS);
    expect([await owner.comeDue(), await owner.wakes(), await owner.scheduler.pending()]).toEqual([true, 1, null]);
  });

  const faulty = (id: string, sentence: string, body: (owner: Owner, inject: () => Promise<void> | void) => Promise<void>) => {
    const inject = harness.inject?.[id];
    if (!inject) return;
    verifiesOn(harness, id, sentence, async () => {
      const owner = await harness.create();
      await body(owner, () => inject(owner));
    });
  };

  faulty("scheduler:wakeAt:storage-reset", "the outcome is unknown, and setting the same time again settles it", async ({ scheduler }, inject) => {
    await inject();
    const symptom = SCHEDULER_FAULTS.faults.find(({ id }) => id === "scheduler:wakeAt:storage-reset")?.symptom;
    await expect(scheduler.wakeAt(LATER_MS)).rejects.toMatchObject(typeof symptom === "object" ? symptom : {});
    await scheduler.wakeAt(LATER_MS);
    expect(await scheduler.pending()).toBe(LATER_MS);
  });

  faulty("scheduler:fire:late", "a late wake-up stays pending and comes", async (owner, inject) => {
    await owner.scheduler.wakeAt(LATER_MS);
    await inject();
    expect([await owner.comeDue(), await owner.scheduler.pending()]).toEqual([false, LATER_MS]);
    expect([await owner.comeDue(), await owner.wakes()]).toEqual([true, 1]);
  });

  faulty("scheduler:fire:twice", "one time wakes twice, and what the first set stays", async (owner, inject) => {
    await owner.setWhenWoken(LATER_MS + 60_000);
    await owner.scheduler.wakeAt(LATER_MS);
    await inject();
    await owner.comeDue();
    expect([await owner.wakes(), await owner.scheduler.pending()]).toEqual([2, LATER_MS + 60_000]);
  });

  faulty("scheduler:fire:clock-jump", "a wake-up before its time takes the time with it, so that the owner sets it again", async (owner, inject) => {
    await owner.scheduler.wakeAt(LATER_MS);
    await inject();
    expect([await owner.wakes(), await owner.scheduler.pending()]).toEqual([1, null]);
    await owner.scheduler.wakeAt(LATER_MS);
    expect([await owner.comeDue(), await owner.wakes()]).toEqual([true, 2]);
  });

  faulty("scheduler:fire:after-clear", "a wake-up that was under way comes after it was cleared", async (owner, inject) => {
    await owner.scheduler.wakeAt(LATER_MS);
    await owner.scheduler.wakeAt(null);
    await inject();
    expect([await owner.wakes(), await owner.scheduler.pending()]).toEqual([1, null]);
  });
}
