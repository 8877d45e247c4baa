/**
 * Processes of this machine: an identity that a recycled pid never has, and one row per process. Used on both sides of a
 * sandbox's wall, by what ends a sandbox and by what ends an agent inside of one.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** Boot and start time; the pair with the pid is never given out twice. */
  readonly startedAt: string;
}

export interface ProcessRow extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** It ended and waits for its parent to notice. */
  readonly isRemains: boolean;
  /** A thread of the kernel's own. */
  readonly isKernel: boolean;
}

export const LINUX = process.platform === "linux";
const KERNEL_THREAD = 0x00200000;

let boot: string | null = null;

function bootId(): string {
  boot ??= readOrNull("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
  return boot;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

export function allPids(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** Linux only; null when there is no such process any more. */
export function rowOf(pid: number): ProcessRow | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command before these may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = "", parent, group, session] = fields;
  return {
    pid,
    startedAt: `${bootId()}:${fields[19]}`,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    isRemains: "ZX".includes(state),
    isKernel: (Number(fields[6]) & KERNEL_THREAD) !== 0,
  };
}

/** Every process, where there is no /proc. */
export function listedRows(only: readonly string[] = ["-ax"]): readonly ProcessRow[] {
  const listing = execFileSync("ps", [...only, "-o", "pid=,ppid=,pgid=,stat=,lstart="], { encoding: "utf8" }).trim();
  if (listing === "") return [];
  return listing.split("\n").map((line) => {
    const [pid, parent, group, state = "", ...started] = line.trim().split(/\s+/);
    return { pid: Number(pid), startedAt: started.join(" "), parent: Number(parent), group: Number(group), session: 0, isRemains: state.startsWith("Z"), isKernel: false };
  });
}

/** Null when there is no such process, or only its remains. */
export function identify(pid: number): ProcessIdentity | null {
  const row = LINUX ? rowOf(pid) : listedOne(pid);
  return row === null || row.isRemains ? null : { pid, startedAt: row.startedAt };
}

function listedOne(pid: number): ProcessRow | null {
  try {
    return listedRows(["-p", String(pid)])[0] ?? null;
  } catch {
    // How `ps` says that there is none.
    return null;
  }
}

export function isAlive(identity: ProcessIdentity | null | undefined): boolean {
  return !!identity && identify(identity.pid)?.startedAt === identity.startedAt;
}

export function childrenOf(pid: number): readonly number[] {
  const rows = LINUX ? allPids().flatMap((each) => rowOf(each) ?? []) : listedRows();
  return rows.filter(({ parent }) => parent === pid).map((row) => row.pid);
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
