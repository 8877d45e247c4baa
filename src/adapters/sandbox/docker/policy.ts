/**
 * What is really enforced on a container: the kernel's view of its first process where this machine shows it, else what the
 * engine says of it. What the engine was asked for is only the declared side.
 */
import { readFileSync } from "node:fs";
import type { SandboxDeclaration, SandboxMeasurement } from "@berth/protocol";
import type { PolicyReport } from "../../../ports/sandbox/sandbox.port.ts";
import { measureProcess } from "../session-folders/kernel-view.ts";
import { declaredMounts, type ContainerSettings } from "./container.ts";
import type { ContainerFacts } from "./engine.ts";

/** With the engine's own runtime the machine's kernel is the one that keeps the sandbox; another runtime has its own. */
type PolicySettings = Pick<ContainerSettings, "runtime" | "runtimePath"> & {
  readonly isolation: "container" | "gvisor";
  /** Hosts beyond the control plane: those that were asked for, and those that the container's proxy has. */
  readonly allowed: { readonly declared: readonly string[]; readonly measured: readonly string[] };
};

const NAMESPACES = ["mnt", "pid", "ipc", "uts", "net"];
const ID_SHOWN = 12;
/** As many as a measurement takes. */
const HOSTS_TOLD_MAX = 256;

export function declareContainer({ isolation, runtimePath, allowed }: PolicySettings): SandboxDeclaration {
  const { writable, readOnly } = declaredMounts({ ...(runtimePath === undefined ? {} : { runtimePath }) });
  return { isolation, network: "brokers", allowedHosts: [...allowed.declared], namespaces: NAMESPACES, writable: [...writable], readOnly: [...readOnly], capabilities: [], noNewPrivileges: true, secrets: [] };
}

export function describeContainerPolicy(settings: PolicySettings, facts: ContainerFacts): PolicyReport {
  const declared = declareContainer(settings);
  const shown = facts.Id.slice(0, ID_SHOWN);
  const { Pid: pid } = facts.State;
  const byKernel = settings.runtime === undefined ? saidByKernel(pid, facts.Id) : null;
  const seen = byKernel ?? saidByEngine(facts);
  const measured = { ...seen, network: { ...seen.network, allowedHosts: settings.allowed.measured.slice(0, HOSTS_TOLD_MAX) } };
  return { declared, measured, by: `the ${byKernel ? "kernel" : "container engine"}, of the container ${shown} (${bounds(facts)}), and its proxy` };
}

/** As the engine has them. */
function bounds({ HostConfig: { Memory: bytes = 0, NanoCpus: nano = 0 } }: ContainerFacts): string {
  return [bytes > 0 ? `${Math.round(bytes / 1024 ** 2)} MB at most` : "memory is not bounded", nano > 0 ? `${nano / 1e9} processors at most` : "processors are not bounded"].join(", ");
}

/** Null where this machine does not show it: a pid of an engine in a virtual machine names somebody else here. */
function saidByKernel(pid: number, id: string): SandboxMeasurement | null {
  try {
    return pid > 0 && readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(id) ? measureProcess(pid) : null;
  } catch {
    return null;
  }
}

/** The parts of a machine that a container may be given, each by the name that the engine has for it. */
function saidByEngine({ HostConfig, Mounts, Config }: ContainerFacts): SandboxMeasurement {
  const modes = { pid: HostConfig.PidMode, ipc: HostConfig.IpcMode, uts: HostConfig.UTSMode, net: HostConfig.NetworkMode };
  const own = Object.entries(modes).filter(([, mode]) => mode !== "host").map(([name]) => name);
  const added = (HostConfig.CapAdd as readonly string[] | null | undefined) ?? [];
  const dropped = (HostConfig.CapDrop as readonly string[] | null | undefined) ?? [];
  const security = (HostConfig.SecurityOpt as readonly string[] | null | undefined) ?? [];
  const privileged = HostConfig.Privileged === true;
  const points = (isWritable: boolean): string[] => Mounts.filter(({ RW }) => RW === isWritable).map(({ Destination }) => Destination);
  return {
    namespaces: ["mnt", ...own],
    network: { own: HostConfig.NetworkMode !== "host", interfaces: HostConfig.NetworkMode === "none" ? ["lo"] : ["lo", HostConfig.NetworkMode ?? "bridge"] },
    writable: [...(HostConfig.ReadonlyRootfs === true ? [] : ["/"]), ...points(true), ...Object.keys(HostConfig.Tmpfs ?? {})],
    readOnly: [...(HostConfig.ReadonlyRootfs === true ? ["/"] : []), ...points(false)],
    user: `uid ${Config.User ?? "0"}`,
    capabilities: [...(privileged || !dropped.some((name) => name.toUpperCase() === "ALL") ? ["all of the engine's usual ones"] : []), ...added.map((name) => name.toLowerCase().replace(/^cap_/, ""))],
    noNewPrivileges: !privileged && security.some((option) => option.startsWith("no-new-privileges") && !option.endsWith("false")),
  };
}
