/** Jobs that come round, run from a platform's cron trigger: `scheduled(event) { await jobs.tick(event.scheduledTime) }`. */
import type { JobOutcome, RecurringJob, RecurringJobs } from "../../ports/scheduler/scheduler.port.ts";

/**
 * Which period a job ran in is kept in memory only: after a restart every job runs again, which does no harm and makes up
 * for ticks that were missed.
 */
export function createCronJobs(jobs: readonly RecurringJob[]): RecurringJobs {
  const ranIn = new Map<string, number>();

  async function run(job: RecurringJob, atMs: number): Promise<JobOutcome> {
    const period = Math.floor(atMs / job.everyMs);
    ranIn.set(job.name, period);
    try {
      await job.run(atMs);
      return { job: job.name, failure: null };
    } catch (failure) {
      ranIn.delete(job.name);
      return { job: job.name, failure };
    }
  }

  return {
    tick(atMs) {
      const due = jobs.filter((job) => ranIn.get(job.name) !== Math.floor(atMs / job.everyMs));
      return Promise.all(due.map((job) => run(job, atMs)));
    },
  };
}
