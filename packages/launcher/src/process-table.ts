/** Questions about processes by pid. A pid alone is not an identity, since pids are used again; its start time makes it one. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";

/** Opaque; null when the process is gone. */
export function startTimeOf(pid: number): string | null {
  if (existsSync("/proc/self/stat")) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? null : (fields[19] ?? null);
    } catch {
      return null;
    }
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || null;
  } catch {
    return null;
  }
}

export function isSameProcess(pid: number, startTime: string | null): boolean {
  const now = startTimeOf(pid);
  return now !== null && (startTime === null || now === startTime);
}

/** The command line on one line, cut for people to read; empty when the process is gone. */
export function commandOf(pid: number, lengthMax = 100): string {
  const text = existsSync("/proc/self/stat") ? textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ") : psCommand(pid);
  return text.trim().replace(/\s+/g, " ").slice(0, lengthMax);
}

export function allPids(): number[] {
  if (existsSync("/proc/self/stat")) return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)).map(Number);
  return execFileSync("ps", ["-axo", "pid="], { encoding: "utf8" }).split("\n").map(Number).filter((pid) => pid > 0);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function psCommand(pid: number): string {
  try {
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}

/** Null when the process is gone. */
export function parentOf(pid: number): number | null {
  if (existsSync("/proc/self/stat")) {
    const stat = textOf(`/proc/${pid}/stat`);
    return stat === "" ? null : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  }
  try {
    return Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" })) || null;
  } catch {
    return null;
  }
}

/** Every descendant of `pid`, children first. Linux only; elsewhere empty. */
export function descendantsOf(pid: number): number[] {
  if (!existsSync("/proc/self/stat")) return [];
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      continue;
    }
  }
  const found: number[] = [];
  const visit = (parent: number): void => {
    for (const [child, itsParent] of parents) {
      if (itsParent !== parent) continue;
      visit(child);
      found.push(child);
    }
  };
  visit(pid);
  return found;
}

/** A killed process may take this long to be gone: the kernel still has to take back what it held. */
const DYING_MS = 5_000;

/**
 * Asks a process to end and, after `graceMs`, ends it for good; with `tree` everything that was below it too. A process
 * that died first left its children to nobody, but in the group that it leads, as every child of ours does. Answers when
 * all of them are gone.
 */
export async function endProcess(pid: number, graceMs: number, tree: boolean): Promise<void> {
  const members = [...(tree ? descendantsOf(pid) : []), pid].flatMap((member) => {
    const startTime = startTimeOf(member);
    return startTime === null ? [] : [{ pid: member, startTime }];
  });
  const alive = (): typeof members => members.filter((member) => isSameProcess(member.pid, member.startTime));
  send(pid, "SIGTERM");
  await until(() => startTimeOf(pid) === null, graceMs);
  for (const member of alive()) send(member.pid, "SIGKILL");
  if (tree) send(-pid, "SIGKILL");
  await until(() => alive().length === 0, DYING_MS);
}

async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!holds() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 25));
}

/** Ends everything below `pid` at once. */
export function endBelow(pid: number): void {
  for (const member of descendantsOf(pid)) send(member, "SIGKILL");
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
