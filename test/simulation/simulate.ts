/** One world from its seed: a session is opened, lives through drawn steps and faults, is healed, and is then looked at. */
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import { AGENT_FAULTS } from "../../src/ports/agent/agent.faults.ts";
import { CATALOG_FAULTS } from "../../src/ports/catalog/catalog.faults.ts";
import { InMemoryCatalog } from "../../src/ports/catalog/catalog.fake.ts";
import { InMemoryEventBus } from "../../src/ports/event-bus/event-bus.fake.ts";
import { EVENT_BUS_FAULTS } from "../../src/ports/event-bus/event-bus.faults.ts";
import { LEDGER_FAULTS } from "../../src/ports/ledger/ledger.faults.ts";
import { InMemoryRunHistory } from "../../src/ports/run-history/run-history.fake.ts";
import { RUN_HISTORY_FAULTS } from "../../src/ports/run-history/run-history.faults.ts";
import { SANDBOX_FAULTS } from "../../src/ports/sandbox/sandbox.faults.ts";
import { SCHEDULER_FAULTS } from "../../src/ports/scheduler/scheduler.faults.ts";
import { SESSION_STORE_FAULTS } from "../../src/ports/session-store/session-store.faults.ts";
import type { SessionEvent } from "@berth/protocol";
import { BLOB_STORE_FAULTS } from "../../src/ports/blob-store/blob-store.faults.ts";
import { SimBlobs } from "./blobs.ts";
import { Broker } from "./broker.ts";
import { Saved } from "./checkpoints.ts";
import { Director } from "./director.ts";
import { finalChecks } from "./final-checks.ts";
import { WEIGHTED_DRAWS, type Draw, type Stage } from "./faults.ts";
import { LogChecks } from "./log-checks.ts";
import { Machines } from "./machines.ts";
import { SimObject } from "./object.ts";
import type { Outside } from "./object-ports.ts";
import { ADA, KEY, MODEL, ORG, People, POLICIES, PROVIDERS } from "./people.ts";
import type { Statistics } from "./statistics.ts";
import { Viewer } from "./viewers.ts";
import { World } from "./world.ts";

export const SESSION = `ses_${"0".repeat(25)}1`;

export interface Outcome {
  readonly violation: string | null;
  readonly trace: readonly string[];
}

const ALL_HELD = { keep: 10_000, pageEvents: 1_000, pageBytes: 4_000_000 };
const LITTLE_HELD = { keep: 10, pageEvents: 5, pageBytes: 1_000_000 };
/** How much longer a world may take where it is led somewhere. */
const LED_STEPS_MAX = 180;
const HEAL_STEPS_MAX = 6_000;
const HELPS_MAX = 200;
/** A turn that goes on for so long without an end is stopped by whoever waits for it. */
const PATIENCE_MS = 4 * 60_000;
/** Whoever helped looks how it went before helping again. */
const HELP_PAUSE_MS = 20_000;
const SLOW_NETWORK_MS = 1_500;

export async function simulate(seed: number, statistics: Statistics, options: { readonly traced?: boolean } = {}): Promise<Outcome> {
  const life = new SimulatedLife(new World(seed, statistics, options.traced ?? false));
  return life.run();
}

class SimulatedLife {
  readonly #world: World;
  readonly #stage: Stage;
  readonly #log: LogChecks;
  readonly #outside: Outside;
  readonly #runHistory: InMemoryRunHistory;
  readonly #catalog: InMemoryCatalog;
  readonly #pending: { readonly atStep: number; readonly draw: Draw }[] = [];
  /** Then people leave it alone for most of the time. */
  #isLed = false;
  #helps = 0;
  #helped = { seq: 0, atMs: 0 };

  constructor(world: World) {
    this.#world = world;
    const { time } = world;
    this.#log = new LogChecks((rule, what) => world.violate(rule, what), () => world.records.slackMs);
    const scripts = {
      agent: world.script(AGENT_FAULTS),
      "blob-store": world.script(BLOB_STORE_FAULTS),
      catalog: world.script(CATALOG_FAULTS),
      "event-bus": world.script(EVENT_BUS_FAULTS),
      ledger: world.script(LEDGER_FAULTS),
      "run-history": world.script(RUN_HISTORY_FAULTS),
      sandbox: world.script(SANDBOX_FAULTS),
      scheduler: world.script(SCHEDULER_FAULTS),
      "session-store": world.script(SESSION_STORE_FAULTS),
    } satisfies Record<string, FaultScript>;
    this.#runHistory = new InMemoryRunHistory(scripts["run-history"]);
    this.#catalog = new InMemoryCatalog({ now: time.now, faults: scripts.catalog });
    const stage = {} as { object: SimObject };
    const broker = new Broker(world, () => stage.object, scripts.ledger);
    const blobs = new SimBlobs(world, scripts["blob-store"]);
    const backends = ["alpha", "beta", "gamma"].slice(0, world.pick([0, 1, 1, 1, 2, 2, 2, 3]));
    const machines = new Machines({ world, object: () => stage.object, agentFaults: scripts.agent, blobs, saved: new Saved(), modelCall: (token) => broker.call(token) }, backends, scripts.sandbox);
    this.#outside = {
      runHistory: this.#runHistory,
      catalog: this.#catalog,
      feed: new InMemoryEventBus({ now: time.now, faults: scripts["event-bus"] }),
      blobs,
      archive: world.pick([ALL_HELD, LITTLE_HELD, LITTLE_HELD]),
      sandboxes: machines.providers(),
      backendsTaken: new Set(),
      schedulerFaults: scripts.scheduler,
      outboxDownUntilMs: 0,
      randomBytes: (length) => world.prng.bytes(length),
      sha256: async (text) => `h:${text}`,
    };
    const object = new SimObject(world, this.#outside, scripts["session-store"]);
    stage.object = object;
    const viewers = [ADA, KEY, ADA].slice(0, 1 + world.prng.int(3)).map((author, index) => new Viewer(world, object, author, `viewer ${index + 1}`));
    this.#stage = { world, object, machines, outside: this.#outside, viewers, people: new People(world, object, this.#log, viewers), scripts };
  }

