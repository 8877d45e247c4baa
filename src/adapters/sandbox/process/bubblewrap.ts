/**
 * Arguments of bubblewrap. What is not bound here does not exist inside: neither the user's home, nor Berth's data folder,
 * nor any other process. The network is this machine's own.
 */
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { INSIDE, type SandboxFolders } from "../session-folders/folders.ts";

export interface BubblewrapRequest {
  readonly folders: SandboxFolders;
  /** Paths of this machine that are bound read-only, each at `insidePath`. */
  readonly readOnlyPaths: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folder inside the sandbox to start in. */
  readonly cwd: string;
  readonly command: readonly string[];
  /** A foreground command ends with its caller; a runtime outlives a restart of the host. */
  readonly dieWithParent: boolean;
  /** File descriptor that bubblewrap writes the pid of the sandbox's first process to. */
  readonly infoFd?: number;
}

/**
 * Where a path of this machine is found inside: a place of its own, so that no name of the machine shows and no path can
 * collide with the work folder. A path that is not bound is the same inside.
 */
export function insidePath(path: string, readOnlyPaths: readonly string[]): string {
  for (const [index, bound] of readOnlyPaths.entries()) {
    if (path === bound || path.startsWith(`${bound}/`)) return `/opt/berth/${index}/${basename(bound)}${path.slice(bound.length)}`;
  }
  return path;
}

const SYSTEM_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"];

const ETC = [
  "alternatives",
  "ca-certificates",
  "hosts",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "nsswitch.conf",
  "pki",
  "protocols",
  "resolv.conf",
  "services",
  "ssl/certs",
  "ssl/openssl.cnf",
];

/**
 * A new /proc in a user namespace still lets uid 0 of the machine write kernel settings, whatever its capabilities are:
 * those parts are covered read-only.
 */
const KERNEL_SETTINGS = ["sys", "sysrq-trigger", "irq", "bus", "acpi", "fs", "scsi", "driver", "mtrr", "pressure"];

function systemFolder(path: string): string[] {
  if (!existsSync(path)) return [];
  return lstatSync(path).isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
}

/** Mount points inside, by what may be done there: what `bubblewrapArguments` asks for on this machine. */
export function declaredMounts(readOnlyPaths: readonly string[]): { readonly writable: readonly string[]; readonly readOnly: readonly string[] } {
  const system = SYSTEM_FOLDERS.filter((path) => existsSync(path) && !lstatSync(path).isSymbolicLink());
  const etc = [...ETC, "passwd", "group"].map((name) => `/etc/${name}`);
  return { writable: Object.values(INSIDE), readOnly: ["/", ...system, ...etc, ...readOnlyPaths.map((path) => insidePath(path, readOnlyPaths))] };
}

export function bubblewrapArguments(request: BubblewrapRequest): string[] {
  const { folders, readOnlyPaths, environment, cwd, command, dieWithParent, infoFd } = request;
  return [
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--new-session",
    ...(dieWithParent ? ["--die-with-parent"] : []),
    ...(infoFd === undefined ? [] : ["--info-fd", String(infoFd)]),
    "--uid",
    "1000",
    "--gid",
    "1000",
    "--cap-drop",
    "ALL",
    "--hostname",
    "berth",
    "--clearenv",
    ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ...SYSTEM_FOLDERS.flatMap(systemFolder),
    ...ETC.flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
    ...["passwd", "group"].flatMap((name) => ["--ro-bind", `${folders.accounts}/${name}`, `/etc/${name}`]),
    "--proc",
    "/proc",
    ...KERNEL_SETTINGS.flatMap((name) => ["--ro-bind-try", `/proc/${name}`, `/proc/${name}`]),
    "--dev",
    "/dev",
    ...readOnlyPaths.flatMap((path) => ["--ro-bind", path, insidePath(path, readOnlyPaths)]),
    ...(["tmp", "work", "home", "runtime"] as const).flatMap((name) => ["--bind", folders[name], INSIDE[name]]),
    "--remount-ro",
    "/",
    "--chdir",
    cwd,
    "--",
    ...command,
  ];
}
