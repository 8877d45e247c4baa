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

/** The agent's start and what comes before it, on a machine that does nothing else. */
const BOOT_MS = 8_000;
/** So much of the machine is to be idle for one more than `atOnce`. */
const IDLE_SHARE_MIN = 0.25;
const LOOK_EVERY_MS = 250;
/** Short enough to be waited for by whoever asks. */
const AGAIN_MS = 1_000;

export class StartPace {
  readonly #options: StartPaceOptions;
  #booting: number[] = [];
  #looked: { readonly atMs: number; readonly ticks: Ticks } | null = null;
  #hasRoom = false;

  constructor(options: StartPaceOptions) {
    this.#options = options;
  }

  /** Takes a place. @throws PortError `resource-exhausted`, to come again in a moment */
  take(): void {
    const nowMs = this.#options.now();
    this.#booting = this.#booting.filter((atMs) => nowMs - atMs < BOOT_MS);
    if (this.#booting.length >= this.#options.atOnce && !this.#isIdle(nowMs)) throw this.#later();
    this.#booting.push(nowMs);
    this.#hasRoom = false;
  }

  /** Whether the machine had time left since it was looked at last; not known at first. */
  #isIdle(nowMs: number): boolean {
    const last = this.#looked;
    if (last !== null && nowMs - last.atMs < LOOK_EVERY_MS) return this.#hasRoom;
    const ticks = (this.#options.ticks ?? ticksOfMachine)();
    this.#looked = { atMs: nowMs, ticks };
    this.#hasRoom = last !== null && nowMs - last.atMs < BOOT_MS && ticks.idle - last.ticks.idle >= IDLE_SHARE_MIN * (ticks.total - last.ticks.total);
    return this.#hasRoom;
  }

  #later(): PortError {
    return refusal("create", `The machine starts ${this.#booting.length} other sandboxes.`, { code: "resource-exhausted", retry: { afterMs: AGAIN_MS } });
  }
}

function ticksOfMachine(): Ticks {
  const sums = cpus().map(({ times }) => ({ idle: times.idle, total: Object.values(times).reduce((sum, each) => sum + each, 0) }));
  return { idle: sums.reduce((sum, { idle }) => sum + idle, 0), total: sums.reduce((sum, { total }) => sum + total, 0) };
}
