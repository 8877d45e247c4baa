/** The contract on the fake. */
import { describeSchedulerContract, type Owner } from "./scheduler.contract.ts";
import { InMemoryScheduler } from "./scheduler.fake.ts";

interface FakeOwner extends Owner {
  readonly scheduler: InMemoryScheduler;
}

function create(): FakeOwner {
  const scheduler = new InMemoryScheduler({ nowMs: 0 });
  let wakes = 0;
  let next: number | null = null;
  const wake = async (): Promise<void> => {
    wakes += 1;
    if (next !== null) await scheduler.wakeAt(next);
    next = null;
  };
  scheduler.attach(wake);
  return {
    scheduler,
    comeDue: async () => (await scheduler.advanceTo((await scheduler.pending()) ?? scheduler.now())) > 0,
    wakes: async () => wakes,
    setWhenWoken: async (atMs) => {
      next = atMs;
    },
    crash: async () => scheduler.attach(async () => wake()),
  };
}

const arm = (id: string) => (owner: Owner) => (owner as FakeOwner).scheduler.faults.arm(id);
const armAndMove = (id: string) => async (owner: Owner) => {
  arm(id)(owner);
  await (owner as FakeOwner).scheduler.advanceTo(1);
};

describeSchedulerContract({
  name: "fake",
  create,
  inject: {
    "scheduler:wakeAt:storage-reset": arm("scheduler:wakeAt:storage-reset"),
    "scheduler:fire:late": arm("scheduler:fire:late"),
    "scheduler:fire:twice": arm("scheduler:fire:twice"),
    "scheduler:fire:clock-jump": armAndMove("scheduler:fire:clock-jump"),
    "scheduler:fire:after-clear": armAndMove("scheduler:fire:after-clear"),
  },
});
