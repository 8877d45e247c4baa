/** What may happen where a world was led: what people, sandboxes, operators and the platform do anyway. */
import type { BudgetReached } from "@berth/protocol";
import type { Lease } from "../../src/core/sandbox/lease.ts";
import type { SessionInput } from "../../src/core/session/session.inputs.ts";
import type { Stage } from "./faults.ts";
import { ADA } from "./people.ts";

const NOTHING = { inputTokens: 1, outputTokens: 1, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
/** Longer than a link may be lost, and than it takes to notice that. */
const SILENCE_MS = 70_000;
const DEATHS_MAX = 6;
/** By then most of what arrives late has arrived. */
const LATE_MS = 25_000;

/** Answers whether it happened; otherwise it is tried again a little later. */
type Happen = (stage: Stage) => boolean | void;

const ACTS = {
  none: () => true,
  crash: ({ object, world }) => {
    world.struck("object:crash");
    object.crash();
    void object.actor;
  },
  sleep: ({ object, world }) => {
    object.crash();
    world.struck("scheduler:fire:after-crash");
    world.records.slackMs += 95_000;
    world.time.moveTo(world.time.now() + 95_000);
    void object.actor;
  },

  /** In a start in which no sandbox ever calls back, and only the clock tells. */
  ringEarly: (stage) => ringEarly(stage),

  remove: ({ people }) => people.remove(),
  stop: ({ people }) => people.stop(),
  answer: ({ people }) => people.answerAll(),
  answerOne: ({ people }) => people.answer(),
  resume: ({ people }) => people.resume(),
  hibernate: ({ people }) => people.hibernate(),
  prompt: ({ people }) => people.prompt(),
  measure: ({ people }) => people.measure(),
  keptOtherwise: ({ people, world }) => {
    world.arm("sandbox:kept-otherwise");
    people.measure();
  },
  stir: (stage) => {
    const { world, people, object, machines } = stage;
    people.stir();
    if (object.alarmAtMs === null || object.alarmAtMs <= world.time.now()) object.ringAgain();
    else ringEarly(stage);
    void object.call((service) => service.hearOfBudget({ type: "changed" })).catch(() => undefined);
    void object.recordUsage({ runId: null, usage: NOTHING, costMicros: null });
    // Somebody works in the sandbox by a tunnel that is there, and its agent gets what she keeps for herself while nobody else has a say.
    void object.call((service, { state }) => service.workspace({ do: "enter", acts: true, tunnelEpoch: state?.lease?.epoch ?? null }, ADA)).catch(() => undefined);
    takes(stage, ({ epoch }, nowMs) => ({ type: "own-secrets-asked", epoch, ownerId: ADA.actor.id, nowMs }));
    machines.newest?.wire?.send({ type: "heartbeat", running: "chatter" });
  },
  /** A runtime that speaks before it is ready. */
  chatter: ({ machines }) => {
    const wire = machines.newest?.wire;
    if (wire?.isOpen !== true) return false;
    wire.send({ type: "heartbeat", running: "chatter" });
    return true;
  },
  /** What waits is put in another order. */
  reorder: ({ people, world, log }) => {
    for (let left = 3; left > 0; left -= 1) people.queue();
    world.whenever(() => {
      if (log.queue.length > 2) people.reorder();
      return log.queue.length < 3;
    });
  },
  /** Its turn does not end, and its sandbox is replaced. */
  ignoreStop: ({ world, people }) => {
    world.arm("agent:ignores-stop");
    people.stop();
  },
  /** And the backend is slow to say that it is gone. */
  replaced: ({ world, people }) => {
    world.arm("agent:ignores-stop");
    world.arm("sandbox:stop:answered-late");
    people.stop();
    people.prompt();
  },
  /** A message for a turn that has ended, which the session does not know yet. */
  steerAtEnd: ({ people, machines, world }) => {
    const machine = machines.newest;
    if (!machine?.isInTurn) return false;
    world.whenever(() => {
      if (!machine.isInTurn) people.steer();
      return machine.isInTurn;
    });
    if (people.policy === "fail") machine.agentDies();
    return true;
  },
  /** No backend takes the request for the next sandbox. */
  createFails: (stage) => {
    stage.scripts["sandbox"]?.arm("sandbox:create:conflict", { times: stage.machines.backends.size });
    if (!die(stage)) return false;
    stage.people.prompt();
    return true;
  },
  /** The session is removed while a sandbox is made for it, and is perhaps not forgotten yet when that one comes. */
  removeMeanwhile: (stage) => {
    const { world, outside, people, log } = stage;
    if (!die(stage)) return false;
    world.arm("sandbox:create:arrives-late");
    // One that dials is told that it is not wanted, and ends by itself.
    if (world.chance(0.85)) stage.scripts["sandbox"]?.arm("sandbox:create:never-linked");
    if (world.chance(0.7)) outside.outboxDownUntilMs = world.time.now() + 300_000;
    people.prompt();
    let isAsked = false;
    const until = world.time.now() + LATE_MS;
    world.whenever(() => {
      if (!isAsked && log.status === "starting") people.remove();
      isAsked ||= log.status === "starting";
      return world.time.now() < until;
    });
    return true;
  },
  /** The first time it is not stored. */
  removeTwice: ({ people, scripts }) => {
    scripts["session-store"]?.arm("session-store:commit:disk-full");
    people.remove();
    people.remove();
  },
  /** Its backend does not say for a day that the sandbox is gone. */
  removeUnanswered: ({ people, world, object }) => {
    world.arm("sandbox:destroy:lost", 40);
    people.remove();
    world.whenever(() => object.disk.state !== null);
  },
  /** What is done on waking is not stored. */
  crashUnstored: (stage) => {
    stage.scripts["session-store"]?.arm("session-store:commit:disk-full");
    stage.object.crash();
    void stage.object.actor;
  },

  /** There is room again under a cap. */
  lift: (stage) => liftBudget(stage),
  reachAndLift: (stage) => {
    reachBudget(stage);
    stage.world.time.after(1_000, () => liftBudget(stage));
  },
  /** The next slice of the sandbox's time is granted, the one after it is not, and then it is. */
  noTimeForAWhile: (stage) => {
    moreTime(stage);
    takes(stage, ({ epoch }, nowMs) => ({ type: "compute-refused", epoch, reached: NO_TIME, nowMs }));
    stage.world.time.after(2_000, () => moreTime(stage));
  },

  die: (stage) => die(stage),
  dieAlways: (stage) => inEachSandbox(stage, (machine) => machine.wasTold, () => die(stage)),
  forget: (stage) => forget(stage),
  forgetAlways: (stage) => inEachSandbox(stage, (machine) => machine.wasTold, () => forget(stage)),
  agentDies: (stage) => agentDies(stage),
  /** And cannot be started again. */
  agentFails: (stage) => {
    if (!agentDies(stage)) return false;
    stage.scripts["agent"]?.arm("agent:open:never-healthy", { times: 2 });
    return true;
  },
  silence: (stage) => {
    // Its backend may call it stopped while it goes on where nobody reaches it.
    if (stage.world.chance(0.85)) stage.world.arm("sandbox:stop:lingers");
    return offline(stage, SILENCE_MS);
  },
  promptAndDie: (stage) => {
    stage.people.prompt();
    stage.world.time.after(1_000, () => void die(stage));
  },
  promptAndForget: (stage) => {
    stage.people.prompt();
    forget(stage);
    stage.machines.newest?.isolate(0);
  },
  promptInSilence: (stage) => {
    stage.people.prompt();
    stage.machines.newest?.isolate(stage.world.time.now() + SILENCE_MS);
  },
} satisfies Readonly<Record<string, Happen>>;

export type Act = keyof typeof ACTS;

/** What comes of these comes with time, which goes on without detours. */
export const PATIENT: readonly Act[] = ["dieAlways", "forgetAlways", "ignoreStop", "silence", "promptInSilence", "ringEarly", "removeMeanwhile", "removeUnanswered"];

export function happens(act: Act, stage: Stage): boolean {
  return (ACTS[act] as Happen)(stage) ?? true;
}

type Machine = NonNullable<Stage["machines"]["newest"]>;

const NO_ROOM: BudgetReached = { budget: "org.cost", scope: "org", unit: "cost", limit: 1, spent: 1, reserved: 0, needed: 1 };
const NO_TIME: BudgetReached = { ...NO_ROOM, budget: "org.compute", unit: "compute" };

/** As the broker tells the session, when a call of its run finds no room. */
export function reachBudget({ object, log, world }: Stage): void {
  const runId = log.running?.runId;
  if (runId === undefined) return;
  world.struck("budget:reached");
  void object.call((service) => service.hearOfBudget({ type: "reached", runId, reached: NO_ROOM })).catch(() => undefined);
}

function liftBudget({ object }: Stage): void {
  void object.call((service) => service.hearOfBudget({ type: "lifted" })).catch(() => undefined);
}

function moreTime(stage: Stage): void {
  takes(stage, ({ epoch, compute }, nowMs) => ({ type: "compute-granted", epoch, slice: (compute?.slice ?? 0) + 1, untilMs: (compute?.untilMs ?? nowMs) + 120_000, nowMs }));
}

/** What the ledger answers, for the sandbox there is. */
function takes({ object }: Stage, inputOf: (lease: Lease, nowMs: number) => SessionInput): void {
  void object
    .call((_service, actor) => {
      const lease = actor.state?.lease;
      if (lease) actor.apply(inputOf(lease, actor.nowMs));
    })
    .catch(() => undefined);
}

/** What is due later is still due. */
function ringEarly({ world, object }: Stage): void {
  world.struck("scheduler:fire:clock-jump");
  object.ring();
}

export function die({ machines, world }: Stage): boolean {
  const machine = machines.newest;
  if (!machine) return false;
  world.struck("sandbox:describe:died");
  machines.lose(machine, true);
  return true;
}

export function agentDies({ machines, world }: Stage): boolean {
  const machine = machines.newest;
  if (machine?.isInTurn) world.struck("agent:turn:agent-died");
  return machine?.agentDies() ?? false;
}

/** It comes back without its journal; what it was not told it cannot forget. */
function forget({ machines, world }: Stage): boolean {
  const machine = machines.newest;
  if (!machine?.wasTold) return false;
  world.struck("runtime:forgot");
  machine.restart(false);
  return true;
}

/** Both ends know that they are not connected, and it does not get through again before the time. */
export function offline({ machines, world }: Stage, forMs: number): boolean {
  const machine = machines.newest;
  if (!machine) return false;
  world.struck("network:partition");
  machine.isolate(world.time.now() + forMs);
  machine.wire?.heal();
  return true;
}

/** For as long as the session tries to start. */
function inEachSandbox(stage: Stage, isReady: (machine: Machine) => boolean, happen: () => void): true {
  const met = new Set<number>();
  stage.world.whenever(() => {
    const machine = stage.machines.newest;
    if (machine && !met.has(machine.spec.epoch) && isReady(machine)) {
      met.add(machine.spec.epoch);
      happen();
    }
    return met.size < DEATHS_MAX;
  });
  return true;
}
