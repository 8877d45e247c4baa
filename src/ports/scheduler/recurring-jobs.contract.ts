/** What everything that runs recurring jobs keeps. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { describe, expect } from "vitest";
import type { RecurringJob, RecurringJobs } from "./scheduler.port.ts";

export interface RecurringJobsHarness extends Pick<ContractHarness<RecurringJobs>, "name" | "deviations"> {
  /** As after a start of the program. */
  create(jobs: readonly RecurringJob[]): RecurringJobs;
}

const MINUTE_MS = 60_000;
const AT_MS = Date.UTC(2026, 10, 20, 12);

export function describeRecurringJobsContract(harness: RecurringJobsHarness): void {
  describe(`recurring jobs contract: ${harness.name}`, () => {
    verifiesOn(harness, ["SCH9", "SCH10", "SCH12"], "each job runs in the first tick of each of its periods", async () => {
      const { jobs, ran } = recorded();
      const cron = harness.create(jobs);
      for (const minutes of [3, 10, 20, 27, 30, 40, 50, 60]) await cron.tick(AT_MS + minutes * MINUTE_MS);
      expect(ran).toEqual(["ten@3", "hour@3", "ten@10", "ten@20", "ten@30", "ten@40", "ten@50", "ten@60", "hour@60"]);
      expect(await cron.tick(AT_MS + 120 * MINUTE_MS)).toEqual([
        { job: "ten", failure: null },
        { job: "hour", failure: null },
      ]);
    });

    verifiesOn(harness, ["SCH9", "scheduler:fire:twice", "scheduler:fire:late"], "a tick that comes twice or late runs nothing twice", async () => {
      const { jobs, ran } = recorded();
      const cron = harness.create(jobs);
      await cron.tick(AT_MS);
      expect(await cron.tick(AT_MS)).toEqual([]);
      expect(await cron.tick(AT_MS + 9 * MINUTE_MS)).toEqual([]);
      expect(ran).toEqual(["ten@0", "hour@0"]);
    });

    verifiesOn(harness, ["SCH10", "scheduler:fire:after-crash"], "a start, also one after a crash, begins with every job", async () => {
      const { jobs, ran } = recorded();
      await harness.create(jobs).tick(AT_MS);
      await harness.create(jobs).tick(AT_MS + MINUTE_MS);
      expect(ran).toEqual(["ten@0", "hour@0", "ten@1", "hour@1"]);
    });

    verifiesOn(harness, "SCH11", "a failing job stops no other and runs again in the next tick", async () => {
      const { jobs, ran } = recorded();
      const failure = new Error("the database is away");
      let broken = true;
      const failing: RecurringJob = { name: "failing", everyMs: 60 * MINUTE_MS, run: async () => (broken ? Promise.reject(failure) : undefined) };
      const cron = harness.create([failing, ...jobs]);
      expect(await cron.tick(AT_MS)).toEqual([
        { job: "failing", failure },
        { job: "ten", failure: null },
        { job: "hour", failure: null },
      ]);
      broken = false;
      expect(await cron.tick(AT_MS + MINUTE_MS)).toEqual([{ job: "failing", failure: null }]);
      expect(ran).toEqual(["ten@0", "hour@0"]);
    });

    verifiesOn(harness, ["SCH13", "scheduler:fire:clock-jump"], "after a jump of the clock each job runs once", async () => {
      const { jobs, ran } = recorded();
      const cron = harness.create(jobs);
      for (const minutes of [0, 600, 601, 0, 1]) await cron.tick(AT_MS + minutes * MINUTE_MS);
      expect(ran).toEqual(["ten@0", "hour@0", "ten@600", "hour@600", "ten@0", "hour@0"]);
    });
  });
}

/** Two jobs that write down when they ran, in minutes. */
function recorded(): { readonly jobs: readonly RecurringJob[]; readonly ran: string[] } {
  const ran: string[] = [];
  const job = (name: string, everyMs: number): RecurringJob => ({
    name,
    everyMs,
    run: async (atMs) => void ran.push(`${name}@${(atMs - AT_MS) / MINUTE_MS}`),
  });
  return { jobs: [job("ten", 10 * MINUTE_MS), job("hour", 60 * MINUTE_MS)], ran };
}
