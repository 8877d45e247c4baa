/**
 * Leads a world to where chance alone seldom goes: a goal names a status and what is to happen in it. Whatever is done is
 * what people, sandboxes, operators and the platform do anyway.
 */
import type { Happen, Stage } from "./faults.ts";
import type { LogChecks } from "./log-checks.ts";

/** `permission` and `interrupted` are what a waiting session waits for. */
type Place = "starting" | "idle" | "running" | "permission" | "interrupted" | "hibernated" | "failed" | "ended";

interface Goal {
  readonly at: Place;
  readonly act: string;
  /** What is to follow from an interruption. */
  readonly policy?: "ask" | "fail" | "retry";
  /** Something waits in the queue by then. */
  readonly queued?: boolean;
  /** The operator has taken all backends away by then. */
  readonly bare?: boolean;
  /** The sandbox may not have the provider that was added. */
  readonly unfit?: boolean;
}

const ACTS: Readonly<Record<string, Happen>> = {
  crash: ({ object }) => {
    object.crash();
    void object.actor;
    return true;
  },
  remove: ({ people }) => said(people.remove()),
  usage: ({ object }) => said(void object.recordUsage({ runId: null, usage: NOTHING, costMicros: null })),
  stop: ({ people }) => said(people.stop()),
  cancel: ({ people }) => said(people.cancel()),
  move: ({ people }) => said(people.move()),
  update: ({ people }) => said(people.update()),
  apply: ({ people }) => said(people.applyWork()),
  answer: ({ people }) => said(people.answer()),
  resume: ({ people }) => said(people.resume()),
  hibernate: ({ people }) => said(people.hibernate()),
  prompt: ({ people }) => said(people.prompt()),
  unfit: ({ people }) => {
    people.addProvider();
    people.prompt();
    return true;
  },
  late: ({ world, people }) => {
    world.arm("sandbox:create:answered-late");
    world.arm("sandbox:stop:answered-late");
    people.addProvider();
    people.prompt();
    return true;
  },
  cut: ({ machines }) => {
    machines.newest?.wire?.cut();
    return machines.newest !== null;
  },
  die: ({ machines }) => {
    const machine = machines.newest;
    if (machine) machines.lose(machine, true);
    return machine !== null;
  },
  dieAndAnswer: (stage) => after(stage, lose(stage), () => stage.people.answer()),
  dieAndStop: (stage) => after(stage, lose(stage), () => stage.people.stop()),
  dieAndResume: (stage) => after(stage, lose(stage), () => stage.people.resume()),
  agentDiesAndAnswer: (stage) => after(stage, agentDies(stage), () => stage.people.answer()),
  agentDiesAndStop: (stage) => after(stage, agentDies(stage), () => stage.people.stop()),
  agentDiesAndResume: (stage) => after(stage, agentDies(stage), () => stage.people.resume()),
  agentDiesAndPrompt: (stage) => after(stage, agentDies(stage, 0), () => stage.people.prompt()),
  /** The session is removed while a sandbox is made for it, and is not forgotten yet when that one comes. */
  removeMeanwhile: (stage) => {
    const { world, outside, people } = stage;
    world.arm("sandbox:create:arrives-late");
    outside.outboxDownUntilMs = world.time.now() + 300_000;
    people.prompt();
    world.time.after(1_200, () => people.remove());
    return lose(stage);
  },
  /** Nothing waits behind the run that is lost. */
  isolateAlone: ({ machines, people, world }) => {
    people.cancel();
    machines.newest?.isolate(world.time.now() + 150_000);
    return machines.newest !== null;
  },
  promptOffline: ({ machines, people, world }) => {
    machines.newest?.isolate(world.time.now() + 3_000);
    machines.newest?.wire?.heal();
    people.prompt();
    return true;
  },
  dieAndHibernate: (stage) => after(stage, lose(stage), () => stage.people.hibernate()),
  /** A message for the turn that is about to end. */
  steerAtEnd: ({ people, machines, world }) => {
    people.prompt();
    people.steer();
    if (world.chance(0.5)) machines.newest?.agentDies();
    return true;
  },
  /** Its turn does not end, so it is replaced, and the backend is slow to say that it is gone. */
  replaced: ({ world, people }) => {
    world.arm("sandbox:stop:answered-late");
    world.arm("agent:ignores-stop");
    people.stop();
    people.prompt();
    return true;
  },
  none: () => true,
  agentDiesAndCut: (stage) =>
    after(stage, agentDies(stage, 0), () => {
      stage.machines.newest?.wire?.cut();
      stage.world.pick([() => stage.people.answer(), () => stage.people.stop(), () => stage.people.resume(), () => stage.people.prompt()])();
    }),
  sleep: ({ object, world, machines }) => {
    if (machines.newest !== null && world.chance(0.9)) return false;
    object.crash();
    world.records.slackMs += 95_000;
    world.time.moveTo(world.time.now() + 95_000);
    void object.actor;
    return true;
  },
  dieAndPrompt: ({ machines, people }) => {
    const machine = machines.newest;
    if (machine) machines.lose(machine, false);
    people.prompt();
    return machine !== null;
  },
  isolate: ({ machines, world, people }) => {
    const machine = machines.newest;
    machine?.isolate(world.time.now() + 150_000);
    if (machine && world.chance(0.7)) people.prompt();
    return machine !== null;
  },
  forget: ({ machines, people, world }) => {
    // What it was told is what it can forget.
    if (!machines.newest?.wasTold) return false;
    machines.newest?.restart(false);
    if (world.chance(0.7)) people.prompt();
    return machines.newest !== null;
  },
  stopAndForget: ({ machines, people }) => {
    people.stop();
    machines.newest?.restart(false);
    return machines.newest !== null;
  },
  stopAndDie: ({ machines, people, world }) => {
    people.stop();
    const machine = machines.newest;
    if (machine) world.time.after(1, () => machines.lose(machine, true));
    return machine !== null;
  },
  stopAndIsolate: ({ machines, people, world }) => {
    people.stop();
    machines.newest?.isolate(world.time.now() + 150_000);
    return machines.newest !== null;
  },
  ignoreStop: ({ world, people }) => {
    world.arm("agent:ignores-stop");
    people.stop();
    return true;
  },
  agentDies: (stage) => agentDies(stage),
  /** The link is gone for a moment, and when it is back the sandbox will not do any more. */
  unfitOffline: (stage) => {
    stage.machines.newest?.isolate(stage.world.time.now() + 3_000);
    stage.machines.newest?.wire?.heal();
    stage.people.addProvider();
    stage.people.prompt();
    return stage.machines.newest !== null;
  },
  chatter: ({ machines }) => {
    machines.newest?.wire?.send({ type: "heartbeat", running: "chatter" });
    return machines.newest !== null;
  },
  ring: ({ object }) => said(object.ringAgain()),
};

