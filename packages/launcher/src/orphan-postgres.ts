/**
 * An embedded PostgreSQL outlives its supervisor when that was killed. It still holds its data folder then, and no other
 * server could be started on it. `postmaster.pid` tells its pid and port.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { commandOf, endProcess, isSameProcess, startTimeOf } from "./process-table.ts";

export interface PostgresProcess {
  readonly pid: number;
  readonly port: number;
}

const FAST_SHUTDOWN_MS = 10_000;

/** The server that runs on the database folder; null when none does. */
export function runningPostgres(folder: string): PostgresProcess | null {
  const file = join(folder, "postmaster.pid");
  if (!existsSync(file)) return null;
  const [pidText, , , portText] = readFileSync(file, "utf8").split("\n");
  const pid = Number(pidText);
  // After a reboot the pid may belong to anything; only a server counts.
  if (!Number.isInteger(pid) || pid <= 0 || !commandOf(pid, Infinity).includes("postgres")) return null;
  return { pid, port: Number(portText) };
}

/** Ends it in its fast way, without waiting for connections; a server that does not react is ended for good. */
export async function endOrphanPostgres(folder: string): Promise<void> {
  const server = runningPostgres(folder);
  if (server !== null) {
    const startTime = startTimeOf(server.pid);
    process.kill(server.pid, "SIGINT");
    const deadline = Date.now() + FAST_SHUTDOWN_MS;
    while (isSameProcess(server.pid, startTime) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 25));
    if (isSameProcess(server.pid, startTime)) await endProcess(server.pid, 0, true);
  }
  // A killed server leaves it, and the next one would take a pid that is still being cleared away for a living server.
  rmSync(join(folder, "postmaster.pid"), { force: true });
}
