/** Processes of this machine as /proc shows them. */
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessRow {
  readonly pid: number;
  readonly command: string;
}

/** Those that name `folder` in their command line, environment or working folder; never this one. */
export function processesOf(folder: string): ProcessRow[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
    // A zombie has neither; it is the parent's to reap.
    return `${command}\0${read(`/proc/${pid}/environ`)}`.includes(folder) ? [{ pid, command: command.slice(0, 160) }] : [];
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
