/**
 * Ends what OpenCode's tools left running. They lead process groups of their own and outlive OpenCode; what they still
 * have of it is its environment, and the server's password in there is no other process's. Where there is no /proc, the
 * sandbox's own end has to do.
 */
import { readdirSync, readFileSync } from "node:fs";

export function endStragglers(password: string): void {
  for (const pid of processIds()) {
    if (pid === process.pid || !environmentOf(pid).includes(`OPENCODE_SERVER_PASSWORD=${password}`)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone by itself.
    }
  }
}

function processIds(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}
