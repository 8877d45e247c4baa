/**
 * How many sandboxes may boot at once. An agent's start is seconds of a processor: of many that begin together all would be
 * late, while one after the other each is there soon after its turn.
 */
import { cpus } from "node:os";
import type { PortError } from "../../../core/kernel/port-error.ts";
import { refusal } from "./errors.ts";

export interface Ticks {
  /** Of all processors since the machine's start, in any unit. */
  readonly idle: number;
  readonly total: number;
}

export interface StartPaceOptions {
  readonly atOnce: number;
  readonly now: () => number;
  readonly ticks?: () => Ticks;
}

/** Whatever has not booted by then is given up by its session, or waits for something else than a processor. */
const BOOT_MAX_MS = 45_000;
/** So much of the machine is to be idle for one more than `atOnce`. */
const IDLE_SHARE_MIN = 0.25;
/** What was let in is to show before the next is: a boot takes a moment to need a processor. */
const LOOK_EVERY_MS = 1_000;
/** What the machine did before that says nothing of now. */
const LOOK_BACK_MAX_MS = 8_000;
/** Short enough to be waited for by whoever asks. */
const AGAIN_MS = 1_000;

export class StartPace {
  readonly #options: StartPaceOptions;
  #booting: { readonly sinceMs: number; readonly isOver: () => boolean }[] = [];
  #looked: { readonly atMs: number; readonly ticks: Ticks } | null = null;
  #hasRoom = false;

  constructor(options: StartPaceOptions) {
    this.#options = options;
  }

  /**
   * Takes a place until its start is over, one way or the other.
   * @throws PortError `resource-exhausted`, to come again in a moment
   */
  take(isOver: () => boolean): void {
    const nowMs = this.#options.now();
    this.#booting = this.#booting.filter((each) => nowMs - each.sinceMs < BOOT_MAX_MS && !each.isOver());
    if (this.#booting.length >= this.#options.atOnce && !this.#isIdle(nowMs)) throw this.#later();
    this.#booting.push({ sinceMs: nowMs, isOver });
    this.#looked = { atMs: nowMs, ticks: this.#ticks() };
    this.#hasRoom = false;
  }

  /** Whether the machine had time left since it was looked at last; not known at first. */
  #isIdle(nowMs: number): boolean {
    const last = this.#looked;
    if (last !== null && nowMs - last.atMs < LOOK_EVERY_MS) return this.#hasRoom;
    const ticks = this.#ticks();
    this.#looked = { atMs: nowMs, ticks };
    this.#hasRoom = last !== null && nowMs - last.atMs < LOOK_BACK_MAX_MS && ticks.idle - last.ticks.idle >= IDLE_SHARE_MIN * (ticks.total - last.ticks.total);
    return this.#hasRoom;
  }

  #ticks(): Ticks {
    return (this.#options.ticks ?? ticksOfMachine)();
  }

  #later(): PortError {
    return refusal("create", `The machine starts ${this.#booting.length} other sandboxes.`, { code: "resource-exhausted", retry: { afterMs: AGAIN_MS } });
  }
}

function ticksOfMachine(): Ticks {
  const sums = cpus().map(({ times }) => ({ idle: times.idle, total: Object.values(times).reduce((sum, each) => sum + each, 0) }));
  return { idle: sums.reduce((sum, { idle }) => sum + idle, 0), total: sums.reduce((sum, { total }) => sum + total, 0) };
}
