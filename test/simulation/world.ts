/** What every part of a simulated world shares: one seed, one clock, what is under way, the armed faults, the records. */
import { FaultScript, type Fault, type FaultCatalog, type FaultPoint } from "../../src/core/kernel/fault.ts";
import { createPrng, type Prng } from "../../src/core/kernel/prng.ts";
import { Records } from "./records.ts";
import { bump, type Statistics } from "./statistics.ts";
import { SimTime } from "./time.ts";
import { Traffic } from "./traffic.ts";

const START_MS = Date.parse("2026-03-01T08:00:00.000Z");

export class World {
  readonly seed: number;
  readonly prng: Prng;
  readonly time = new SimTime(START_MS);
  readonly traffic = new Traffic();
  readonly records = new Records();
  readonly statistics: Statistics;
  /** The numbered steps, when somebody wants to read them. */
  readonly trace: string[] | null;
  readonly #armed = new Map<string, number>();
  #reactions: (() => boolean)[] = [];
  violation: string | null = null;
  /** Its agent asks a person in every turn. */
  asks = false;
  asksTwice = false;
  /** Its turns take a while before anything is seen of them. */
  lingers = false;
  /** Its runtimes know how to measure how they are kept. */
  measures = false;
  /** Little happens in it. */
  isBrief = false;
  /** What only waits for the draw does not wait now, and everything comes in the order in which it was sent. */
  isCalm = false;
  /** True once nothing is made to fail any more. */
  healed = false;
  steps = 0;

  constructor(seed: number, statistics: Statistics, traced: boolean) {
    this.seed = seed;
    this.prng = createPrng(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
    this.statistics = statistics;
    this.trace = traced ? [] : null;
  }

  chance(share: number): boolean {
    return this.prng.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.prng.int(list.length)] as T;
  }

  say(line: string, detail?: unknown): void {
    if (!this.trace) return;
    const more = detail === undefined ? "" : ` ${(JSON.stringify(detail) ?? "").slice(0, 160)}`;
    this.trace.push(`${String(this.steps).padStart(4)}  +${((this.time.now() - START_MS) / 1000).toFixed(3)}s  ${line}${more}`);
  }

  violate(rule: string, what: string): void {
    this.say(`VIOLATION [${rule}] ${what}`);
    this.violation ??= `[${rule}] ${what}`;
  }

  /** A port's script whose faults are counted as they strike. */
  script(catalog: FaultCatalog): FaultScript {
    return new CountedScript(catalog, (id) => this.struck(id));
  }

  struck(id: string): void {
    // What could not be stored is tried again a second later.
    if (id.startsWith("session-store:commit:")) this.records.slackMs += 1_000;
    this.say(`fault ${id}`);
    this.records.struck.push(id);
    bump(this.statistics.faults, id);
  }

  /** Faults that no fake knows by itself: taken by the part of the world they happen to. */
  arm(id: string, times = 1): void {
    this.#armed.set(id, (this.#armed.get(id) ?? 0) + times);
  }

  takes(id: string): boolean {
    const left = this.#armed.get(id);
    if (left === undefined || left <= 0) return false;
    this.#armed.set(id, left - 1);
    this.struck(id);
    return true;
  }

  /** Strikes by itself now and then, until nothing is made to fail any more. */
  takesChance(id: string, share: number): boolean {
    if (this.healed || !this.chance(share)) return false;
    this.struck(id);
    return true;
  }

  disarm(): void {
    this.#armed.clear();
    this.#reactions = [];
  }

  /** Asked after every step until it answers that it is over, or until nothing is made to fail any more. */
  whenever(goesOn: () => boolean): void {
    this.#reactions.push(goesOn);
  }

  get isReacting(): boolean {
    return this.#reactions.length > 0;
  }

  react(): void {
    if (this.#reactions.length > 0) this.#reactions = this.#reactions.filter((goesOn) => goesOn());
  }

  /** Resolves when the draw comes to it. */
  gate(label: string, delayMs = 0): Promise<void> {
    if (this.isCalm && delayMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      if (delayMs === 0) this.traffic.once(label, resolve);
      else this.time.after(delayMs, () => this.traffic.once(label, resolve));
    });
  }
}

class CountedScript extends FaultScript {
  readonly #struck: (id: string) => void;

  constructor(catalog: FaultCatalog, struck: (id: string) => void) {
    super(catalog);
    this.#struck = struck;
  }

  override strike(operation: string, point: FaultPoint): Fault | null {
    try {
      const fault = super.strike(operation, point);
      if (fault) this.#struck(fault.id);
      return fault;
    } catch (error) {
      this.#struck(String((error as Error).message.match(/^[^:]+:[^:]+:[^:]+/)?.[0]));
      throw error;
    }
  }
}
