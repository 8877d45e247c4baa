/** One world from its seed: a session is opened, lives through drawn steps and faults, is healed, and is then looked at. */
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import { AGENT_FAULTS } from "../../src/ports/agent/agent.faults.ts";
import { CATALOG_FAULTS } from "../../src/ports/catalog/catalog.faults.ts";
import { InMemoryCatalog } from "../../src/ports/catalog/catalog.fake.ts";
import { InMemoryEventBus } from "../../src/ports/event-bus/event-bus.fake.ts";
import { EVENT_BUS_FAULTS } from "../../src/ports/event-bus/event-bus.faults.ts";
import { InMemoryLedger } from "../../src/ports/ledger/ledger.fake.ts";
import { LEDGER_FAULTS } from "../../src/ports/ledger/ledger.faults.ts";
import { InMemoryRunHistory } from "../../src/ports/run-history/run-history.fake.ts";
import { RUN_HISTORY_FAULTS } from "../../src/ports/run-history/run-history.faults.ts";
import { SANDBOX_FAULTS } from "../../src/ports/sandbox/sandbox.faults.ts";
import { SCHEDULER_FAULTS } from "../../src/ports/scheduler/scheduler.faults.ts";
import { SESSION_STORE_FAULTS } from "../../src/ports/session-store/session-store.faults.ts";
import { BLOB_STORE_FAULTS } from "../../src/ports/blob-store/blob-store.faults.ts";
import { SimBlobs } from "./blobs.ts";
import { Broker } from "./broker.ts";
import { Saved } from "./checkpoints.ts";
import { Clockwork } from "./clockwork.ts";
import { Director, drawGoals } from "./director.ts";
import { finalChecks } from "./final-checks.ts";
import { WEIGHTED_DRAWS, type Draw, type Stage } from "./faults.ts";
import { Healing } from "./healing.ts";
import { LogChecks } from "./log-checks.ts";
import { Machines } from "./machines.ts";
import type { Goal } from "./goals.ts";
import { drawShape, type Shape } from "./shape.ts";
import { SimObject } from "./object.ts";
import type { Outside } from "./object-ports.ts";
import { joinViewers, openSession } from "./opening.ts";
import { ADA, KEY, ORG, People } from "./people.ts";
import type { Statistics } from "./statistics.ts";
import { Viewer } from "./viewers.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly violation: string | null;
  readonly trace: readonly string[];
}

const ALL_HELD = { keep: 10_000, pageEvents: 1_000, pageBytes: 4_000_000 };
const LITTLE_HELD = { keep: 10, pageEvents: 5, pageBytes: 1_000_000 };
/** Runtimes of before measure nothing. */
const MEASURING_SHARE = 0.35;
/** To the places where something is to happen, and waiting for what comes of it. */
const CALM_STEPS_MAX = 200;

export async function simulate(seed: number, statistics: Statistics, options: { readonly traced?: boolean } = {}): Promise<Outcome> {
  const life = new SimulatedLife(new World(seed, statistics, options.traced ?? false));
  return life.run();
}

class SimulatedLife {
  readonly #world: World;
  readonly #shape: Shape;
  readonly #goals: readonly Goal[];
  readonly #stage: Stage;
  readonly #clockwork: Clockwork;
  readonly #outside: Outside;
  readonly #runHistory: InMemoryRunHistory;
  readonly #catalog: InMemoryCatalog;
  readonly #pending: { readonly atStep: number; readonly draw: Draw }[] = [];
  /** Steps in which anything may happen. */
  #drawn = 0;

