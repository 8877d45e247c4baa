/** How a world goes on: one thing at a time, of what is due, under way, or wanted by somebody. */
import type { SessionEvent } from "@berth/protocol";
import type { Stage } from "./faults.ts";

/** Where nothing is due time goes on by so much. */
const NOTHING_DUE_MS = 20_000;
const SLOW_NETWORK_MS = 1_500;
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
    if (time.runDue()) return;
    if (!traffic.isEmpty) return this.deliver();
    if (!act()) this.#moveTime(Infinity);
  }

  deliver(): void {
    const { world } = this.#stage;
    const item = world.traffic.take(world.isCalm ? 0 : world.prng.int(world.traffic.channels));
    if (!item) return;
    world.say(item.label, item.detail);
    item.run();
  }

  #ring(): void {
    this.#stage.world.say("alarm rings");
    this.#stage.object.ring();
  }

  /** To the next moment at which something is due. */
  #moveTime(atMostMs: number): void {
    const { world, object } = this.#stage;
    const { time } = world;
    const nextAtMs = Math.min(time.nextAtMs() ?? Infinity, object.alarmAtMs ?? Infinity);
    time.moveTo(Math.min(nextAtMs === Infinity ? time.now() + NOTHING_DUE_MS : nextAtMs, time.now() + atMostMs));
    time.runDue();
  }
}
