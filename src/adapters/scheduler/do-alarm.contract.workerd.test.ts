/** The contract on the alarm of a real Durable Object. */
import type { DurableObjectNamespace, DurableObjectState, DurableObjectStub } from "@cloudflare/workers-types";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describeSchedulerContract, type Owner } from "../../ports/scheduler/scheduler.contract.ts";
import { createDoAlarmScheduler } from "./do-alarm.ts";

const objects = env.ALARM as DurableObjectNamespace;

interface Way {
  readonly stub: DurableObjectStub;
  /** The next time that is set is written, and then the storage fails. */
  resetNext: boolean;
  /** What is due next is delivered twice. */
  twiceNext: boolean;
}

const ways = new WeakMap<Owner, Way>();

function wayOf(owner: Owner): Way {
  const way = ways.get(owner);
  if (!way) throw new Error("not an owner of this harness");
  return way;
}

const deliver = (stub: DurableObjectStub) => runInDurableObject(stub, (object) => (object as { alarm(): Promise<void> }).alarm());

function create(): Owner {
  const way: Way = { stub: objects.get(objects.newUniqueId()), resetNext: false, twiceNext: false };
  const within = <Result>(body: (state: DurableObjectState) => Promise<Result>) => runInDurableObject(way.stub, (_object, state) => body(state));
  const owner: Owner = {
    scheduler: {
      wakeAt: (atMs) =>
        within(async ({ storage }) => {
          const { resetNext } = way;
          way.resetNext = false;
          await createDoAlarmScheduler({
            getAlarm: () => storage.getAlarm(),
            deleteAlarm: () => storage.deleteAlarm(),
            setAlarm: async (at) => {
              await storage.setAlarm(at);
              if (resetNext) throw new Error("Durable Object storage operation exceeded timeout which caused object to be reset.");
            },
          }).wakeAt(atMs);
        }),
      pending: () => within(({ storage }) => createDoAlarmScheduler(storage).pending()),
    },
    async comeDue() {
      const woke = await runDurableObjectAlarm(way.stub);
      if (way.twiceNext) await deliver(way.stub);
      way.twiceNext = false;
      return woke;
    },
    wakes: () => within(async ({ storage }) => (await storage.get<number>("wakes")) ?? 0),
    setWhenWoken: (atMs) => within(({ storage }) => storage.put("next", atMs)),
    crash: () => evictDurableObject(way.stub),
  };
  ways.set(owner, way);
  return owner;
}

describeSchedulerContract({
  name: "do-alarm",
  create,
  inject: {
    "scheduler:wakeAt:storage-reset": (owner) => {
      wayOf(owner).resetNext = true;
    },
    "scheduler:fire:twice": (owner) => {
      wayOf(owner).twiceNext = true;
    },
    // The platform runs the alarm long before its time.
    "scheduler:fire:clock-jump": async (owner) => {
      await runDurableObjectAlarm(wayOf(owner).stub);
    },
    "scheduler:fire:after-clear": (owner) => deliver(wayOf(owner).stub),
  },
});
