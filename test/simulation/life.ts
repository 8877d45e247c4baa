/** One life of an object's memory. What still runs in a memory that is lost reaches nothing any more. */
export class Evicted extends Error {
  constructor() {
    super("this memory is lost");
  }
}

export class Life {
  readonly #ended: () => void;
  #isAlive = true;
  #callsLeft: number | null = null;
  /** Set and not yet due: while there are some the platform keeps the memory. */
  timers = 0;

  constructor(ended: () => void) {
    this.#ended = ended;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  end(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#ended();
  }

  endAfter(calls: number | null): void {
    this.#callsLeft = calls;
  }

  /** @throws Evicted */
  check(): void {
    if (!this.#isAlive) throw new Evicted();
  }

  /** Each call to the outside passes here, so that the memory can end between any two. @throws Evicted */
  pass(): void {
    this.check();
    if (this.#callsLeft === null) return;
    this.#callsLeft -= 1;
    if (this.#callsLeft >= 0) return;
    this.end();
    throw new Evicted();
  }
}
