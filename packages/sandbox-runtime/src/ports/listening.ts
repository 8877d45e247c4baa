/**
 * What listens in this sandbox where a preview reaches it, as the kernel tells. Only what this sandbox's own processes listen on:
 * a sandbox may share its network with the machine, and none of its processes.
 */
import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import type { ListeningPort } from "@berth/protocol";

const LISTENS = "0A";
/** As the kernel writes 127.0.0.1, ::1, and any address of either kind. */
const REACHED = ["0100007F", "00000000", "00000000000000000000000001000000", "0".repeat(32)];
/** The agent's own server is asked by the runtime alone. */
const OWN = /^opencode(\.|$)/;

const PROGRAM_UNITS_MAX = 64;

/** Port by inode. @param table text of `/proc/net/tcp` or `/proc/net/tcp6` */
export function portsByInode(table: string): ReadonlyMap<string, number> {
  const rows = table.trim().split("\n").slice(1).map((line) => line.trim().split(/\s+/));
  return new Map(
    rows.flatMap(([, local = "", , state, , , , , , inode = ""]): [string, number][] => {
      const [address = "", port = ""] = local.split(":");
      return state === LISTENS && REACHED.includes(address) ? [[inode, Number.parseInt(port, 16)]] : [];
    }),
  );
}

/** By port. Empty on a system that does not tell. */
export async function listeningPorts(proc = "/proc", self = process.pid): Promise<readonly ListeningPort[]> {
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => readFile(`${proc}/net/${name}`, "utf8").catch(() => "")));
  const ports = new Map(tables.flatMap((table) => [...portsByInode(table)]));
  const found = new Map<number, string>();
  const pids = ports.size === 0 ? [] : (await readdir(proc)).filter((name) => /^\d+$/.test(name) && Number(name) !== self);
  for (const pid of pids) {
    // Of a process that ended meanwhile nothing is known.
    const [fds, program] = await Promise.all([readdir(`${proc}/${pid}/fd`).catch(() => []), programOf(`${proc}/${pid}`)]);
    if (OWN.test(program)) continue;
    for (const link of await Promise.all(fds.map((fd) => readlink(`${proc}/${pid}/fd/${fd}`).catch(() => "")))) {
      const port = ports.get(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? "");
      if (port !== undefined) found.set(port, program);
    }
  }
  return [...found].map(([port, program]) => ({ port, program })).toSorted((a, b) => a.port - b.port);
}

/** As it was called: what the system has as its name is that of its first thread. */
async function programOf(folder: string): Promise<string> {
  const line = await readFile(`${folder}/cmdline`, "utf8").catch(() => "");
  return basename(line.split("\0")[0] ?? "").slice(0, PROGRAM_UNITS_MAX);
}
