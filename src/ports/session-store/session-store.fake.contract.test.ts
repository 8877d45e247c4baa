/** The contract on the fake. */
import type { SessionStore } from "./session-store.port.ts";
import { describeSessionStoreContract } from "./session-store.contract.ts";
import { InMemorySessionStore, MemoryDisk } from "./session-store.fake.ts";

const arm = (id: string) => (store: SessionStore) => {
  if (store instanceof InMemorySessionStore) store.faults.arm(id);
};

describeSessionStoreContract({
  name: "fake",
  run(...bodies) {
    for (const [i, body] of bodies.entries()) {
      const disk = new MemoryDisk();
      body(() => new InMemorySessionStore({ disk, unique: `session${i}` }));
    }
  },
  inject: {
    "session-store:commit:disk-full": arm("session-store:commit:disk-full"),
    "session-store:commit:torn-batch": arm("session-store:commit:torn-batch"),
    "session-store:commit:closed": arm("session-store:commit:closed"),
  },
});
