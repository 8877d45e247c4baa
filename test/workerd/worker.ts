/** The Worker that the workerd suites run in: the objects of the program, and an empty one to run contracts inside. */
import { DurableObject } from "cloudflare:workers";
import { createDoAlarmScheduler } from "../../src/adapters/scheduler/do-alarm.ts";

export { OrgEventsDO } from "../../src/org/org-events-do.ts";
export { OrgLedgerDO } from "../../src/org/org-ledger-do.ts";
export { SessionObject } from "./session-object.ts";

/** Has nothing of its own; a suite reaches its storage by `runInDurableObject`. */
export class EmptyObject extends DurableObject {}

/** Counts its wake-ups, and sets the time it was told to when it wakes. */
export class AlarmObject extends DurableObject {
  async alarm(): Promise<void> {
    const { storage } = this.ctx;
    await storage.put("wakes", ((await storage.get<number>("wakes")) ?? 0) + 1);
    const next = await storage.get<number>("next");
    if (next === undefined) return;
    await storage.delete("next");
    await createDoAlarmScheduler(storage).wakeAt(next);
  }
}

export default {
  fetch(): Response {
    return new Response("the suites call the objects, not the Worker", { status: 404 });
  },
};
