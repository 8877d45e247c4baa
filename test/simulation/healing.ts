/** Nothing is made to fail any more; whoever is waited for does their part; time goes on until all is quiet. */
import type { Clockwork } from "./clockwork.ts";
import type { Stage } from "./faults.ts";
import { foundAtMs } from "./final-checks.ts";

const STEPS_MAX = 6_000;
const HELPS_MAX = 200;
/** A turn that goes on for so long without an end is stopped by whoever waits for it. */
const PATIENCE_MS = 4 * 60_000;
/** Whoever helped looks how it went before helping again. */
const HELP_PAUSE_MS = 20_000;
/** What a sandbox found is stored within a minute, at the second try if the first was not. */
const TELL_MS = 130_000;

export class Healing {
  readonly #stage: Stage;
  readonly #clockwork: Clockwork;
  /** A session that failed and has nothing to do stays so. */
  readonly #mayBeLeft: boolean;
  readonly #healedAtMs: number;
  #helps = 0;
  #helped = { seq: 0, atMs: 0 };

  constructor(stage: Stage, clockwork: Clockwork) {
    this.#stage = stage;
    this.#clockwork = clockwork;
    this.#healedAtMs = stage.world.time.now();
    this.#mayBeLeft = stage.world.isBrief && stage.world.chance(0.7);
  }

  async run(): Promise<void> {
    const { world, machines, log } = this.#stage;
    this.#mend();
    const until = world.steps + STEPS_MAX;
    while (world.violation === null) {
      const leaked = this.#isQuiet() ? await machines.leaked(log.isRevoked ? 0 : log.epoch) : null;
      if (this.#isQuiet() && leaked === null) return;
      if (world.steps > until && leaked !== null) return world.violate("SIM6", `the sandbox of epoch ${leaked} still runs and the session does not hold it`);
      if (world.steps > until) return world.violate("SIM2", `never came to rest: ${this.#state()}`);
      this.#clockwork.calm(() => this.#joinAgain() || this.#help());
      await this.#clockwork.settle();
    }
  }

  #mend(): void {
    const { world, object, machines, outside, viewers, people, scripts, log } = this.#stage;
    world.healed = true;
    world.isCalm = world.isBrief;
    world.say("healed");
    world.disarm();
    for (const script of Object.values(scripts)) script.disarm();
    outside.outboxDownUntilMs = 0;
    object.heal(outside.backendsTaken.size > 0);
    outside.backendsTaken.clear();
    for (const provider of machines.backends.values()) provider.release();
    for (const wire of object.wires.values()) if (wire.isHalfOpen) wire.heal();
    machines.heal();
    for (const viewer of viewers) viewer.goOn();
    if (world.chance(world.isBrief ? 0.1 : 0.25) && log.status !== "ended") people.prompt();
    if (world.isBrief && world.chance(0.7)) people.cancelAll();
  }

  #joinAgain(): boolean {
    const { world, viewers, log } = this.#stage;
    if (log.status !== "ended") for (const viewer of viewers) viewer.join();
    return !world.traffic.isEmpty;
  }

  /** What only a person can do. */
  #help(): boolean {
    const { people, log, world } = this.#stage;
    const nowMs = world.time.now();
    if (this.#helps >= HELPS_MAX || (this.#helped.seq === log.lastSeq && nowMs < this.#helped.atMs + HELP_PAUSE_MS)) return false;
    const isLong = log.running !== null && nowMs - log.running.startedAtMs > PATIENCE_MS;
    const wanted = log.requests.size > 0 || log.waitingFor === "interrupted" || this.#canResume() || isLong;
    if (!wanted) return false;
    this.#helps += 1;
    this.#helped = { seq: log.lastSeq, atMs: nowMs };
    if (isLong) people.stop();
    else if (log.requests.size > 0 && log.waitingFor !== "interrupted") people.answer();
    else people.resume();
    return true;
  }

  /** Where there is no backend a person cannot help, and where nothing waits nobody may care. */
  #canResume(): boolean {
    return this.#stage.log.status === "failed" && !this.#isLeftFailed() && this.#helps < HELPS_MAX - 1;
  }

  #isLeftFailed(): boolean {
    const { machines, log } = this.#stage;
    return machines.backends.size === 0 || (this.#mayBeLeft && log.unsettled().length === 0 && log.requests.size === 0);
  }

  #isQuiet(): boolean {
    const { object, viewers, log, machines, world } = this.#stage;
    const { status } = log;
    if (status !== "failed" && log.unsettled().length > 0) return false;
    const isAtRest = status === "ended" || status === "hibernated" || (status === "idle" && log.queue.length === 0) || (status === "failed" && this.#isLeftFailed());
    if (!isAtRest || !world.traffic.isEmpty || object.disk.outbox.size > 0 || machines.isAnyLingering) return false;
    if (this.#isToBeTold()) return false;
    if (status === "ended") return object.disk.state === null && object.alarmAtMs === null;
    return viewers.every((viewer) => viewer.isForbidden || (viewer.isConnected && viewer.isComplete && viewer.cursor === log.lastSeq));
  }

  #isToBeTold(): boolean {
    const { world, log } = this.#stage;
    const atMs = foundAtMs(this.#stage);
    return atMs !== null && !log.differing.has(log.epoch) && world.time.now() < Math.max(atMs, this.#healedAtMs) + TELL_MS;
  }

  #state(): string {
    const { object, viewers, log, world } = this.#stage;
    const behind = viewers.filter((viewer) => !viewer.isForbidden && viewer.cursor < log.lastSeq).map((viewer) => `${viewer.watched.name} has ${viewer.cursor} of ${log.lastSeq}`);
    const waits = `${log.status}${log.waitingFor ? ` for ${log.waitingFor}` : ""}, ${log.queue.length} queued, ${log.running ? `${log.running.messageId} runs` : "nothing runs"}`;
    const alarm = object.alarmAtMs === null ? "no alarm" : `alarm in ${object.alarmAtMs - world.time.now()} ms`;
    return [waits, alarm, `${object.disk.outbox.size} in the outbox`, ...behind].join("; ");
  }
}
