/** Leads a world to where chance alone seldom goes: to a place, to how things stand there, and then something happens. */
import type { Stage } from "./faults.ts";
import { die, happens, offline, PATIENT } from "./goal-acts.ts";
import { GOALS, type Goal, type Place } from "./goals.ts";
import { backendsGo, backendsReturn, isAt, seek } from "./places.ts";
import type { World } from "./world.ts";

const WEIGHT = GOALS.reduce((sum, { weight }) => sum + weight, 0);
/** Steps until what was asked for came; where nothing else happens in between, the time that it takes. */
const SEEK_REST = 5;
const CALM_REST_MS = 250;
/** Steps until what comes of it came, at most. */
const REST_MAX = 25;
const PATIENT_REST_MAX = 90;
/** Where nothing of what was led to is lost with the object's memory. */
const CRASHABLE: readonly Place[] = ["idle", "permission", "parked", "paused", "hibernated", "failed", "broken"];
const OFFLINE_MS = 30_000;

/** `share` in [0, 1) of all weights. */
function goalAt(share: number): Goal {
  let left = share * WEIGHT;
  return GOALS.find(({ weight }) => (left -= weight) < 0) ?? (GOALS[0] as Goal);
}

/** The first by the seed's number, so that any stretch of seeds meets each as often as it should. */
export function drawGoals(world: World, count: number): readonly Goal[] {
  const share = (world.seed * 0.618_033_988_749_895) % 1;
  const goals = Array.from({ length: count }, (_, index) => goalAt(index === 0 ? share : world.prng.next()));
  // After these nothing comes.
  const isLast = ({ at, act }: Goal): number => Number(at === "ended") * 2 + Number(act.startsWith("remove"));
  return goals.toSorted((a, b) => isLast(a) - isLast(b));
}

function nameOf({ at, act, policy, queued, unfit, sandbox, backends }: Goal): string {
  const how = [policy, queued && "queued", unfit && "unfit", sandbox, backends && `backends ${backends}`].filter((each) => typeof each === "string");
  return `${act} at ${at}${how.length > 0 ? ` (${how.join(", ")})` : ""}`;
}

export class Director {
  readonly #stage: Stage;
  readonly #goals: Goal[];
  #restUntil = 0;
  #restUntilMs = 0;
  /** How things are made to stand for the goal, one after the other. */
  #toPrepare: (() => void)[] | null = null;
  /** What happened, while what comes of it is waited for. */
  #happened: Goal | null = null;

  constructor(stage: Stage, goals: readonly Goal[]) {
    this.#stage = stage;
    this.#goals = [...goals];
    stage.world.say(`goals drawn: ${this.left}`);
  }

  /** Where it did not come to. */
  get left(): string {
    return this.#goals.map(nameOf).join(" | ");
  }

  get isDone(): boolean {
    const { world, log } = this.#stage;
    if (this.#happened === null) return this.#goals.length === 0;
    const isOver = world.steps >= this.#restUntil || !(world.isReacting || isAt(log, this.#happened.at));
    if (isOver) {
      this.#happened = null;
      this.#rest();
    }
    return this.#goals.length === 0 && this.#happened === null;
  }

  /** Waits for what comes with time alone. */
  get isPatient(): boolean {
    return !this.isDone && this.#happened !== null && PATIENT.includes(this.#happened.act);
  }

  /** To a place where something is to happen, until all is prepared there. */
  get isOnTheWay(): boolean {
    const isReady = this.#toPrepare?.length === 0 && !this.#isResting;
    return !this.isDone && this.#happened === null && !isReady;
  }

  /** True when it did something in this step. */
  step(): boolean {
    const { world } = this.#stage;
    const goal = this.#goals[0];
    if (!goal || this.isDone || this.#happened !== null || this.#isResting) return false;
    world.records.isLed = true;
    this.#rest();
    if (!isAt(this.#stage.log, goal.at)) {
      this.#toPrepare = null;
      return seek(this.#stage, goal);
    }
    this.#toPrepare ??= this.#preparations(goal);
    const prepare = this.#toPrepare.shift();
    if (prepare) {
      prepare();
      return true;
    }
    world.say(`it happens: ${nameOf(goal)}`);
    if (!happens(goal.act, this.#stage)) return false;
    this.#goals.shift();
    this.#toPrepare = null;
    this.#happened = goal;
    this.#restUntil = world.steps + (PATIENT.includes(goal.act) ? PATIENT_REST_MAX : REST_MAX);
    return true;
  }

  get #isResting(): boolean {
    const { steps, time } = this.#stage.world;
    return steps < this.#restUntil || time.now() < this.#restUntilMs;
  }

  #rest(): void {
    const { world } = this.#stage;
    this.#restUntil = world.steps + (world.isCalm ? 1 : SEEK_REST);
    this.#restUntilMs = world.isCalm ? world.time.now() + CALM_REST_MS : 0;
  }

  #preparations({ at, policy, queued, unfit, sandbox, backends }: Goal): (() => void)[] {
    const stage = this.#stage;
    const { people, world } = stage;
    const all: (() => void)[] = [];
    if (world.chance(0.27)) all.push(() => happens("stir", stage));
    if (CRASHABLE.includes(at) && world.chance(0.2)) all.push(() => happens("crash", stage));
    if (policy && policy !== people.policy) all.push(() => people.choose(policy));
    if (queued && at !== "broken") all.push(() => people.queue());
    if (unfit) all.push(() => people.addProvider());
    if (sandbox === "offline") all.push(() => offline(stage, OFFLINE_MS));
    if (sandbox === "gone") all.push(() => die(stage));
    // Its runtime dials again first.
    if (backends) all.push(() => backendsGo(stage), () => undefined);
    if (backends === "stale") all.push(() => this.#backendsUnread());
    return all;
  }

  /** The operator brings them back, and what is read on waking is not stored. */
  #backendsUnread(): void {
    const { scripts, object } = this.#stage;
    scripts["session-store"]?.arm("session-store:commit:disk-full");
    backendsReturn(this.#stage);
    void object.actor;
  }
}
