/** CPU time of workerd as the kernel counts it. Linux only. */
import { readFileSync } from "node:fs";
import { descendantsOf } from "../../packages/launcher/src/process-table.ts";
import type { Stack } from "../../packages/launcher/src/stack.ts";

/** Of `/proc/<pid>/stat`; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time that the Worker's workerd used since it started. */
export function cpuSeconds(stack: Stack): number {
  const worker = stack.pids()["worker"];
  if (!worker) throw new Error("the Worker does not run");
  const ticks = descendantsOf(worker).flatMap((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    if (!stat.includes("(workerd)")) return [];
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [Number(fields[11]) + Number(fields[12])];
  });
  if (ticks.length === 0) throw new Error("CPU time of workerd can only be read on Linux");
  return ticks.reduce((sum, count) => sum + count, 0) / TICKS_PER_SECOND;
}
