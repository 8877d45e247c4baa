/** Who listens on a TCP port of this machine: from `/proc` on Linux, from `lsof` elsewhere. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { commandOf } from "./process-table.ts";
import { UserError } from "./progress.ts";

export interface PortHolder {
  readonly pid: number;
  readonly command: string;
}

const LISTENING = "0A";

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
export async function refuseTakenPort(port: number): Promise<void> {
  if (port === 0) return;
  const error = await bindError(port);
  if (error === null) return;
  const other = `start Berth on another one:  npm start -- --port ${port < 65_535 ? port + 1 : 8787}`;
  if (error.code === "EACCES") throw new UserError(`Port ${port} is only for root. Either ${other}`);
  if (error.code !== "EADDRINUSE") throw new UserError(`Port ${port} cannot be used: ${error.message}. Either free it or ${other}`);
  const holder = portHolder(port);
  throw new UserError(
    holder === null
      ? `Port ${port} is taken by a process of another user.\nEither stop that, or ${other}`
      : `Port ${port} is taken by pid ${holder.pid} (${holder.command}).\nEither stop it:  kill ${holder.pid}\nor ${other}`,
  );
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
