/** What the kernel counts for workerd. Linux only. */
import { readFileSync } from "node:fs";
import { descendantsOf } from "../../packages/launcher/src/process-table.ts";
import type { Stack } from "../../packages/launcher/src/stack.ts";

/** Of `/proc/<pid>/stat`; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time that the Worker's workerd used since it started. */
export function cpuSeconds(stack: Stack): number {
  const fields = statOf(workerdOf(stack)).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * Memory that workerd wrote to, in MB of 1,000,000 bytes. Its program's own pages are not counted: the kernel calls them
 * private or shared by whether another workerd runs on the machine.
 */
export function privateMegabytes(stack: Stack): number {
  return privateMegabytesOf(workerdOf(stack));
}

export function privateMegabytesOf(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return (Number(/^Anonymous:\s+(\d+) kB/m.exec(rollup)?.[1] ?? Number.NaN) * 1024) / 1e6;
}

function workerdOf(stack: Stack): number {
  const worker = stack.pids()["worker"];
  if (!worker) throw new Error("the Worker does not run");
  return workerdBelow(worker);
}

/** The one that runs below a process. */
export function workerdBelow(parent: number): number {
  const pid = descendantsOf(parent).find((each) => readFileSync(`/proc/${each}/stat`, "utf8").includes("(workerd)"));
  if (pid === undefined) throw new Error("workerd can only be looked at on Linux");
  return pid;
}

/** From the third field on: what comes after the name. */
function statOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2);
}
