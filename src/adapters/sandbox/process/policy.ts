/**
 * What is really enforced on a running sandbox, read from the kernel's view of its process: namespaces, mounts, rights and
 * environment. Our own arguments are only the declared side.
 */
import { readFileSync, readlinkSync } from "node:fs";
import type { PolicyFact } from "../../../ports/sandbox/sandbox.port.ts";
import type { ProcessIsolation } from "./launch.ts";

const DECLARED: Readonly<Record<ProcessIsolation, Readonly<Record<PolicyFact["name"], string>>>> = {
  bubblewrap: {
    isolation: "bubblewrap: own user, mount, process, ipc and host-name namespaces",
    filesystem: "writable: the session's work, home, temporary and runtime folders; system folders read-only; nothing else",
    network: "shared with this machine",
    processes: "sees only its own",
    user: "uid 1000 inside, no capabilities, no new privileges",
    secrets: "no key of a provider or repository; one token of this session, worth nothing elsewhere",
  },
  seatbelt: {
    isolation: "seatbelt profile",
    filesystem: "writable: the session's folders; homes and Berth's data hidden",
    network: "shared with this machine",
    processes: "may not signal or inspect others",
    user: "the user that runs Berth",
    secrets: "no key of a provider or repository; one token of this session, worth nothing elsewhere",
  },
  none: {
    isolation: "none",
    filesystem: "everything the user that runs Berth can reach",
    network: "shared with this machine",
    processes: "sees all of this machine",
    user: "the user that runs Berth",
    secrets: "Berth adds none, but what the user's files hold is within reach",
  },
};

const NAMESPACES = ["user", "mnt", "pid", "ipc", "uts", "cgroup", "net"] as const;
type Reader = (pid: number | "self", name: string) => string;

function statusField(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1]?.trim() ?? "?";
}

/** Mount points by whether they can be written. Devices and the kernel's own file systems are left out. */
export function readMounts(mountinfo: string): { readonly writable: readonly string[]; readonly readOnly: readonly string[] } {
  const mounts = mountinfo
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [left = "", right = ""] = line.split(" - ");
      const [, , , , point = "", options = ""] = left.split(" ");
      const [type = "", , superOptions = ""] = right.split(" ");
      if (/^\/(dev|proc|sys)(\/|$)/.test(point) || ["proc", "sysfs", "devpts", "cgroup2", "mqueue"].includes(type)) return [];
      return [{ point, readOnly: options.split(",").includes("ro") || superOptions.split(",").includes("ro") }];
    });
  const points = (readOnly: boolean): string[] => mounts.filter((mount) => mount.readOnly === readOnly).map((mount) => mount.point);
  return { writable: points(false), readOnly: points(true) };
}

function measure(pid: number, read: Reader, namespace: (pid: number | "self", name: string) => string, linkFileIsThere: boolean): Record<PolicyFact["name"], string> {
  const own = (name: string): boolean => namespace(pid, name) !== namespace("self", name);
  const status = read(pid, "status");
  const mounts = readMounts(read(pid, "mountinfo"));
  const capabilities = BigInt(`0x${statusField(status, "CapEff")}`);
  const insideUser = /^\s*(\d+)\s+(\d+)/.exec(read(pid, "uid_map"));
  const outsideUid = statusField(status, "Uid").split(/\s+/)[0];
  const names = read(pid, "environ").split("\0").filter(Boolean).map((entry) => entry.split("=")[0]);
  return {
    isolation: `own namespaces: ${NAMESPACES.filter(own).join(", ") || "none"}; shared: ${NAMESPACES.filter((name) => !own(name)).join(", ") || "none"}`,
    filesystem: own("mnt") ? `writable: ${mounts.writable.join(", ")}; read-only: ${mounts.readOnly.join(", ")}` : "all of this machine's files",
    network: own("net") ? "own network namespace" : "shared with this machine",
    processes: own("pid") ? `own process namespace, process ${statusField(status, "NSpid").split(/\s+/).at(-1)} in it` : "shared with this machine",
    user: [
      own("user") ? `uid ${insideUser?.[1] ?? "?"} inside is uid ${insideUser?.[2] ?? "?"} outside` : `uid ${outsideUid}`,
      capabilities === 0n ? "no capabilities" : `capabilities 0x${capabilities.toString(16)}`,
      statusField(status, "NoNewPrivs") === "1" ? "no new privileges" : "new privileges possible",
    ].join(", "),
    secrets: `environment: ${names.sort().join(", ")}; the file that hands over the token ${linkFileIsThere ? "is still there" : "is removed"}`,
  };
}

/** @param pid the runtime as this machine numbers it */
export function describeProcessPolicy(isolation: ProcessIsolation, pid: number, linkFileIsThere: boolean): readonly PolicyFact[] {
  const declared = DECLARED[isolation];
  const names = Object.keys(declared) as PolicyFact["name"][];
  if (process.platform !== "linux") {
    return names.map((name) => ({ name, declared: declared[name], measured: "this system does not tell", by: `pid ${pid}` }));
  }
  const measured = measure(
    pid,
    (who, name) => readFileSync(`/proc/${who}/${name}`, "utf8"),
    (who, name) => readlinkSync(`/proc/${who}/ns/${name}`),
    linkFileIsThere,
  );
  return names.map((name) => ({ name, declared: declared[name], measured: measured[name], by: `the kernel, in /proc/${pid}` }));
}
