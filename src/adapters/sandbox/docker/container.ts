/** What a sandbox's container is made of, as data: who it runs as, what it sees, what it may use up. Pure. */
import { limitsOf, type ResourceLimits, type Resources } from "../../../core/sandbox/resources.ts";
import { INSIDE, sandboxEnvironment, type Owner, type SandboxFolders } from "../session-folders/folders.ts";
import type { ContainerOptions } from "./engine.ts";

export interface ContainerLimits {
  readonly memoryBytes: number;
  readonly cpus: number;
  /** Processes and threads. */
  readonly pids: number;
}

export interface ContainerSettings {
  /** Names the host and data folder whose containers these are. */
  readonly instance: string;
  readonly image: string;
  /** Of the engine's configuration, for example `runsc`; absent: the engine's own. */
  readonly runtime?: string;
  readonly limits: ContainerLimits;
  /** That an environment may ask for; absent: the same. */
  readonly most?: ResourceLimits;
  readonly owner: Owner;
  /** The runtime's bundle on this machine, which is as new as the control plane; absent: the image's own. */
  readonly runtimePath?: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ContainerRequest {
  readonly sandboxId: string;
  readonly sessionId: string;
  readonly orgId: string;
  readonly epoch: number;
  readonly folders: SandboxFolders;
  /** As its session's environment asks for them. */
  readonly resources?: Resources | undefined;
  /** Folder of this machine with the socket that leads to the control plane; absent: no way out at all. */
  readonly gate?: string;
  readonly command: readonly string[];
}

export const LABELS = { instance: "dev.berth.instance", sandbox: "dev.berth.sandbox", session: "dev.berth.session", org: "dev.berth.org", epoch: "dev.berth.epoch" } as const;

/** Paths of the image. */
export const IMAGE = { init: "/usr/bin/tini", node: "/opt/berth/bin/node", opencode: "/opt/berth/bin/opencode", runtime: "/opt/berth/runtime.mjs" } as const;
/** Where a container finds the socket that leads to the control plane, and the port on which its runtime passes programs on to it. */
export const GATE = { folder: "/run/control-plane", socket: "/run/control-plane/socket", port: 3128 } as const;

/** Parts of the kernel's own file systems that tell of the machine or change it. */
const MASKED = ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"];
const READ_ONLY_KERNEL = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
/** Made by every engine, on a root that is read-only. */
const OF_ENGINE = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];
const ACCOUNTS = ["passwd", "group"] as const;
const MB = 1024 ** 2;
const LOG_BYTES_MAX = "1m";
/** How programs are told of a proxy. There is no one spelling that all of them read, and Node asks for a word more. */
const PROXY = Object.fromEntries(
  Object.entries({ http_proxy: `http://127.0.0.1:${GATE.port}`, https_proxy: `http://127.0.0.1:${GATE.port}`, no_proxy: "localhost,127.0.0.1,::1" }).flatMap(([name, value]) => [
    [name, value],
    [name.toUpperCase(), value],
  ]),
);
const PROXY_ENVIRONMENT: Readonly<Record<string, string>> = { ...PROXY, NODE_USE_ENV_PROXY: "1" };
const RUN_TMPFS = "rw,nosuid,nodev,noexec,size=16m,mode=0700";

export function containerName(instance: string, sandboxId: string): string {
  return `berth-${instance}-${sandboxId}`;
}

/** Mount points inside, by what may be done there. */
export function declaredMounts({ runtimePath }: Pick<ContainerSettings, "runtimePath">): { readonly writable: readonly string[]; readonly readOnly: readonly string[] } {
  const accounts = ACCOUNTS.map((name) => `/etc/${name}`);
  return { writable: Object.values(INSIDE), readOnly: ["/", ...OF_ENGINE, ...accounts, GATE.folder, ...(runtimePath === undefined ? [] : [IMAGE.runtime]), ...MASKED] };
}

/** What a container may use up, as the engine is told. */
export function containerLimits({ limits, most }: Pick<ContainerSettings, "limits" | "most">, asked?: Resources): Pick<ContainerLimits, "memoryBytes" | "cpus"> {
  const usual = { memoryMb: limits.memoryBytes / MB, cpus: limits.cpus };
  const { memoryMb, cpus } = limitsOf(usual, most ?? usual, asked);
  return { memoryBytes: memoryMb * MB, cpus };
}

export function containerOptions(settings: ContainerSettings, request: ContainerRequest): ContainerOptions {
  const { instance, image, runtime, limits, owner, runtimePath, environment } = settings;
  const { sandboxId, sessionId, orgId, epoch, folders, gate, command, resources } = request;
  const { memoryBytes, cpus } = containerLimits(settings, resources);
  const bind = (Source: string, Target: string, ReadOnly = true) => ({ Type: "bind" as const, Source, Target, ReadOnly });
  const env = sandboxEnvironment({ instance, sandboxId, seen: INSIDE, programFolders: ["/opt/berth/bin"], extra: { ...environment, ...(gate === undefined ? {} : PROXY_ENVIRONMENT) } });
  return {
    Image: image,
    User: `${owner.uid}:${owner.gid}`,
    Hostname: "berth",
    WorkingDir: INSIDE.work,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Labels: { [LABELS.instance]: instance, [LABELS.sandbox]: sandboxId, [LABELS.session]: sessionId, [LABELS.org]: orgId, [LABELS.epoch]: String(epoch) },
    // The first process takes in whom an agent leaves behind.
    Entrypoint: [IMAGE.init, "--"],
    Cmd: [...command],
    OpenStdin: true,
    StdinOnce: true,
    Tty: false,
    HostConfig: {
      NetworkMode: "none",
      IpcMode: "private",
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      MaskedPaths: MASKED,
      ReadonlyPaths: READ_ONLY_KERNEL,
      PidsLimit: limits.pids,
      Memory: memoryBytes,
      // As much again would be swapped otherwise.
      MemorySwap: memoryBytes,
      NanoCpus: Math.round(cpus * 1e9),
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": LOG_BYTES_MAX, "max-file": "1" } },
      Tmpfs: { [INSIDE.runtime]: `${RUN_TMPFS},uid=${owner.uid},gid=${owner.gid}` },
      Mounts: [
        ...(["work", "home", "tmp"] as const).map((name) => bind(folders[name], INSIDE[name], false)),
        ...ACCOUNTS.map((name) => bind(`${folders.accounts}/${name}`, `/etc/${name}`)),
        ...(gate === undefined ? [] : [bind(gate, GATE.folder)]),
        ...(runtimePath === undefined ? [] : [bind(runtimePath, IMAGE.runtime)]),
      ],
      ...(runtime === undefined ? {} : { Runtime: runtime }),
    },
  };
}
