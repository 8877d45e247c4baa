/** Turns "run this in that session's sandbox" into the command line of the isolation in use. */
import { dirname } from "node:path";
import { bubblewrapArguments, INSIDE, insidePath, type SandboxFolders } from "./bubblewrap.ts";
import { seatbeltProfile } from "./seatbelt.ts";

export type ProcessIsolation = "bubblewrap" | "seatbelt" | "none";

export interface LaunchSettings {
  readonly isolation: ProcessIsolation;
  /** Absolute, links resolved: node, the agent, the runtime's bundle. */
  readonly readOnlyPaths: readonly string[];
  /** Absolute paths of programs whose folders are on the PATH. */
  readonly programs: readonly string[];
  /** Added to the few variables a sandbox has; nothing secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** Berth's own data folder, hidden from the agent. */
  readonly dataDir: string;
}

export interface LaunchRequest {
  readonly sandboxId: string;
  readonly folders: SandboxFolders;
  readonly command: readonly string[];
  /** Relative to the work folder, already checked. */
  readonly cwd: string;
  /** Set for a foreground command, which ends with its caller; a runtime outlives a restart of the host. */
  readonly foreground?: { readonly id: string };
  readonly infoFd?: number;
}

export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Every process of the sandbox carries it, so that none escapes being ended where there is no process namespace. */
export function sandboxMarker(sandboxId: string): string {
  return `BERTH_SANDBOX_ID=${sandboxId}`;
}

/** The same for one foreground command. */
export function commandMarker(commandId: string): string {
  return `BERTH_COMMAND_ID=${commandId}`;
}

/** The session's folders as its processes see them. */
export function visibleFolders(isolation: ProcessIsolation, folders: SandboxFolders): Omit<SandboxFolders, "accounts"> {
  return isolation === "bubblewrap" ? INSIDE : folders;
}

/** A path of this machine as the session's processes see it. */
export function visiblePath({ isolation, readOnlyPaths }: LaunchSettings, path: string): string {
  return isolation === "bubblewrap" ? insidePath(path, readOnlyPaths) : path;
}

function environmentOf(settings: LaunchSettings, request: LaunchRequest): Record<string, string> {
  const seen = visibleFolders(settings.isolation, request.folders);
  const folders = settings.programs.map((path) => dirname(visiblePath(settings, path)));
  return {
    ...settings.environment,
    PATH: [...new Set([...folders, "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"])].join(":"),
    HOME: seen.home,
    USER: "agent",
    LOGNAME: "agent",
    SHELL: "/bin/sh",
    TMPDIR: seen.tmp,
    BERTH_RUN_DIR: seen.runtime,
    BERTH_SANDBOX_ID: request.sandboxId,
    GIT_CONFIG_NOSYSTEM: "1",
    ...(request.foreground ? { BERTH_COMMAND_ID: request.foreground.id } : {}),
  };
}

export function commandLine(settings: LaunchSettings, request: LaunchRequest): CommandLine {
  const { folders } = request;
  const environment = environmentOf(settings, request);
  const cwd = request.cwd === "" ? "" : `/${request.cwd}`;
  if (settings.isolation === "bubblewrap") {
    const args = bubblewrapArguments({
      folders,
      readOnlyPaths: settings.readOnlyPaths,
      environment,
      cwd: `${INSIDE.work}${cwd}`,
      command: request.command.map((part) => visiblePath(settings, part)),
      dieWithParent: request.foreground !== undefined,
      ...(request.infoFd === undefined ? {} : { infoFd: request.infoFd }),
    });
    return { file: "bwrap", args, cwd: "/", environment: { PATH: "/usr/local/bin:/usr/bin:/bin" } };
  }
  const [file = "", ...args] = request.command;
  const outside = { cwd: `${folders.work}${cwd}`, environment };
  if (settings.isolation === "none") return { file, args, ...outside };
  const profile = seatbeltProfile({
    writable: [folders.work, folders.home, folders.tmp, folders.runtime],
    readOnlyPaths: settings.readOnlyPaths,
    hidden: [settings.dataDir],
  });
  return { file: "/usr/bin/sandbox-exec", args: ["-p", profile, file, ...args], ...outside };
}
