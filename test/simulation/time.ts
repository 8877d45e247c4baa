/** The one clock of a simulated world: it stands still until the simulation moves it. */
interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class SimTime {
  #nowMs: number;
  #order = 0;
  /** Soonest last, so that the next one is taken off the end. */
  readonly #timers: Timer[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now = (): number => this.#nowMs;

  after = (delayMs: number, run: () => void): (() => void) => {
    this.#order += 1;
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)), order: this.#order, run };
    let place = this.#timers.length;
    while (place > 0 && isSooner(this.#timers[place - 1] as Timer, timer)) place -= 1;
    this.#timers.splice(place, 0, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  };

  nextAtMs(): number | null {
    return this.#timers.at(-1)?.atMs ?? null;
  }

  /** Moves on without running anything; what became due is run by `runDue`. */
  moveTo(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  /** Runs the soonest timer that is due; false when there is none. */
  runDue(): boolean {
    const next = this.#timers.at(-1);
    if (!next || next.atMs > this.#nowMs) return false;
    this.#timers.pop();
    next.run();
    return true;
  }
}

function isSooner(left: Timer, right: Timer): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
