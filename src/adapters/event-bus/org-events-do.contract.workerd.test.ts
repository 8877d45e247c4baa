/** The contract on the real object. Faults of the way there are made by a stub that loses, delays or never answers. */
import type { DurableObjectNamespace, DurableObjectStub } from "@cloudflare/workers-types";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describeEventBusContract } from "../../ports/event-bus/event-bus.contract.ts";
import type { EventBus, EventBusRpc } from "../../ports/event-bus/event-bus.port.ts";
import { createOrgEventBus } from "./org-events-do.ts";

type Way = (call: () => Promise<unknown>) => Promise<unknown>;
interface Line {
  readonly stub: DurableObjectStub;
  /** What happens to the next call. */
  next: Way | null;
}

const objects = env.ORG_EVENTS as DurableObjectNamespace;
const lines = new WeakMap<EventBus, Line>();
const lost = () => Object.assign(new Error("Network connection lost."), { retryable: true });

function lineOf(bus: EventBus): Line {
  const line = lines.get(bus);
  if (!line) throw new Error("not a bus of this harness");
  return line;
}

function create(): EventBus {
  const line: Line = { stub: objects.get(objects.newUniqueId()), next: null };
  const rpc = line.stub as unknown as EventBusRpc;
  const pass = <Value>(call: () => Promise<Value>): Promise<Value> => {
    const way = line.next;
    line.next = null;
    return way ? (way(call) as Promise<Value>) : call();
  };
  const bus = createOrgEventBus({
    deadlineMs: 2000,
    stub: () => ({
      publish: (change, dedupeKey) => pass(() => rpc.publish(change, dedupeKey)),
      read: (after, limit) => pass(() => rpc.read(after, limit)),
    }),
  });
  lines.set(bus, line);
  return bus;
}

const by = (way: Way) => (bus: EventBus) => {
  lineOf(bus).next = way;
};

describeEventBusContract({
  name: "org-events-do",
  create,
  createOther: create,
  async fill(bus, count) {
    await runInDurableObject(lineOf(bus).stub, async (object) => {
      for (let i = 0; i < count; i++) {
        await (object as EventBusRpc).publish({ type: "session.removed", sessionId: `ses_${i}` }, `fill-${i}`);
      }
    });
  },
  inject: {
    "event-bus:publish:overloaded": by(() => Promise.reject(Object.assign(new Error("Durable Object is overloaded."), { overloaded: true }))),
    "event-bus:publish:lost": by(() => Promise.reject(lost())),
    "event-bus:publish:lost-answer": by(async (call) => {
      await call();
      throw lost();
    }),
    "event-bus:publish:no-answer": by(async (call) => {
      await call();
      return new Promise(() => undefined);
    }),
    "event-bus:publish:slow": by(async (call) => {
      const answer = await call();
      await new Promise((resolve) => setTimeout(resolve, 20));
      return answer;
    }),
    "event-bus:publish:evicted": (bus) => evictDurableObject(lineOf(bus).stub),
  },
});
