/** Scheduler in memory with a clock that is moved by hand. It outlives its owner, so that a crash is a new owner. */
import { FaultScript } from "../../core/kernel/fault.ts";
import { SCHEDULER_FAULTS } from "./scheduler.faults.ts";
import type { Scheduler } from "./scheduler.port.ts";
import { checkWakeTime } from "./wake-time.ts";

export interface InMemorySchedulerOptions {
  readonly nowMs: number;
  readonly faults?: FaultScript;
}

export class InMemoryScheduler implements Scheduler {
  readonly faults: FaultScript;
  #nowMs: number;
  #atMs: number | null = null;
  #cleared: number | null = null;
  #owner: () => Promise<void> | void = () => undefined;

  constructor(options: InMemorySchedulerOptions) {
    this.#nowMs = options.nowMs;
    this.faults = options.faults ?? new FaultScript(SCHEDULER_FAULTS);
  }

  /** Who is woken from now on; a new owner after a crash takes the place of the old one. */
  attach(owner: () => Promise<void> | void): void {
    this.#owner = owner;
  }

  now(): number {
    return this.#nowMs;
  }

  async wakeAt(atMs: number | null): Promise<void> {
    checkWakeTime(atMs);
    if (atMs === null) this.#cleared = this.#atMs;
    this.#atMs = atMs;
    this.faults.strike("wakeAt", "after-apply");
  }

  async pending(): Promise<number | null> {
    return this.#atMs;
  }

  /** Moves the clock and wakes the owner if its time has come; answers how often. A time set while waking up waits for the next move. */
  async advanceTo(nowMs: number): Promise<number> {
    this.#nowMs = nowMs;
    const fault = this.faults.strike("fire", "before-send")?.id;
    if (fault === "scheduler:fire:late") return 0;
    const stale = fault === "scheduler:fire:after-clear" && this.#cleared !== null;
    const early = fault === "scheduler:fire:clock-jump" && this.#atMs !== null;
    if (!stale && !early && (this.#atMs === null || this.#atMs > nowMs)) return 0;
    const again = this.faults.strike("fire", "after-apply")?.id === "scheduler:fire:twice";
    if (!stale) this.#atMs = null;
    this.#cleared = null;
    await this.#owner();
    if (!again) return 1;
    await this.#owner();
    return 2;
  }
}
