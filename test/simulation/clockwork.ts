/** How a world goes on: one thing at a time, of what is due, under way, or wanted by somebody. */
import type { SessionEvent } from "@berth/protocol";
import type { Stage } from "./faults.ts";

/** Where nothing is due time goes on by so much. */
const NOTHING_DUE_MS = 20_000;
const SLOW_NETWORK_MS = 1_500;
/** What is due within so little is not told apart where nothing else happens in between. */
const TOGETHER_MS = 20;
/** Where nothing is under way somebody does something. */
const QUIET_ACTS = 0.2;

export class Clockwork {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Lets every promise that can go on do so, and reads what was committed. */
  async settle(): Promise<void> {
    const { world, object, log } = this.#stage;
    world.react();
    await new Promise((resolve) => setImmediate(resolve));
    object.rest();
    const committed = world.records.log;
    for (let index = log.lastSeq; index < committed.length && world.violation === null; index += 1) {
      log.take(JSON.parse(committed[index] as string) as SessionEvent);
    }
  }

  /** Whatever the draw comes to. `isLed`: people leave it alone for most of the time. */
  drawn(isLed: boolean): void {
    const { world, object, people } = this.#stage;
    const { time, traffic } = world;
    world.steps += 1;
    const isDue = object.alarmAtMs !== null && object.alarmAtMs <= time.now();
    const draw = world.prng.next();
    if (isDue && draw < 0.5) return this.#ring();
    if (time.runDue()) return;
    if (draw > (isLed ? 0.98 : 0.93)) return people.act();
    if (!traffic.isEmpty && (draw < 0.85 || isDue)) return this.deliver();
    if (isDue) return this.#ring();
    if (traffic.isEmpty && !isLed && world.chance(QUIET_ACTS)) return people.act();
    this.#moveTime(traffic.isEmpty ? Infinity : SLOW_NETWORK_MS);
  }

  /** What is due, then what is under way, then what there is to do, and only then time goes on. */
  calm(act: () => boolean): void {
    const { world, object } = this.#stage;
    const { time, traffic } = world;
    world.steps += 1;
    if (object.alarmAtMs !== null && object.alarmAtMs <= time.now()) return this.#ring();
    if (time.runDue()) return this.#runAllDue();
    if (!traffic.isEmpty) return this.deliver();
    if (act()) return;
    this.#moveTime(Infinity);
    if (world.isCalm) this.deliver();
  }

  /** What comes together where nothing else happens in between, or what the draw comes to. */
  deliver(): void {
    const { world } = this.#stage;
    const items = world.isCalm ? world.traffic.takeAll() : world.traffic.take(world.prng.int(world.traffic.channels));
    for (const { label, detail, run } of items) {
      world.say(label, detail);
      run();
    }
  }

  #ring(): void {
    this.#stage.world.say("alarm rings");
    this.#stage.object.ring();
  }

  /** To the next moment at which something is due. */
  #moveTime(atMostMs: number): void {
    const { world, object } = this.#stage;
    const { time } = world;
    const alarmAtMs = object.alarmAtMs ?? Infinity;
    const nextAtMs = Math.min((time.nextAtMs() ?? Infinity) + (world.isCalm ? TOGETHER_MS : 0), alarmAtMs);
    time.moveTo(Math.min(nextAtMs === Infinity ? time.now() + NOTHING_DUE_MS : nextAtMs, time.now() + atMostMs));
    if (time.runDue()) this.#runAllDue();
  }

  /** Where nothing else happens in between. */
  #runAllDue(): void {
    const { isCalm, time } = this.#stage.world;
    while (isCalm && time.runDue());
  }
}
