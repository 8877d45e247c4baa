/** Which times can be set. */
import { PortError } from "../../core/kernel/port-error.ts";

/** @throws PortError `invalid-argument` */
export function checkWakeTime(atMs: number | null): void {
  if (atMs === null || (Number.isSafeInteger(atMs) && atMs >= 0)) return;
  throw new PortError({
    port: "scheduler",
    operation: "wakeAt",
    code: "invalid-argument",
    outcome: "not-applied",
    retry: "never",
    message: `${atMs} is not a time in milliseconds`,
  });
}
