/** Who listens on a TCP port of this machine: from `/proc` on Linux, from `lsof` elsewhere. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Health } from "@berth/protocol";
import { commandOf, parentOf } from "./process-table.ts";
import { UserError } from "./progress.ts";
import type { Settings } from "./settings.ts";
import { startCommand } from "./suggested-command.ts";

export interface PortHolder {
  readonly pid: number;
  readonly command: string;
}

const LISTENING = "0A";
const ANSWER_MS = 2_000;

/** Null when nothing listens there, or when its owner may not be seen by this user. */
export function portHolder(port: number): PortHolder | null {
  const pid = existsSync("/proc/net/tcp") ? pidFromProc(port) : pidFromLsof(port);
  return pid === null ? null : { pid, command: commandOf(pid) };
}

/** Answers the error of binding 127.0.0.1:`port`, or null when it is free. */
export function bindError(port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(error));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(null)));
  });
}

/** @throws UserError that names the holder of the port and the way round it */
export async function refuseTakenPort({ port, args }: Pick<Settings, "port" | "args">): Promise<void> {
  if (port === 0) return;
  const error = await bindError(port);
  if (error === null) return;
  const other = `start Berth on another one:  ${startCommand(args, { port: String(nextPort(port)) })}`;
  if (error.code === "EACCES") throw new UserError(`Port ${port} is only for root. Either ${other}`);
  if (error.code !== "EADDRINUSE") throw new UserError(`Port ${port} cannot be used: ${error.message}. Either free it or ${other}`);
  const { text, endedBy, isBerth } = await whoHolds(port);
  const ways = [...(isBerth ? ["use that one"] : []), endedBy === null ? "stop that" : `stop it:  kill ${endedBy}`];
  throw new UserError(`Port ${port} is taken by ${text}.\nEither ${ways.join(", ")}\nor ${other}`);
}

export function nextPort(port: number): number {
  return port < 65_535 ? port + 1 : 8787;
}

/** Who has a taken port, in words, and the pid that ends it, where this user may. */
export async function whoHolds(port: number): Promise<{ readonly text: string; readonly endedBy: number | null; readonly isBerth: boolean }> {
  const holder = portHolder(port);
  if (await answersAsBerth(port)) {
    // Killed alone its Worker would be started again by the launcher above it.
    const launcher = holder === null ? null : launcherAbove(holder.pid);
    return { text: `Berth itself, which runs already at http://127.0.0.1:${port}${launcher === null ? "" : ` (pid ${launcher})`} from another data folder`, endedBy: launcher, isBerth: true };
  }
  if (holder === null) return { text: "a process of another user", endedBy: null, isBerth: false };
  return { text: `pid ${holder.pid} (${holder.command})`, endedBy: holder.pid, isBerth: false };
}

async function answersAsBerth(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(ANSWER_MS), redirect: "error" });
    return Health.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}

function launcherAbove(pid: number): number | null {
  for (let above = parentOf(pid); above !== null && above > 1; above = parentOf(above)) {
    if (commandOf(above, Infinity).includes(join("packages", "launcher", "src", "main.ts"))) return above;
  }
  return null;
}

function pidFromProc(port: number): number | null {
  const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return null;
  for (const entry of readdirSync("/proc")) {
    if (/^\d+$/.test(entry) && holdsSocket(entry, inodes)) return Number(entry);
  }
  return null;
}

function listeningInodes(table: string, port: number): string[] {
  if (!existsSync(table)) return [];
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync(table, "utf8")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === LISTENING)
    .flatMap((fields) => fields[9] ?? []);
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const match = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`));
      return match?.[1] !== undefined && inodes.has(match[1]);
    });
  } catch {
    return false; // gone, or another user's
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function pidFromLsof(port: number): number | null {
  try {
    const answer = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return Number(answer.split("\n")[0]) || null;
  } catch {
    return null;
  }
}
