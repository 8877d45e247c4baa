/** Turns "run this in that session's sandbox" into the command line of the isolation in use. */
import { dirname } from "node:path";
import { INSIDE, sandboxEnvironment, type SandboxFolders, type SeenFolders } from "../session-folders/folders.ts";
import type { CommandLine } from "../session-folders/run.ts";
import { bubblewrapArguments, insidePath } from "./bubblewrap.ts";
import { seatbeltProfile } from "./seatbelt.ts";

export type ProcessIsolation = "bubblewrap" | "seatbelt" | "none";

export interface LaunchSettings {
  /** Names the host and data folder whose processes these are. */
  readonly instance: string;
  readonly isolation: ProcessIsolation;
  /** Absolute, links resolved: node, the agent, the runtime's bundle. */
  readonly readOnlyPaths: readonly string[];
  /** Absolute paths of programs whose folders are on the PATH. */
  readonly programs: readonly string[];
  /** Added to the few variables a sandbox has; nothing secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** Berth's own data folder, hidden from the agent. */
  readonly dataDir: string;
  readonly bubblewrap: string;
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

/** The session's folders as its processes see them. */
export function visibleFolders(isolation: ProcessIsolation, folders: SandboxFolders): SeenFolders {
  return isolation === "bubblewrap" ? INSIDE : folders;
}

/** A path of this machine as the session's processes see it. */
export function visiblePath({ isolation, readOnlyPaths }: LaunchSettings, path: string): string {
  return isolation === "bubblewrap" ? insidePath(path, readOnlyPaths) : path;
}

function environmentOf(settings: LaunchSettings, request: LaunchRequest): Record<string, string> {
  return sandboxEnvironment({
    instance: settings.instance,
    sandboxId: request.sandboxId,
    seen: visibleFolders(settings.isolation, request.folders),
    programFolders: settings.programs.map((path) => dirname(visiblePath(settings, path))),
    extra: settings.environment,
    ...(request.foreground ? { commandId: request.foreground.id } : {}),
  });
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
    return { file: settings.bubblewrap, args, cwd: "/", environment: { PATH: "/usr/local/bin:/usr/bin:/bin" } };
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