const NOTHING = { inputTokens: 1, outputTokens: 1, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

/** What a person does once the first thing was noticed. */
function after({ world, outside }: Stage, isDone: boolean, then: () => void): boolean {
  // Without its backend nobody says that a sandbox is gone: only the link's deadline does.
  if (isDone) world.time.after(outside.backendsTaken.size > 0 ? 60_000 : world.pick([700, 1_500]), then);
  return isDone;
}

/** And may not start again. */
function agentDies({ machines, scripts, world }: Stage, forGood = 0.6): boolean {
  if (world.chance(forGood)) scripts["agent"]?.arm("agent:open:never-healthy", { times: 2 });
  return machines.newest?.agentDies() ?? false;
}

function lose({ machines }: Stage): boolean {
  const machine = machines.newest;
  if (machine) machines.lose(machine, true);
  return machine !== null;
}

function said(_: void): boolean {
  return true;
}

const each = (at: Place, acts: readonly string[]): readonly Goal[] => acts.map((act) => ({ at, act }));

function times(count: number, goal: Goal): readonly Goal[] {
  return Array.from({ length: count }, () => goal);
}

/** Steps until what comes of it came. */
function restOf({ act, bare }: Goal): number {
  if (act === "removeMeanwhile") return 120;
  return act.startsWith("isolate") || act.includes("And") || bare ? 50 : 25;
}

/** What is lost in a run, and what follows: for a run that works and for one that waits for a person. */
function losses(at: "running" | "permission", act: string): readonly Goal[] {
  return [
    { at, act, policy: "fail" },
    { at, act, policy: "fail", queued: true },
    { at, act, policy: "retry", bare: true },
    { at, act, policy: "fail", queued: true, bare: true },
  ];
}

/** One for every row of the transition table that is seldom taken otherwise. */
const GOALS: readonly Goal[] = [
  ...each("starting", ["usage", "late", "sleep", "sleep", "forget", "forget", "forget", "chatter", "chatter", "die", "die", "crash", "remove"]),
  ...each("idle", ["usage", "usage", "chatter", "chatter", "crash", "remove", "hibernate", "dieAndHibernate", "isolate", "isolate", "forget", "agentDies", "agentDies", "unfitOffline", "late", "steerAtEnd", "dieAndResume", "dieAndResume", "dieAndPrompt", "apply", "answer"]),
  ...["isolate", "isolate", "forget", "unfitOffline", "dieAndResume", "dieAndResume", "dieAndPrompt", "dieAndPrompt", "prompt"].map((act): Goal => ({ at: "idle", act, bare: true })),
  ...losses("running", "die"),
  ...losses("running", "forget"),
  ...times(4, { at: "permission", act: "die", policy: "fail" }),
  { at: "permission", act: "die", policy: "retry" },
  { at: "permission", act: "die", policy: "ask" },
  ...losses("permission", "forget"),
  ...losses("permission", "forget"),
  ...losses("permission", "isolate"),
  ...losses("permission", "isolate"),
  ...losses("permission", "agentDies"),
  { at: "running", act: "ignoreStop" },
  { at: "running", act: "agentDies", policy: "fail" },
  { at: "running", act: "late" },
  { at: "running", act: "replaced" },
  { at: "running", act: "replaced" },
  { at: "running", act: "steerAtEnd" },
  { at: "running", act: "none", queued: true, unfit: true },
  { at: "permission", act: "agentDies", policy: "fail", queued: true, unfit: true },
  { at: "permission", act: "agentDies", policy: "fail", queued: true, unfit: true, bare: true },
  { at: "permission", act: "agentDies", policy: "retry", unfit: true },
  ...["dieAndAnswer", "dieAndStop", "agentDiesAndAnswer", "agentDiesAndAnswer", "agentDiesAndStop", "agentDiesAndStop", "agentDiesAndResume", "agentDiesAndCut", "agentDiesAndCut"].flatMap((act): Goal[] => [
    { at: "permission", act, policy: "ask" },
    { at: "permission", act, policy: "ask", queued: true },
  ]),
  ...["dieAndAnswer", "dieAndAnswer", "dieAndStop", "dieAndStop"].map((act): Goal => ({ at: "permission", act, policy: "ask", queued: true, bare: true })),
  { at: "permission", act: "agentDiesAndStop", policy: "ask", queued: true },
  { at: "permission", act: "agentDiesAndAnswer", policy: "ask" },
  ...each("permission", ["usage", "usage", "apply", "remove", "crash", "update", "cancel"]),
  ...each("interrupted", ["prompt", "prompt", "resume", "usage"]),
  ...times(6, { at: "interrupted", act: "prompt", bare: true }),
  ...times(4, { at: "interrupted", act: "promptOffline" }),
  { at: "running", act: "agentDiesAndCut", policy: "ask", queued: true },
  { at: "running", act: "agentDiesAndCut", policy: "ask" },
  { at: "running", act: "agentDiesAndPrompt", policy: "ask" },
  { at: "running", act: "agentDiesAndPrompt", policy: "ask" },
  ...each("hibernated", ["usage", "usage", "remove", "remove", "remove", "cancel", "cancel", "move", "update", "update", "apply", "apply", "answer", "answer", "resume", "crash"]),
  ...["resume", "resume", "prompt", "prompt"].map((act): Goal => ({ at: "hibernated", act, bare: true })),
  ...each("failed", ["apply", "apply", "apply", "remove"]),
  ...each("ended", ["crash", "ring"]),
  ...times(3, { at: "permission", act: "agentDiesAndAnswer", policy: "ask" }),
  ...times(14, { at: "permission", act: "agentDiesAndStop", policy: "ask" }),
  ...times(6, { at: "permission", act: "agentDiesAndStop", policy: "ask", queued: true }),
  ...times(5, { at: "permission", act: "dieAndStop", policy: "ask", queued: true, bare: true }),
  ...times(4, { at: "permission", act: "dieAndAnswer", policy: "ask", bare: true }),
  ...times(4, { at: "permission", act: "dieAndStop", policy: "ask", queued: true }),
  ...times(2, { at: "permission", act: "dieAndStop", policy: "ask" }),
  ...times(8, { at: "permission", act: "isolateAlone", policy: "fail" }),
  ...times(4, { at: "permission", act: "isolate", policy: "fail", queued: true }),
  ...times(5, { at: "permission", act: "forget", policy: "fail" }),
  ...times(5, { at: "permission", act: "none", policy: "fail", queued: true, unfit: true }),
  ...times(5, { at: "permission", act: "agentDies", policy: "fail", queued: true, unfit: true }),
  ...times(3, { at: "permission", act: "agentDies", policy: "fail" }),
  ...times(5, { at: "running", act: "steerAtEnd", unfit: true }),
  ...times(18, { at: "starting", act: "forget" }),
  ...times(10, { at: "idle", act: "removeMeanwhile" }),
  ...times(14, { at: "idle", act: "unfitOffline" }),
  ...times(12, { at: "idle", act: "unfitOffline", bare: true }),
  ...times(10, { at: "idle", act: "isolate" }),
  ...times(10, { at: "running", act: "steerAtEnd", unfit: true }),
  ...times(4, { at: "idle", act: "dieAndResume" }),
  ...times(8, { at: "idle", act: "dieAndResume", bare: true }),
  ...times(3, { at: "hibernated", act: "remove" }),
  ...times(2, { at: "hibernated", act: "answer" }),
  ...times(2, { at: "failed", act: "apply" }),
  ...times(2, { at: "running", act: "agentDiesAndCut", policy: "ask" }),
  ...times(2, { at: "running", act: "agentDiesAndPrompt", policy: "ask" }),
  ...times(2, { at: "interrupted", act: "prompt", bare: true }),
  ...times(1, { at: "permission", act: "remove" }),
  ...times(6, { at: "starting", act: "sleep" }),
  ...times(6, { at: "running", act: "forget", policy: "ask" }),
  ...times(4, { at: "running", act: "forget", policy: "fail" }),
  ...times(6, { at: "running", act: "steerAtEnd" }),
  ...times(4, { at: "permission", act: "isolate", policy: "fail" }),
  ...times(4, { at: "running", act: "agentDiesAndPrompt", policy: "ask" }),
  ...times(3, { at: "running", act: "agentDiesAndCut", policy: "ask" }),
  ...times(3, { at: "failed", act: "apply" }),
  ...times(3, { at: "failed", act: "usage" }),
  ...times(6, { at: "permission", act: "agentDiesAndAnswer", policy: "ask" }),
  ...each("hibernated", ["usage", "cancel", "move", "update", "apply", "resume", "prompt", "remove", "remove", "resume", "usage", "cancel", "move", "update", "apply", "answer"]),
  ...times(3, { at: "hibernated", act: "prompt", bare: true }),
  ...times(3, { at: "hibernated", act: "resume", bare: true }),
  ...each("starting", ["chatter", "usage", "die", "chatter", "usage", "die"]),
  ...each("idle", ["chatter", "usage", "usage", "remove", "dieAndPrompt", "dieAndPrompt"]),
];

export class Director {
  readonly #stage: Stage;
  readonly #log: LogChecks;
  readonly #goals: Goal[] = [];
  #restUntil = 0;
  /** What is to follow from it was chosen, and something waits. */
  #isPrepared = false;

  constructor(stage: Stage, log: LogChecks) {
    this.#stage = stage;
    this.#log = log;
    const { world } = stage;
    for (let left = world.pick([0, 1, 2, 2, 3, 4]); left > 0; left -= 1) this.#goals.push(world.pick(GOALS));
    world.asks = this.#goals.some(({ at }) => at === "permission");
    if (this.#goals.some(({ at, act }) => at === "starting" && act === "forget")) stage.scripts["agent"]?.arm("agent:open:slow-start", { times: 2 });
    this.#goals.sort((a, b) => Number(a.at === "ended") - Number(b.at === "ended") || Number(a.act === "remove") - Number(b.act === "remove"));
  }

  /** Where it did not come to. */
  get left(): string {
    return this.#goals.map(({ at }) => at).join(",");
  }

  get isDone(): boolean {
    return this.#goals.length === 0 && this.#stage.world.steps >= this.#restUntil;
  }

  /** True when it did something in this step. */
  step(): boolean {
    const goal = this.#goals[0];
    if (!goal || this.#stage.world.steps < this.#restUntil) return false;
    if (!this.#isThere(goal.at)) {
      this.#restUntil = this.#stage.world.steps + 6;
      return this.#seek(goal.at);
    }
    const { outside, object, world, people } = this.#stage;
    if (!this.#isPrepared) {
      this.#isPrepared = true;
      this.#restUntil = world.steps + 6;
      if (goal.policy) people.choose(goal.policy);
      if (goal.queued) people.prompt();
      if (goal.unfit) people.addProvider();
      return true;
    }
    if (goal.bare && outside.backendsTaken.size === 0 && goal.at !== "ended") {
      for (const name of outside.sandboxes.keys()) outside.backendsTaken.add(name);
      world.say("the operator takes all backends away and starts anew");
      object.crash();
      void object.actor;
      // Its runtime dials again first.
      this.#restUntil = world.steps + 12;
      return true;
    }
    world.records.isLed = true;
    world.say(`it happens: ${goal.act} at ${goal.at}${goal.bare ? ", without backends" : ""}`, goal);
    if (ACTS[goal.act]?.(this.#stage) ?? true) {
      this.#goals.shift();
      this.#isPrepared = false;
      // What comes of it takes its time.
      this.#restUntil = world.steps + restOf(goal);
    }
    return true;
  }

  #isThere(at: Place): boolean {
    const { status, waitingFor } = this.#log;
    if (at === "permission") return status === "waiting" && waitingFor !== "interrupted";
    if (at === "interrupted") return status === "waiting" && waitingFor === "interrupted";
    return status === at;
  }

  /** One thing that leads there; the rest happens by itself. */
  #seek(at: Place): boolean {
    const { people, world, machines, outside } = this.#stage;
    const { status } = this.#log;
    if (status === "ended") return false;
    world.records.isLed = true;
    if (status === "failed" && at !== "failed") {
      if (outside.backendsTaken.size > 0) this.#stage.object.crash();
      outside.backendsTaken.clear();
      people.resume();
      return true;
    }
    if (at === "ended") people.remove();
    else if (this.#log.requests.size > 0 && at !== "interrupted") people.answer();
    else if (this.#log.waitingFor === "interrupted") people.resume();
    else if (at === "hibernated" && status === "idle") people.hibernate();
    else if (status === "idle" || status === "hibernated") people.prompt();
    else if (at === "interrupted" && status === "running") {
      people.choose("ask");
      world.time.after(200, () => (world.chance(0.5) ? lose(this.#stage) : machines.newest?.agentDies()));
    } else if (at === "failed" && status === "running") {
      const machine = machines.newest;
      for (const name of outside.sandboxes.keys()) outside.backendsTaken.add(name);
      this.#stage.object.crash();
      if (machine) machines.lose(machine, true);
    } else return false;
    return true;
  }
}
