/**
 * Finds processes that outlived the tests which started them. They are told apart from others of this machine by a
 * temporary folder of their own, which is in their environment, their working directory or their arguments.
 */
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { allPids, commandOf, endProcess, startTimeOf } from "./process-table.ts";

export interface ProcessLeft {
  readonly pid: number;
  readonly command: string;
}

/** A process that was asked to end may take this long to be gone. */
const SETTLE_MS = 5_000;

/** Waits for processes that are ending, ends the others for good and answers them. */
export async function endProcessesLeft(folder: string): Promise<readonly ProcessLeft[]> {
  const deadline = Date.now() + SETTLE_MS;
  while (processesOf(folder).length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
  const left = processesOf(folder);
  for (const { pid } of left) await endProcess(pid, 0, false);
  return left;
}

export function processesOf(folder: string): readonly ProcessLeft[] {
  return allPids()
    .filter((pid) => pid !== process.pid && traces(pid).some((text) => text.includes(folder)))
    // One that is dead may show its arguments for as long as its last thread takes.
    .filter((pid) => startTimeOf(pid) !== null)
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

function traces(pid: number): readonly string[] {
  if (!existsSync("/proc/self/stat")) return [commandOf(pid, Infinity)];
  return [read(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")), read(() => readFileSync(`/proc/${pid}/environ`, "utf8")), read(() => readlinkSync(`/proc/${pid}/cwd`))];
}

/** Empty when the process is gone or another user's. */
function read(source: () => string): string {
  try {
    return source();
  } catch {
    return "";
  }
}