  constructor(world: World) {
    this.#world = world;
    this.#shape = drawShape(world);
    world.isBrief = this.#shape.isBrief;
    this.#goals = drawGoals(world, this.#shape.goals);
    world.asks = this.#goals.some(({ at }) => at === "permission" || at === "parked" || at === "broken");
    world.asksTwice = this.#goals.some(({ act }) => act === "answerOne");
    world.measures = this.#goals.some(({ act }) => act === "measure" || act === "keptOtherwise") || world.chance(MEASURING_SHARE);
    world.lingers = this.#goals.some(({ at }) => at === "running" || at === "interrupted" || at === "paused");
    const { time } = world;
    const log = new LogChecks((rule, what) => world.violate(rule, what), () => world.records.slackMs);
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
    const stopsOnMismatch = this.#goals.some(({ act }) => act === "keptOtherwise") || world.chance(0.5);
    void this.#catalog.setPolicyRule(ORG, { onMismatch: stopsOnMismatch ? "stop" : "report" });
    const stage = {} as { object: SimObject };
    const broker = new Broker(world, () => stage.object, scripts.ledger);
    const blobs = new SimBlobs(world, scripts["blob-store"]);
    const backends = ["alpha", "beta", "gamma"].slice(0, this.#backends());
    const machines = new Machines({ world, object: () => stage.object, agentFaults: scripts.agent, blobs, saved: new Saved(), modelCall: (token) => broker.call(token) }, backends, scripts.sandbox);
    this.#outside = {
      runHistory: this.#runHistory,
      catalog: this.#catalog,
      ledger: new InMemoryLedger({ now: time.now }),
      feed: new InMemoryEventBus({ now: time.now, faults: scripts["event-bus"] }),
      blobs,
      archive: world.pick([ALL_HELD, ALL_HELD, LITTLE_HELD]),
      sandboxes: machines.providers(),
      backendsTaken: new Set(),
      schedulerFaults: scripts.scheduler,
      outboxDownUntilMs: 0,
      randomBytes: (length) => world.prng.bytes(length),
      sha256: async (text) => `h:${text}`,
    };
    const object = new SimObject(world, log, this.#outside, scripts["session-store"]);
    stage.object = object;
    const viewers = [ADA, KEY, ADA].slice(0, this.#shape.viewers).map((author, index) => new Viewer(world, object, author, `viewer ${index + 1}`));
    this.#stage = { world, log, object, machines, outside: this.#outside, viewers, people: new People(world, object, log, viewers, this.#shape.prompts), scripts };
    this.#clockwork = new Clockwork(this.#stage);
  }

  async run(): Promise<Outcome> {
    const world = this.#world;
    const { steps, ledStepsMax, isDirect } = this.#shape;
    const director = new Director(this.#stage, this.#goals);
    const isCalm = (): boolean => director.isPatient || (isDirect && director.isOnTheWay && world.steps - this.#drawn < CALM_STEPS_MAX);
    this.#drawFaults();
    world.isCalm = isCalm();
    if (!world.isCalm) while (this.#pending.at(-1)?.atStep === 0) this.#faultDue();
    await openSession(this.#stage, this.#goals[0], this.#clockwork);
    while (world.violation === null) {
      world.isCalm = isCalm();
      if (world.isCalm) this.#clockwork.calm(() => director.step());
      else if (this.#drawn < steps + (director.isDone ? 0 : ledStepsMax)) this.#drawnStep(director);
      else break;
      await this.#clockwork.settle();
    }
    world.say(`goals left: ${director.left} while ${this.#stage.log.status}, ${this.#drawn} steps drawn`);
    if (world.violation === null) await new Healing(this.#stage, this.#clockwork).run();
    if (world.violation === null) await this.#checks();
    const { statistics, records } = world;
    statistics.sessions += 1;
    statistics.steps += world.steps;
    if (new Set(records.struck).size >= 2) statistics.withTwoFaults += 1;
    return { violation: world.violation, trace: world.trace ?? [] };
  }

  /** Where a world is led there is one that tries, and one alone where all must fail. */
  #backends(): number {
    const [goal] = this.#goals;
    if (goal?.act === "removeTwice") return 0;
    if (goal?.act.endsWith("Always")) return 1;
    return this.#world.pick(goal ? [1, 1, 1, 2, 2, 3] : [0, 1, 1, 1, 2, 2, 2, 3]);
  }

  #drawnStep(director: Director): void {
    const world = this.#world;
    if (this.#drawn === 0) joinViewers(this.#stage);
    this.#drawn += 1;
    this.#faultDue();
    if (world.chance(0.5) && director.step()) world.steps += 1;
    else this.#clockwork.drawn(!director.isDone);
  }

  #drawFaults(): void {
    const world = this.#world;
    const { faults, steps } = this.#shape;
    for (let index = 0; index < faults; index += 1) this.#pending.push({ atStep: world.chance(0.3) ? 0 : world.prng.int(steps), draw: world.pick(WEIGHTED_DRAWS) });
    this.#pending.sort((a, b) => b.atStep - a.atStep);
  }

  #faultDue(): void {
    const next = this.#pending.at(-1);
    if (!next || next.atStep > this.#drawn) return;
    this.#pending.pop();
    if (next.draw.happen(this.#stage)) return;
    // Not possible yet: a little later.
    this.#pending.push({ ...next, atStep: this.#drawn + 1 + this.#world.prng.int(6) });
    this.#pending.sort((a, b) => b.atStep - a.atStep);
  }

  async #checks(): Promise<void> {
    let isDone = false;
    const checks = finalChecks({ stage: this.#stage, runHistory: this.#runHistory, catalog: this.#catalog }).finally(() => {
      isDone = true;
    });
    // What is archived is read like everything else: when the draw comes to it.
    while (!isDone) {
      this.#clockwork.deliver();
      await this.#clockwork.settle();
    }
    await checks;
  }
}
