/** The folders of a session on this machine, where its processes find them, and the few variables that they have. */

/** Paths inside a sandbox that has a file system of its own, the same for every session. */
export const INSIDE = { work: "/workspace", home: "/home/agent", runtime: "/run/berth", tmp: "/tmp" } as const;

export interface SandboxFolders {
  readonly work: string;
  readonly home: string;
  readonly tmp: string;
  readonly runtime: string;
  /** Holds a `passwd` and a `group` that name nobody of this machine. */
  readonly accounts: string;
}

/** The folders as the session's processes see them. */
export type SeenFolders = Omit<SandboxFolders, "accounts">;

/** Who the session's processes are to this machine, where that is not whoever runs the host. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const SYSTEM_PATH = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];

export interface EnvironmentRequest {
  /** Of the host and data folder: see `instanceOf`. */
  readonly instance: string;
  readonly sandboxId: string;
  readonly seen: SeenFolders;
  /** Folders of programs that come before the system's. */
  readonly programFolders: readonly string[];
  /** Added first; nothing secret. */
  readonly extra: Readonly<Record<string, string>>;
  /** Of a foreground command. */
  readonly commandId?: string;
}

export function sandboxEnvironment({ instance, sandboxId, seen, programFolders, extra, commandId }: EnvironmentRequest): Record<string, string> {
  return {
    ...extra,
    PATH: [...new Set([...programFolders, ...SYSTEM_PATH])].join(":"),
    HOME: seen.home,
    USER: "agent",
    LOGNAME: "agent",
    SHELL: "/bin/sh",
    TMPDIR: seen.tmp,
    BERTH_RUN_DIR: seen.runtime,
    [SANDBOX_VARIABLE]: markOf(instance, sandboxId),
    GIT_CONFIG_NOSYSTEM: "1",
    ...(commandId === undefined ? {} : { BERTH_COMMAND_ID: commandId }),
  };
}

const SANDBOX_VARIABLE = "BERTH_SANDBOX_ID";

/** Another host of this machine may have a sandbox of the same id, and sees these processes too. */
function markOf(instance: string, sandboxId: string): string {
  return `${sandboxId}@${instance}`;
}

/** Every process of the sandbox carries it, so that none escapes being ended where there is no process namespace. */
export function sandboxMarker(instance: string, sandboxId: string): string {
  return `${SANDBOX_VARIABLE}=${markOf(instance, sandboxId)}`;
}

/** The same for one foreground command. */
export function commandMarker(commandId: string): string {
  return `BERTH_COMMAND_ID=${commandId}`;
}
