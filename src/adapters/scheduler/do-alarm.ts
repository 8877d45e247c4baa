/** Wakes a Durable Object by its one alarm. While the object's alarm handler runs nothing is pending until it sets a time. */
import type { DurableObjectStorage } from "@cloudflare/workers-types";
import { PortError } from "../../core/kernel/port-error.ts";
import type { Scheduler } from "../../ports/scheduler/scheduler.port.ts";
import { checkWakeTime } from "../../ports/scheduler/wake-time.ts";

export function createDoAlarmScheduler(storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm" | "deleteAlarm">): Scheduler {
  return {
    async wakeAt(atMs) {
      checkWakeTime(atMs);
      try {
        await (atMs === null ? storage.deleteAlarm() : storage.setAlarm(atMs));
      } catch (raw) {
        throw classify(raw, "wakeAt");
      }
    },
    async pending() {
      try {
        return await storage.getAlarm();
      } catch (raw) {
        throw classify(raw, "pending");
      }
    },
  };
}

/** Storage fails only together with its object, so whether the time was set is not known and the next life may set it again. */
export function classify(raw: unknown, operation: "wakeAt" | "pending"): PortError {
  return new PortError({
    port: "scheduler",
    operation,
    code: "internal",
    outcome: operation === "wakeAt" ? "unknown" : "not-applied",
    retry: "same-request",
    message: "the object's storage did not take the wake-up time",
    cause: raw,
  });
}
