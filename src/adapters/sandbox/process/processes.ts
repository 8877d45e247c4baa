/**
 * Processes of this machine as the sandbox needs them: an identity that a recycled pid never has, who descends from whom,
 * and ending all of a group for certain.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** Boot and start time; the pair with the pid is never given out twice. */
  readonly startedAt: string;
}

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

const LINUX = process.platform === "linux";

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Fields of /proc/<pid>/stat after the command, which may itself hold spaces and brackets. */
function statFields(pid: number): string[] | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Null when there is no such process, or only its remains. */
export function identify(pid: number): ProcessIdentity | null {
  if (LINUX) {
    const fields = statFields(pid);
    if (!fields || fields[0] === "Z" || fields[0] === "X") return null;
    const boot = readOrNull("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
    return { pid, startedAt: `${boot}:${fields[19]}` };
  }
  try {
    const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return line === "" || line.startsWith("Z") ? null : { pid, startedAt: line.replace(/^\S+\s+/, "") };
  } catch {
    return null;
  }
}

export function isAlive(identity: ProcessIdentity | null | undefined): boolean {
  return !!identity && identify(identity.pid)?.startedAt === identity.startedAt;
}

function processTable(): readonly Row[] {
  if (LINUX) {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const fields = statFields(Number(name));
        return fields ? [{ pid: Number(name), parent: Number(fields[1]), group: Number(fields[2]) }] : [];
      });
  }
  const listing = execFileSync("ps", ["-axo", "pid=,ppid=,pgid="], { encoding: "utf8" });
  return listing
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, parent = 0, group = 0]) => ({ pid, parent, group }));
}

export function childrenOf(pid: number): readonly number[] {
  return processTable().filter(({ parent }) => parent === pid).map((row) => row.pid);
}

/** The process, its group and everything below them, and whatever carries `marker` in its environment (Linux only). */
export function familyOf(pid: number | null, marker: string): readonly ProcessIdentity[] {
  const table = processTable();
  const family = new Set(table.filter((row) => row.pid === pid || row.group === pid).map((row) => row.pid));
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    for (const row of table) if (family.has(row.parent)) family.add(row.pid);
  }
  if (LINUX) {
    for (const row of table) if (readOrNull(`/proc/${row.pid}/environ`)?.split("\0").includes(marker)) family.add(row.pid);
  }
  return [...family].flatMap((member) => identify(member) ?? []);
}

/** True when the signal was sent; false when there was nothing to send it to. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** Asks every `pollMs` until `done`, and gives up after `timeoutMs`. */
export async function until(done: () => boolean, timeoutMs: number, pollMs = 20): Promise<boolean> {
  for (let waitedMs = 0; waitedMs <= timeoutMs; waitedMs += pollMs) {
    if (done()) return true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return done();
}
