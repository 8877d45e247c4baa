/** How a sandbox elsewhere is kept, as far as it shows from inside it: a service tells nobody how it isolates. */
import { readFileSync, readlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { connect } from "node:tls";
import type { SandboxMeasurement } from "@berth/protocol";
import { readMounts, readRights } from "@berth/sandbox-runtime/policy/proc";
import type { Tried } from "./asked.ts";

/** Numbers that Linux gives to a machine's own first namespaces; any other one is another's. `mnt` is the first that it numbers by itself. */
const OF_MACHINE: Readonly<Record<string, readonly number[]>> = {
  pid: [0xefff_fffc],
  ipc: [0xefff_ffff],
  uts: [0xefff_fffe],
  mnt: [0xf000_0000, 0xf000_0001],
};
const CONNECT_MS = 1_500;

export async function measureElsewhere(tried: readonly Tried[]): Promise<SandboxMeasurement> {
  const { uid, capabilities, noNewPrivileges } = readRights(readFileSync("/proc/self/status", "utf8"));
  const reached = await Promise.all(tried.map(async (one) => ((await speaksTls(one)) ? [one.name] : [])));
  return {
    namespaces: Object.keys(OF_MACHINE).filter(isOwn),
    network: { interfaces: Object.keys(networkInterfaces()).slice(0, 32), reached: reached.flat() },
    ...readMounts(readFileSync("/proc/self/mountinfo", "utf8")),
    user: `uid ${uid}`,
    capabilities: [...capabilities],
    noNewPrivileges,
  };
}

function isOwn(name: string): boolean {
  const number = Number(/\[(\d+)\]$/.exec(readlinkSync(`/proc/self/ns/${name}`))?.[1]);
  return !(OF_MACHINE[name] ?? []).includes(number);
}

/** A way out that looks at names takes every connection, and ends those it does not like: only an answer of the other side counts. */
function speaksTls({ host, port }: Tried): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: CONNECT_MS });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("secureConnect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
