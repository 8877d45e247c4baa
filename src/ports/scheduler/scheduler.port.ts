/** Waking up: one time for one owner, and jobs that come round. */

/** One wake-up time for one owner. It fires at least once, maybe late and maybe twice, also after a crash. */
export interface Scheduler {
  /** Replaces the wake-up time; null clears it. Milliseconds since the Unix epoch. */
  wakeAt(atMs: number | null): Promise<void>;
  /** What is set now. */
  pending(): Promise<number | null>;
}

/** Work of the whole program that comes round, such as sweeping what was left behind. Running it twice does no harm. */
export interface RecurringJob {
  /** For logs; unique. */
  readonly name: string;
  /** Milliseconds between the starts of its periods, counted from the Unix epoch. */
  readonly everyMs: number;
  run(atMs: number): Promise<void>;
}

export interface JobOutcome {
  readonly job: string;
  /** Null when it succeeded. */
  readonly failure: unknown;
}

/** The platform ticks; a job runs in the first tick of each of its periods. */
export interface RecurringJobs {
  /** @param atMs the time the tick was for, in milliseconds since the Unix epoch. Answers what ran and how it went. */
  tick(atMs: number): Promise<readonly JobOutcome[]>;
}
