/** What the kernel tells of a process in /proc, by the text of its files. Read from inside by the runtime, from outside by a host. */

/** Bits of a capability set, in the kernel's order. */
const CAPABILITIES = (
  "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw " +
  "ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod " +
  "lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
).split(" ");

export interface Rights {
  readonly uid: string;
  /** All that it has, may take or hands on. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1]?.trim() ?? "";
}

/** @param status text of `/proc/<pid>/status` */
export function readRights(status: string): Rights {
  const sets = ["CapInh", "CapPrm", "CapEff", "CapAmb"].map((name) => BigInt(`0x${field(status, name) || "0"}`));
  const held = sets.reduce((all, set) => all | set, 0n);
  const capabilities = Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (held >> BigInt(bit)) & 1n);
  return {
    uid: field(status, "Uid").split(/\s+/)[0] ?? "?",
    capabilities: capabilities.map((bit) => CAPABILITIES[bit] ?? `capability ${bit}`),
    noNewPrivileges: field(status, "NoNewPrivs") === "1",
  };
}

/** The kernel's own file systems hold nothing of the machine's, and their parts are covered one by one. */
const OF_KERNEL = ["proc", "sysfs", "devpts", "cgroup", "cgroup2", "mqueue"];
/** Devices without memory, which a sandbox needs. */
const DEVICES = ["", "/null", "/zero", "/full", "/random", "/urandom", "/tty", "/console", "/pts", "/shm", "/mqueue"].map((name) => `/dev${name}`);

/** Belongs to root, and only holds the mounts of control groups. */
const CONTROL_GROUPS = "/sys/fs/cgroup";

/** Mount points by whether they can be written, without plain devices and the kernel's own file systems. @param mountinfo text of `/proc/<pid>/mountinfo` */
export function readMounts(mountinfo: string): { writable: string[]; readOnly: string[] } {
  const mounts = mountinfo
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [left = "", right = ""] = line.split(" - ");
      const [, , , root = "", point = "", options = ""] = left.split(" ");
      const [type = "", , superOptions = ""] = right.split(" ");
      // Files of the kernel are covered by the device that holds nothing.
      if (OF_KERNEL.includes(type) || DEVICES.includes(point) || point === CONTROL_GROUPS || (root === "/null" && /^\/(proc|sys)\//.test(point))) return [];
      return [{ point, readOnly: options.split(",").includes("ro") || superOptions.split(",").includes("ro") }];
    });
  const points = (readOnly: boolean): string[] => [...new Set(mounts.filter((mount) => mount.readOnly === readOnly).map((mount) => mount.point))];
  return { writable: points(false), readOnly: points(true) };
}

/** True when there is a route to any address. @param v4 text of `/proc/net/route` @param v6 text of `/proc/net/ipv6_route` */
export function hasDefaultRoute(v4: string, v6: string): boolean {
  const fields = (text: string): string[][] => text.split("\n").map((line) => line.trim().split(/\s+/));
  const none = (hex: string | undefined): boolean => hex !== undefined && /^0+$/.test(hex);
  // The kernel keeps one that refuses everything on the loopback device.
  const isOpen6 = fields(v6).some((route) => none(route[0]) && route[1] === "00" && route.at(-1) !== "lo");
  return isOpen6 || fields(v4).some((route) => route[0] !== "lo" && none(route[1]) && none(route[7]));
}
