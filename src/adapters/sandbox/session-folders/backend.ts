/**
 * What differs between backends whose labels are files of this machine: how a runtime is brought up in front of a session's
 * folders, found again and ended, and where those folders are. Everything else is theirs together, in `provider.ts` and
 * `life.ts`.
 */
import type { Isolation } from "@berth/protocol";
import type { PolicyReport, SandboxCapabilities, SandboxId, SandboxSpec } from "../../../ports/sandbox/sandbox.port.ts";
import type { Owner, SandboxFolders } from "./folders.ts";
import type { Held, SandboxLabel, WorkspaceRecord } from "./label.ts";
import type { RunOptions, RunResult } from "./run.ts";
import type { WorkspaceRequest } from "./workspace.ts";

export interface LaunchRequest {
  readonly label: SandboxLabel;
  readonly folders: SandboxFolders;
  readonly link: SandboxSpec["link"];
  /** Fills the work folder; commands have to run inside by then. `kept`: it holds the session's files already; absent: as the folder shows. */
  readonly prepare: (kept?: boolean) => Promise<void>;
  /** Aborted when the start is not wanted any more. */
  readonly signal: AbortSignal;
  /** Written down before anything else can happen, so that a crash of the host leaves nothing that nobody knows. */
  readonly hold: (held: Held) => void;
  /** The runtime ended by itself; says how, for people. */
  readonly onExit: (how: string) => void;
}

/** A runtime that was started before its session is known. It knows nothing, and ends when its host does. */
export interface WaitingRuntime {
  /** As a launch, in folders that were moved to where the request says. Over when the runtime was told whom it works for. */
  claim(request: LaunchRequest): Promise<Held>;
  end(): Promise<void>;
}

export interface WaitRequest {
  /** In the form of a sandbox's, of no session. */
  readonly id: SandboxId;
  readonly folders: SandboxFolders;
  /** Fills the work folder; commands have to run inside by then. */
  readonly prepare: () => Promise<void>;
  /** It ended before anybody claimed it. */
  readonly onExit: () => void;
}

export interface WaitingBackend {
  /** Another one whenever a sandbox that is made now would differ from one that was made before. */
  fingerprint(): Promise<string>;
  /** Leaves nothing when it rejects. */
  start(request: WaitRequest): Promise<WaitingRuntime>;
  /** Of a host that ended suddenly. */
  clear(id: SandboxId): Promise<void>;
}

export interface CommandRequest {
  readonly command: readonly [string, ...string[]];
  /** Relative to the work folder, already checked. */
  readonly cwd: string;
  /** It is about the session's files, and runs beside a sandbox that has ended too. */
  readonly isAside?: boolean;
}

/** Files of a session's work folder, wherever it is. Paths are the caller's, unchecked. */
export interface SessionFiles {
  /** The path that `run` is to be given; what it leads to is checked where it is. */
  folder(label: SandboxLabel, path: string): Promise<string>;
  read(label: SandboxLabel, path: string): Promise<Uint8Array | null>;
  write(label: SandboxLabel, path: string, bytes: Uint8Array): Promise<void>;
}

export interface FolderBackend {
  readonly name: string;
  readonly isolation: Isolation;
  readonly capabilities: SandboxCapabilities;
  /** Absent: whoever runs the host. */
  readonly owner?: Owner;
  /** Absent: sessions have folders of this machine. */
  readonly files?: SessionFiles;
  /** Absent: every sandbox is made when its session is known. */
  readonly waiting?: WaitingBackend | undefined;
  /** Whether one that waits is as this one has to be. Absent: each is. */
  fitsWaiting?(spec: SandboxLabel["spec"]): boolean;
  /** Fills a work folder that is not on this machine. */
  makeWorkspace?(request: WorkspaceRequest): Promise<WorkspaceRecord>;
  /** The session is removed: what it left anywhere but in its folder goes with it. */
  forget?(sessionId: string): Promise<void>;
  /** @throws PortError when this backend takes no such sandbox */
  admit(spec: Pick<SandboxSpec, "demoOnly" | "link">): void;
  /** Over when the runtime has started and was told whom it works for. Leaves nothing when it rejects. */
  launch(request: LaunchRequest): Promise<Held>;
  /** The runtime has taken the token, or cannot any more. */
  hasTaken(label: SandboxLabel): boolean;
  /** Those of the labels whose runtime is there. */
  alive(labels: readonly SandboxLabel[]): Promise<ReadonlySet<SandboxId>>;
  /** Of the runtime, before it ended; empty when it said nothing. */
  lastWords(label: SandboxLabel): Promise<string>;
  /** Asks, waits as long as it may, and kills. @returns false when something survived */
  end(label: SandboxLabel, graceMs?: number): Promise<boolean>;
  /** The command and all that it started has ended then. @throws PortError */
  run(spec: SandboxLabel["spec"], request: CommandRequest, options: Omit<RunOptions, "marker" | "inputPath">): Promise<RunResult>;
  describePolicy(label: SandboxLabel): Promise<PolicyReport>;
}
