/** The contract on the fake. */
import { describeEventBusContract } from "./event-bus.contract.ts";
import { InMemoryEventBus } from "./event-bus.fake.ts";
import type { EventBus } from "./event-bus.port.ts";

const arm = (id: string) => (bus: EventBus) => {
  if (bus instanceof InMemoryEventBus) bus.faults.arm(id);
};
const create = () => new InMemoryEventBus({ now: () => Date.UTC(2026, 10, 20) });

describeEventBusContract({
  name: "fake",
  create,
  createOther: create,
  async fill(bus, count) {
    for (let i = 0; i < count; i++) await bus.publish({ type: "session.removed", sessionId: `ses_${i}` }, `fill-${i}`);
  },
  inject: {
    "event-bus:publish:overloaded": arm("event-bus:publish:overloaded"),
    "event-bus:publish:lost": arm("event-bus:publish:lost"),
    "event-bus:publish:lost-answer": arm("event-bus:publish:lost-answer"),
    "event-bus:publish:no-answer": arm("event-bus:publish:no-answer"),
    "event-bus:publish:slow": arm("event-bus:publish:slow"),
  },
});
