/**
 * Leads a world to where chance alone seldom goes: a goal names a status and what is to happen in it. Whatever is done is
 * what people, sandboxes, operators and the platform do anyway.
 */
import type { Happen, Stage } from "./faults.ts";
import type { LogChecks } from "./log-checks.ts";

interface Goal {
  /** `permission` and `interrupted` are what a waiting session waits for. */
  readonly at: "starting" | "idle" | "running" | "permission" | "interrupted" | "hibernated" | "failed" | "ended";
  readonly act: string;
  /** The operator has taken all backends away by then. */
  readonly bare: boolean;
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
  agentDiesAndCut: (stage) =>
    after(stage, stage.machines.newest?.agentDies() ?? false, () => {
      stage.machines.newest?.wire?.cut();
      stage.world.pick([() => stage.people.answer(), () => stage.people.stop(), () => stage.people.resume(), () => stage.people.prompt()])();
    }),
  sleep: ({ object, world }) => {
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
  agentDies,
  /** The link is gone for a moment, and when it is back the sandbox will not do any more. */
  unfitOffline: (stage) => {
    stage.machines.newest?.wire?.cut();
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
function after({ world }: Stage, isDone: boolean, then: () => void): boolean {
  if (isDone) world.time.after(world.pick([100, 2_000]), then);
  return isDone;
}

/** And may not start again. */
function agentDies({ machines, scripts, world }: Stage): boolean {
  if (world.chance(0.6)) scripts["agent"]?.arm("agent:open:never-healthy", { times: 2 });
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

/** Weights: the rarer a row of the transition table, the more goals lead to it. */
const GOALS: readonly (readonly [Goal["at"], readonly string[]])[] = [
  ["starting", ["usage", "late", "late", "sleep", "sleep", "sleep", "sleep", "forget", "forget", "forget", "forget", "chatter", "chatter", "crash", "remove", "apply", "die", "forget", "agentDies"]],
  ["idle", ["cut", "late", "late", "usage", "chatter", "crash", "crash", "remove", "hibernate", "isolate", "isolate", "isolate", "forget", "forget", "agentDies", "agentDies", "unfit", "unfit", "unfitOffline", "unfitOffline", "unfitOffline", "die", "dieAndPrompt", "dieAndPrompt", "dieAndPrompt", "dieAndResume", "dieAndResume", "dieAndResume", "resume", "update", "stop", "prompt", "apply", "answer"]],
  ["running", ["remove", "die", "die", "forget", "forget", "stopAndForget", "stopAndForget", "stopAndDie", "stopAndDie", "stopAndIsolate", "stopAndIsolate", "isolate", "isolate", "ignoreStop", "agentDies", "agentDies", "answer", "unfit", "crash"]],
  ["permission", ["dieAndAnswer", "dieAndAnswer", "dieAndAnswer", "dieAndStop", "dieAndStop", "dieAndResume", "agentDiesAndAnswer", "agentDiesAndAnswer", "agentDiesAndAnswer", "agentDiesAndStop", "agentDiesAndStop", "agentDiesAndStop", "agentDiesAndResume", "agentDiesAndCut", "agentDiesAndCut", "agentDiesAndCut", "usage", "crash", "remove", "cut", "die", "die", "forget", "forget", "stopAndForget", "stopAndForget", "stopAndDie", "stopAndDie", "stopAndIsolate", "stopAndIsolate", "isolate", "isolate", "ignoreStop", "ignoreStop", "stop", "stop", "agentDies", "agentDies", "agentDies", "move", "update", "cancel", "apply", "prompt", "resume", "answer", "chatter", "hibernate"]],
  ["interrupted", ["cut", "stop", "resume", "resume", "prompt", "usage", "crash", "remove", "cut", "die", "stop", "stop", "stop", "resume", "resume", "prompt", "prompt", "update", "answer", "isolate", "forget", "agentDies", "cancel", "move", "apply"]],
  ["hibernated", ["usage", "crash", "remove", "stop", "cancel", "move", "update", "apply", "answer", "resume", "resume", "hibernate", "prompt", "prompt", "ring"]],
  ["failed", ["usage", "crash", "remove", "stop", "cancel", "move", "update", "apply", "answer", "resume", "prompt", "ring"]],
  ["ended", ["crash", "ring"]],
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
    for (let left = world.pick([0, 1, 2, 2, 3, 3]); left > 0; left -= 1) {
      const [at, acts] = world.pick(GOALS);
      this.#goals.push({ at, act: world.pick(acts), bare: world.chance(at === "starting" || at === "ended" ? 0.1 : 0.4) });
    }
    if (this.#goals.some(({ at, act }) => at === "starting" && act === "forget")) stage.scripts["agent"]?.arm("agent:open:slow-start", { times: 2 });
    this.#goals.sort((a, b) => Number(a.at === "ended") - Number(b.at === "ended") || Number(a.act === "remove") - Number(b.act === "remove"));
  }

  get isDone(): boolean {
    return this.#goals.length === 0 && this.#stage.world.steps >= this.#restUntil;
  }

  /** True when it did something in this step. */
  step(): boolean {
    const goal = this.#goals[0];
    if (!goal || this.#stage.world.steps < this.#restUntil) return false;
    if (!this.#isThere(goal.at)) {
      this.#restUntil = this.#stage.world.steps + 8;
      return this.#seek(goal.at);
    }
    const { outside, object, world, people } = this.#stage;
    if (!this.#isPrepared && (goal.at === "permission" || goal.at === "running" || goal.at === "idle")) {
      this.#isPrepared = true;
      this.#restUntil = world.steps + 6;
      if (world.chance(0.8)) people.choose(world.pick(["fail", "fail", "retry", "continue", "ask"]));
      if (goal.at !== "idle" && world.chance(0.6)) people.prompt();
      return true;
    }
    if (goal.bare && outside.backendsTaken.size === 0 && goal.at !== "ended") {
      for (const name of outside.sandboxes.keys()) outside.backendsTaken.add(name);
      world.say("the operator takes all backends away and starts anew");
      object.crash();
      void object.actor;
      return true;
    }
    world.records.isLed = true;
    world.say(`it happens: ${goal.act} at ${goal.at}${goal.bare ? ", without backends" : ""}`);
    if (ACTS[goal.act]?.(this.#stage) ?? true) {
      this.#goals.shift();
      this.#isPrepared = false;
      // What comes of it takes its time.
      this.#restUntil = world.steps + 30;
    }
    return true;
  }

  #isThere(at: Goal["at"]): boolean {
    const { status, waitingFor } = this.#log;
    if (at === "permission") return status === "waiting" && waitingFor !== "interrupted";
    if (at === "interrupted") return status === "waiting" && waitingFor === "interrupted";
    return status === at;
  }

  /** One thing that leads there; the rest happens by itself. */
  #seek(at: Goal["at"]): boolean {
    const { people, world, machines, outside } = this.#stage;
    const { status } = this.#log;
    if (status === "ended") return false;
    world.records.isLed = true;
    if (status === "failed" && at !== "failed") {
      outside.backendsTaken.clear();
      people.resume();
      return true;
    }
    if (at === "ended") people.remove();
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
