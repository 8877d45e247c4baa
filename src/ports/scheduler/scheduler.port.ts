/** One wake-up time for one owner. It fires at least once, maybe late and maybe twice, also after a crash. */

export interface Scheduler {
  /** Replaces the wake-up time; null clears it. Milliseconds since the Unix epoch. */
  wakeAt(atMs: number | null): Promise<void>;
  /** What is set now. */
  pending(): Promise<number | null>;
}
