/** How faults are made to happen: those that no fake knows by itself, and what is done so that an armed one finds something to spoil. */
import type { Stage } from "./faults.ts";

/** Answers whether it could happen now; otherwise it is tried again a step later. */
export type Happen = (stage: Stage) => boolean;

const take = (id: string, times = 1): Happen => ({ world }) => {
  world.arm(id, times);
  return true;
};
/** Happens at once and is counted. */
const act = (id: string, happen: (stage: Stage) => boolean): Happen => (stage) => {
  if (!happen(stage)) return false;
  stage.world.struck(id);
  return true;
};

/** Where somebody asks how the sandbox is kept. */
const measured = (id: string): Happen => ({ world, people, log }) => {
  if (!world.measures || !log.isReady) return false;
  world.arm(id);
  people.measure();
  return true;
};

export const BY_HAND: Readonly<Record<string, Happen>> = {
  "agent:ignores-stop": take("agent:ignores-stop"),
  "catalog:upsertSession:stale-version": take("catalog:upsertSession:stale-version"),
  "catalog:upsertSession:slow": take("catalog:upsertSession:slow"),
  "event-bus:publish:duplicated": take("event-bus:publish:duplicated"),
  "event-bus:publish:reordered": take("event-bus:publish:reordered"),
  "event-bus:publish:slow": take("event-bus:publish:slow"),
  "identity:authenticate:revoked": act("identity:authenticate:revoked", ({ world, object, viewers }) => {
    if (viewers.some((viewer) => viewer.isForbidden)) return false;
    void object.call((service) => {
      service.closeViewersOf(["key_sim"]);
      for (const viewer of viewers) if (viewer.watched.apiKeyId !== null) viewer.isForbidden = true;
      world.say("the key is revoked");
    }).catch(() => undefined);
    return true;
  }),
  "ledger:settle:double-settle": take("ledger:settle:double-settle"),
  "ledger:settle:after-expiry": take("ledger:settle:after-expiry"),
  "ledger:reserve:slow": take("ledger:reserve:slow"),
  "run-history:flush:slow": take("run-history:flush:slow"),
  "run-history:flush:out-of-order": take("run-history:flush:out-of-order"),
  "sandbox:create:delivered-twice": take("sandbox:create:delivered-twice"),
  "sandbox:destroy:twice": ({ world, people }) => {
    world.arm("sandbox:destroy:twice");
    if (world.chance(0.5)) people.remove();
    return true;
  },
  "sandbox:stop:lost": take("sandbox:stop:lost", 2),
  "sandbox:destroy:lost": ({ world, people }) => {
    world.arm("sandbox:destroy:lost", 2);
    if (world.chance(0.5)) people.remove();
    return true;
  },
  "sandbox:create:answered-late": take("sandbox:create:answered-late"),
  "sandbox:stop:answered-late": take("sandbox:stop:answered-late"),
  "sandbox:stop:lingers": take("sandbox:stop:lingers"),
  "sandbox:describe:died": act("sandbox:describe:died", ({ machines }) => {
    const machine = machines.newest;
    if (!machine) return false;
    machines.lose(machine, true);
    return true;
  }),
  "sandbox:lost-with-disk": act("sandbox:lost-with-disk", ({ machines }) => {
    const machine = machines.newest;
    if (!machine) return false;
    machines.lose(machine, false);
    return true;
  }),
  "sandbox:kept-otherwise": measured("sandbox:kept-otherwise"),
  "sandbox:describePolicy:lost": measured("sandbox:describePolicy:lost"),
  "runtime:measure:fails": measured("runtime:measure:fails"),
  "runtime:killed": act("runtime:killed", ({ machines }) => {
    machines.newest?.restart(true);
    return machines.newest !== null;
  }),
  "runtime:forgot": act("runtime:forgot", ({ machines }) => {
    machines.newest?.restart(false);
    return machines.newest !== null;
  }),
  "runtime:disk-full": act("runtime:disk-full", ({ machines, world }) => {
    machines.newest?.fillDisk(world.time.now() + world.pick([2_000, 20_000, 60_000]));
    return machines.newest !== null;
  }),
  "link:cut": act("link:cut", ({ machines }) => {
    const wire = machines.newest?.wire;
    if (!wire?.isOpen) return false;
    wire.cut();
    return true;
  }),
  "network:partition": act("network:partition", ({ machines, world }) => {
    const machine = machines.newest;
    if (!machine?.wire?.isOpen) return false;
    machine.isolate(world.time.now() + world.pick([60_000, 150_000]));
    world.arm("sandbox:stop:lingers");
    return true;
  }),
  "sandbox:create:arrives-late": ({ world, people, outside }) => {
    world.arm("sandbox:create:arrives-late");
    // The session is removed meanwhile, and is not forgotten yet when the sandbox comes.
    if (world.chance(0.6)) {
      outside.outboxDownUntilMs = world.time.now() + 300_000;
      world.time.after(3_000, () => people.remove());
    }
    return true;
  },
  "link:half-open": act("link:half-open", ({ machines }) => {
    const wire = machines.newest?.wire;
    if (!wire?.isOpen || wire.isHalfOpen) return false;
    wire.isHalfOpen = true;
    return true;
  }),
  "object:crash": act("object:crash", ({ object }) => {
    object.crash();
    return true;
  }),
  "session-store:load:replay-after-crash": act("session-store:load:replay-after-crash", ({ object, world }) => {
    object.crashAfter(world.prng.int(6));
    return true;
  }),
  "object:hibernates": act("object:hibernates", ({ object }) => {
    if (!object.isQuiet) return false;
    object.hibernate();
    return true;
  }),
  "outbox:down": act("outbox:down", ({ outside, world }) => {
    outside.outboxDownUntilMs = world.time.now() + world.pick([20_000, 300_000]);
    return true;
  }),
  "rest:answer:lost": take("rest:answer:lost"),
  "tab:second": act("tab:second", ({ people }) => {
    people.prompt(2);
    return true;
  }),
  "viewer:disconnects": act("viewer:disconnects", ({ viewers }) => {
    const viewer = viewers.find((each) => each.isConnected);
    viewer?.leave();
    return viewer !== undefined;
  }),
  "viewer:stalls": act("viewer:stalls", ({ viewers }) => {
    const viewer = viewers.find((each) => each.isConnected && !each.isStalled);
    if (viewer) viewer.isStalled = true;
    return viewer !== undefined;
  }),
  "clock:jumps-ahead": act("clock:jumps-ahead", ({ world, object }) => {
    const byMs = world.pick([5_000, 100_000, 1_200_000]);
    const from = world.time.now();
    world.time.moveTo(from + byMs);
    if (object.alarmAtMs !== null && object.alarmAtMs < world.time.now()) world.records.slackMs += world.time.now() - Math.max(from, object.alarmAtMs);
    return true;
  }),
  "clock:goes-back": act("clock:goes-back", ({ object, world }) => {
    object.clockOffsetMs = -2_000;
    world.records.slackMs += 2_000;
    return true;
  }),
  "scheduler:fire:late": act("scheduler:fire:late", ({ object, world }) => {
    if (object.alarmAtMs === null) return false;
    const lateMs = world.pick([1_000, 30_000]);
    world.time.moveTo(Math.max(world.time.now(), object.alarmAtMs) + lateMs);
    world.records.slackMs += lateMs;
    object.ring();
    return true;
  }),
  "scheduler:fire:twice": act("scheduler:fire:twice", ({ object }) => {
    if (object.alarmAtMs === null) return false;
    const at = object.alarmAtMs;
    object.ring();
    if (object.alarmAtMs === null || object.alarmAtMs > at) object.ringAgain();
    return true;
  }),
  "scheduler:fire:after-crash": act("scheduler:fire:after-crash", ({ object, world }) => {
    if (object.alarmAtMs === null) return false;
    object.crash();
    world.time.moveTo(object.alarmAtMs);
    object.ring();
    return true;
  }),
  "scheduler:fire:clock-jump": act("scheduler:fire:clock-jump", ({ object, world }) => {
    if (object.alarmAtMs === null || object.alarmAtMs <= world.time.now()) return false;
    object.ring();
    return true;
  }),
  "scheduler:fire:after-clear": act("scheduler:fire:after-clear", ({ object }) => {
    if (object.alarmAtMs !== null || object.clearedAtMs === null) return false;
    object.clearedAtMs = null;
    object.ringAgain();
    return true;
  }),
  "session-store:outboxDone:twice": take("session-store:outboxDone:twice"),
  "session-store:messages:unknown-cursor": ({ world, people }) => {
    world.arm("session-store:messages:unknown-cursor");
    people.read();
    return true;
  },
};

/** By the beginning of a fault's id: what the fault strikes is done at once, if it can be done now. */
const OCCASIONS: readonly (readonly [start: string, occasion: Happen])[] = [
  ["agent:steer:", ({ machines, people, log }) => (machines.newest?.isInTurn === true && log.running !== null ? done(people.steer()) : false)],
  ["agent:answer:", ({ people, log }) => (log.requests.size > 0 ? done(people.answer()) : false)],
  ["agent:prompt:", ({ people }) => done(people.prompt())],
  ["blob-store:get:", ({ object, people }) => (object.disk.archive.length > 0 ? done(people.readAll()) : false)],
  ["blob-store:list:", ({ people }) => done(people.remove())],
  ["ledger:", ({ machines }) => machines.newest?.callModel() ?? false],
  ["sandbox:describe:not-found", ({ machines }) => (machines.newest?.wire?.isOpen === true ? done(machines.newest.wire.cut()) : false)],
];

/** True where nothing needs to be done. */
export function occasion(id: string, stage: Stage): boolean {
  const found = OCCASIONS.find(([start]) => id.startsWith(start));
  return found ? found[1](stage) : true;
}

function done(_: void): true {
  return true;
}