  async run(): Promise<Outcome> {
    const world = this.#world;
    const steps = 25 + world.prng.int(60);
    this.#drawFaults(steps);
    while (this.#pending.at(-1)?.atStep === 0) this.#faultDue();
    const director = new Director(this.#stage, this.#log);
    await this.#open();
    while ((world.steps < steps || (!director.isDone && world.steps < steps + LED_STEPS_MAX)) && world.violation === null) {
      this.#faultDue();
      this.#isLed = !director.isDone;
      if (world.chance(0.3) && director.step()) world.steps += 1;
      else this.#step();
      await this.#settle();
    }
    world.say(`goals left: ${director.left} while ${this.#log.status}`);
    if (world.violation === null) await this.#heal();
    if (world.violation === null) await this.#checks();
    const { statistics, records } = world;
    statistics.sessions += 1;
    statistics.steps += world.steps;
    if (records.struck.length >= 2) statistics.withTwoFaults += 1;
    return { violation: world.violation, trace: world.trace ?? [] };
  }

  /** Lets every promise that can go on do so, and reads what was committed. */
  async #settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#stage.object.rest();
    const { log } = this.#world.records;
    for (let index = this.#log.lastSeq; index < log.length && this.#world.violation === null; index += 1) {
      this.#log.take(JSON.parse(log[index] as string) as SessionEvent);
    }
  }

  #drawFaults(steps: number): void {
    const world = this.#world;
    const count = world.pick([0, 1, 3, 4, 5, 6, 7, 8, 9]);
    for (let index = 0; index < count; index += 1) this.#pending.push({ atStep: world.chance(0.3) ? 0 : world.prng.int(steps), draw: world.pick(WEIGHTED_DRAWS) });
    this.#pending.sort((a, b) => b.atStep - a.atStep);
  }

