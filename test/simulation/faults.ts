/** Which faults are drawn, how each is made to happen, and which of the catalogs' are not, with the reason. */
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import { AGENT_FAULTS } from "../../src/ports/agent/agent.faults.ts";
import { BLOB_STORE_FAULTS } from "../../src/ports/blob-store/blob-store.faults.ts";
import { CATALOG_FAULTS } from "../../src/ports/catalog/catalog.faults.ts";
import { EVENT_BUS_FAULTS } from "../../src/ports/event-bus/event-bus.faults.ts";
import { IDENTITY_FAULTS } from "../../src/ports/identity/identity.faults.ts";
import { LEDGER_FAULTS } from "../../src/ports/ledger/ledger.faults.ts";
import { MODEL_GATEWAY_FAULTS } from "../../src/ports/model-gateway/model-gateway.faults.ts";
import { RUN_HISTORY_FAULTS } from "../../src/ports/run-history/run-history.faults.ts";
import { SANDBOX_FAULTS } from "../../src/ports/sandbox/sandbox.faults.ts";
import { SCHEDULER_FAULTS } from "../../src/ports/scheduler/scheduler.faults.ts";
import { SECRET_VAULT_FAULTS } from "../../src/ports/secret-vault/secret-vault.faults.ts";
import { SESSION_STORE_FAULTS } from "../../src/ports/session-store/session-store.faults.ts";
import type { Machines } from "./machines.ts";
import type { SimObject } from "./object.ts";
import type { Outside } from "./object-ports.ts";
import type { People } from "./people.ts";
import type { Viewer } from "./viewers.ts";
import type { World } from "./world.ts";

export interface Stage {
  readonly world: World;
  readonly object: SimObject;
  readonly machines: Machines;
  readonly outside: Outside;
  readonly viewers: readonly Viewer[];
  readonly people: People;
  /** By port. */
  readonly scripts: Readonly<Record<string, FaultScript>>;
}

export const CATALOGS = [
  AGENT_FAULTS,
  BLOB_STORE_FAULTS,
  CATALOG_FAULTS,
  EVENT_BUS_FAULTS,
  IDENTITY_FAULTS,
  LEDGER_FAULTS,
  MODEL_GATEWAY_FAULTS,
  RUN_HISTORY_FAULTS,
  SANDBOX_FAULTS,
  SCHEDULER_FAULTS,
  SECRET_VAULT_FAULTS,
  SESSION_STORE_FAULTS,
];

const ROUTES = "asked for by routes and never by a session";
/** A fault's id, or the beginning of several, with the reason why no session meets it. */
export const NOT_DRAWN: Readonly<Record<string, string>> = {
  "blob-store:get:range-past-end": "a session reads its blobs whole",
  "blob-store:put:concurrent": "an archived page has one writer, which is asked again after a crash: that is drawn",
  "blob-store:put:twice": "the same: a page whose rows were not let go is put again",
  "catalog:removeProvider:": ROUTES,
  "catalog:addProvider:": ROUTES,
  "catalog:listSessions:": ROUTES,
  "catalog:listProviders:": ROUTES,
  "catalog:rememberAnswer:": ROUTES,
  "event-bus:read:": "the organization's feed is read by pages and lists",
  "event-bus:publish:evicted": "the feed in memory has no life outside of it",
  "identity:revokeApiKey:": ROUTES,
  "identity:ensureOwner:": ROUTES,
  "identity:createApiKey:": ROUTES,
  "identity:redeemSignInToken:": ROUTES,
  "identity:listApiKeys:": ROUTES,
  "identity:authenticate:down": ROUTES,
  "identity:authenticate:cut": ROUTES,
  "identity:authenticate:expired": ROUTES,
  "identity:authenticate:slow": ROUTES,
  "identity:authenticate:member-removed": "closes viewers as a revoked key does",
  "ledger:reserve:evicted": "the ledger in memory has no life outside of it",
  "model-gateway:": "the upstream is the broker's; the session sees the agent's turn fail, which is drawn",
  "run-history:get:": ROUTES,
  "run-history:list:": ROUTES,
  "sandbox:exec:": "a session runs no command in a sandbox by itself",
  "sandbox:list:": "sandboxes are listed by the host's sweep",
  "secret-vault:": "secrets are read by the broker",
  "session-store:open:newer-schema": "memory does not outlive the version that wrote it",
};

/** Answers whether it could happen now; otherwise it is tried again a step later. */
export type Happen = (stage: Stage) => boolean;

const script = (port: string, id: string): Happen => ({ scripts }) => {
  scripts[port]?.arm(id);
  return true;
};
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

const BY_HAND: Readonly<Record<string, Happen>> = {
  "agent:ignores-stop": take("agent:ignores-stop"),
  "catalog:upsertSession:stale-version": take("catalog:upsertSession:stale-version"),
  "catalog:upsertSession:slow": take("catalog:upsertSession:slow"),
  "event-bus:publish:duplicated": take("event-bus:publish:duplicated"),
  "event-bus:publish:reordered": take("event-bus:publish:reordered"),
  "event-bus:publish:slow": take("event-bus:publish:slow"),
  "identity:authenticate:revoked": act("identity:authenticate:revoked", ({ world, object, viewers }) => {
    if (viewers.some((viewer) => viewer.isForbidden)) return false;
    void object.call((service) => {
      service.closeViewersOf("key_sim");
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
  "object:hibernates": act("object:hibernates", ({ object, world }) => {
    if (!object.isAwake || object.inFlight > 0 || world.time.now() < object.busyUntilMs) return false;
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

export interface Draw {
  readonly id: string;
  readonly happen: Happen;
}

export function isNotDrawn(id: string): boolean {
  return Object.keys(NOT_DRAWN).some((start) => id.startsWith(start));
}

function draws(): readonly Draw[] {
  const catalogued = CATALOGS.flatMap(({ port, faults }) => faults.map(({ id }) => ({ id, port }))).filter(({ id }) => !isNotDrawn(id));
  const byHand = Object.entries(BY_HAND).map(([id, happen]) => ({ id, happen }));
  return [...byHand, ...catalogued.filter(({ id }) => !(id in BY_HAND)).map(({ id, port }) => ({ id, happen: script(port, id) }))];
}

export const DRAWS = draws();

/** They strike seldom where they are drawn, since what they strike is seldom done. */
const SELDOM = ["agent:steer:", "agent:answer:", "blob-store:", "ledger:", "run-history:flush:", "sandbox:describe:not-found"];
const SELDOM_TIMES = 5;

/** To draw from. */
export const WEIGHTED_DRAWS: readonly Draw[] = DRAWS.flatMap((draw) =>
  Array.from({ length: SELDOM.some((start) => draw.id.startsWith(start)) ? SELDOM_TIMES : 1 }, () => draw),
);
