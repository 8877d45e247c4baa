/** How one process of this machine is kept, as the kernel tells it in /proc. Linux only. */
import { readFileSync, readlinkSync } from "node:fs";
import type { SandboxMeasurement } from "@berth/protocol";
import { readMounts, readRights } from "@berth/sandbox-runtime/policy/proc";

const NAMESPACES = ["user", "mnt", "pid", "ipc", "uts", "cgroup", "net"] as const;

export function measureProcess(pid: number): SandboxMeasurement {
  const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, "utf8");
  const own = (name: string): boolean => readlinkSync(`/proc/${pid}/ns/${name}`) !== readlinkSync(`/proc/self/ns/${name}`);
  const { uid, capabilities, noNewPrivileges } = readRights(read("status"));
  const inside = /^\s*(\d+)\s+(\d+)/.exec(read("uid_map"));
  return {
    namespaces: NAMESPACES.filter(own),
    network: { own: own("net") },
    ...(own("mnt") ? readMounts(read("mountinfo")) : { writable: ["/"], readOnly: [] }),
    user: own("user") ? `uid ${inside?.[1] ?? "?"} inside is uid ${inside?.[2] ?? "?"} outside` : `uid ${uid}`,
    capabilities: [...capabilities],
    noNewPrivileges,
  };
}