  #faultDue(): void {
    const next = this.#pending.at(-1);
    if (!next || next.atStep > this.#world.steps) return;
    this.#pending.pop();
    if (next.draw.happen(this.#stage)) return;
    // Not possible yet: a little later.
    this.#pending.push({ ...next, atStep: this.#world.steps + 1 + this.#world.prng.int(6) });
    this.#pending.sort((a, b) => b.atStep - a.atStep);
  }

  async #open(): Promise<void> {
    const world = this.#world;
    const { object, people } = this.#stage;
    const prompt = world.chance(0.6) ? people.nextText() : undefined;
    const onInterruption = world.pick(POLICIES);
    people.choices.add(onInterruption);
    const permissions = world.asks || world.chance(0.4) ? ({ "*": "ask" } as const) : ({ "*": "allow" } as const);
    if (world.chance(0.15)) world.arm("sandbox:create:answered-late", 2);
    if (world.chance(0.15)) world.arm("sandbox:stop:answered-late", 2);
    for (let tries = 0; tries < 8; tries += 1) {
      object
        .call((service) =>
          service.open({
            orgId: ORG,
            sessionId: SESSION,
            input: { model: MODEL, permissions, onInterruption, ...(prompt === undefined ? {} : { prompt }) },
            author: ADA,
            providers: PROVIDERS,
            demoOnly: world.chance(0.5),
            gitIdentity: null,
          }),
        )
        .catch(() => undefined);
      await this.#settle();
      if (world.records.log.length > 0) break;
    }
    if (prompt !== undefined) {
      people.sent.set(prompt, "taken");
      people.promptsLeft -= 1;
    }
    for (const viewer of this.#stage.viewers) if (world.chance(0.7)) viewer.join();
  }

  /** One drawn step. */
  #step(): void {
    const world = this.#world;
    const { object, people } = this.#stage;
    const { time, traffic } = world;
    world.steps += 1;
    const isDue = object.alarmAtMs !== null && object.alarmAtMs <= time.now();
    const draw = world.prng.next();
    if (isDue && draw < 0.5) {
      world.say("alarm rings");
      return object.ring();
    }
    if (time.runDue()) return;
    if (draw > (this.#isLed ? 0.98 : 0.93)) return people.act();
    if (!traffic.isEmpty && (draw < 0.85 || isDue)) return this.#deliver();
    if (isDue) return object.ring();
    this.#moveTime(traffic.isEmpty ? Infinity : SLOW_NETWORK_MS);
  }

  #deliver(): void {
    const item = this.#world.traffic.take(this.#world.prng);
    if (!item) return;
    this.#world.say(item.label, item.detail);
    item.run();
  }

  /** To the next moment at which something is due. */
  #moveTime(atMostMs: number): void {
    const { time } = this.#world;
    const due = [time.nextAtMs(), this.#stage.object.alarmAtMs].filter((atMs) => atMs !== null);
    if (due.length === 0) return time.moveTo(time.now() + Math.min(HELP_PAUSE_MS, atMostMs));
    time.moveTo(Math.min(Math.min(...due), time.now() + atMostMs));
  }

  /** Nothing is made to fail any more; whoever is waited for does their part; time goes on until all is quiet. */
  async #heal(): Promise<void> {
    const world = this.#world;
    const { object, machines, outside, viewers, people, scripts } = this.#stage;
    world.healed = true;
    world.say("healed");
    world.disarm();
    for (const script of Object.values(scripts)) script.disarm();
    outside.outboxDownUntilMs = 0;
    object.heal(outside.backendsTaken.size > 0);
    outside.backendsTaken.clear();
    for (const provider of machines.backends.values()) provider.release();
    for (const wire of object.wires.values()) if (wire.isHalfOpen) wire.heal();
    for (const machine of machines.running.values()) {
      machine.fillDisk(0);
      if (machine.wire?.isHalfOpen) machine.wire.heal();
    }
    for (const viewer of viewers) viewer.goOn();
    if (world.chance(0.25) && this.#log.status !== "ended") people.prompt();
    const until = world.steps + HEAL_STEPS_MAX;
    while (world.violation === null) {
      const leaked = this.#isQuiet() ? await machines.leaked(this.#log.isRevoked ? 0 : this.#log.epoch) : null;
      if (this.#isQuiet() && leaked === null) return;
      if (world.steps > until && leaked !== null) return world.violate("SIM6", `the sandbox of epoch ${leaked} still runs and the session does not hold it`);
      if (world.steps > until) return world.violate("SIM2", `never came to rest: ${this.#state()}`);
      this.#healStep();
      await this.#settle();
    }
  }

  #healStep(): void {
    const world = this.#world;
    const { object, viewers } = this.#stage;
    const { time, traffic } = world;
    world.steps += 1;
    if (object.alarmAtMs !== null && object.alarmAtMs <= time.now()) {
      world.say("alarm rings");
      return object.ring();
    }
    if (time.runDue()) return;
    if (!traffic.isEmpty) return this.#deliver();
    for (const viewer of viewers) if (!viewer.isConnected && this.#log.status !== "ended") viewer.join();
    if (!traffic.isEmpty) return;
    if (this.#help()) return;
    this.#moveTime(Infinity);
  }

  /** What only a person can do. */
  #help(): boolean {
    const log = this.#log;
    const { people } = this.#stage;
    const nowMs = this.#world.time.now();
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

  /** Where there is no backend a person cannot help. */
  #canResume(): boolean {
    return this.#log.status === "failed" && this.#stage.machines.backends.size > 0 && this.#helps < HELPS_MAX - 1;
  }

  #isQuiet(): boolean {
    const { object, viewers, machines } = this.#stage;
    const { status } = this.#log;
    if (status !== "failed" && this.#log.unsettled().length > 0) return false;
    const isAtRest = status === "ended" || status === "hibernated" || (status === "idle" && this.#log.queue.length === 0) || (status === "failed" && machines.backends.size === 0);
    if (!isAtRest || !this.#world.traffic.isEmpty || object.disk.outbox.size > 0) return false;
    if (status === "ended") return object.disk.state === null && object.alarmAtMs === null;
    return viewers.every((viewer) => viewer.isForbidden || (viewer.isConnected && viewer.isComplete && viewer.cursor === this.#log.lastSeq));
  }

  #state(): string {
    const log = this.#log;
    const { object, viewers } = this.#stage;
    const behind = viewers.filter((viewer) => !viewer.isForbidden && viewer.cursor < log.lastSeq).map((viewer) => `${viewer.watched.name} has ${viewer.cursor} of ${log.lastSeq}`);
    const waits = `${log.status}${log.waitingFor ? ` for ${log.waitingFor}` : ""}, ${log.queue.length} queued, ${log.running ? `${log.running.messageId} runs` : "nothing runs"}`;
    const alarm = object.alarmAtMs === null ? "no alarm" : `alarm in ${object.alarmAtMs - this.#world.time.now()} ms`;
    return [waits, alarm, `${object.disk.outbox.size} in the outbox`, ...behind].join("; ");
  }

  async #checks(): Promise<void> {
    let isDone = false;
    const checks = finalChecks({ stage: this.#stage, log: this.#log, runHistory: this.#runHistory, catalog: this.#catalog }).finally(() => {
      isDone = true;
    });
    // What is archived is read like everything else: when the draw comes to it.
    while (!isDone) {
      this.#deliver();
      await this.#settle();
    }
    await checks;
  }
}
