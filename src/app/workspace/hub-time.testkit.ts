/** A hub's time in tests: it moves when it is told to, and what a timer begins settles before the next one runs. */
import type { HubTimers } from "../session/viewer-hub.ts";

export class HubTime implements HubTimers {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly run: () => void }[] = [];

  now = (): number => this.#nowMs;

  after = (delayMs: number, run: () => void): void => void this.#timers.push({ atMs: this.#nowMs + delayMs, run });

  pass = async (ms: number): Promise<void> => {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = next.atMs;
      next.run();
      await settled();
    }
    this.#nowMs = untilMs;
  };
}

export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
