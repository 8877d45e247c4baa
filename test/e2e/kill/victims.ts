/** The processes of a sandbox as /proc shows them, told apart by what each one runs. */
import { readdirSync, readFileSync } from "node:fs";

interface Row {
  readonly pid: number;
  readonly command: string;
  /** Runs inside of the sandbox: carries its marker. */
  readonly isInside: boolean;
}

/** Every process of the session's sandbox, whatever keeps it apart included. */
export function processesOfSandbox(sessionId: string): Row[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid || read(`/proc/${pid}/stat`).includes(") Z ")) return [];
    const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
    const isInside = read(`/proc/${pid}/environ`).includes(`BERTH_SANDBOX_ID=${sessionId}-`);
    return isInside || command.includes(`/sandboxes/${sessionId}/`) ? [{ pid, command, isInside }] : [];
  });
}

export function runtimePids(sessionId: string): number[] {
  return pidsOf(sessionId, (command) => command.includes("link.json") && !command.includes("bwrap"));
}

/** The agent's server, not the tools below it. */
export function agentPids(sessionId: string): number[] {
  return pidsOf(sessionId, (command) => command.includes(" serve --hostname ") && !command.startsWith("/bin/sh"));
}

function pidsOf(sessionId: string, fits: (command: string) => boolean): number[] {
  return processesOfSandbox(sessionId).filter(({ command, isInside }) => isInside && fits(command)).map(({ pid }) => pid);
}

/** True when at least one was there to get it. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): boolean {
  return pids.filter((pid) => {
    try {
      process.kill(pid, signal);
      return true;
    } catch {
      return false;
    }
  }).length > 0;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
