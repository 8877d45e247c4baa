/**
 * Sandboxes. Ids are chosen by the caller, so that create and destroy are idempotent; the truth is what the backend
 * itself says (its labels), never a record of ours.
 */
import type { Resources } from "../../core/sandbox/resources.ts";
import type { Failure, Isolation, SandboxDeclaration, SandboxMeasurement, Workspace } from "@berth/protocol";

/** `${sessionId}-${epoch}` */
export type SandboxId = string;

export interface SandboxSpec {
  readonly id: SandboxId;
  readonly orgId: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly workspace: Workspace;
  /** What the runtime dials and with which token. The token is worth nothing elsewhere. */
  readonly link: { readonly url: string; readonly token: string };
  /** True when the only model in use is the demo model, which a backend without isolation may still run. */
  readonly demoOnly: boolean;
  /** What the session's environment asks for, within what the backend gives. Where it bounds nothing, its policy says so. */
  readonly resources?: Resources | undefined;
}

export interface SandboxDescription {
  readonly id: SandboxId;
  readonly orgId: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly backend: string;
  readonly isolation: Isolation;
  /** `accepted` until the backend has started it; `stopped` keeps its files, `failed` says why. */
  readonly phase: "accepted" | "running" | "stopped" | "failed";
  readonly failure?: Failure;
  /** Milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
}

export interface ExecRequest {
  readonly command: readonly [string, ...string[]];
  /** Relative to the work folder. */
  readonly cwd?: string;
  readonly timeoutMs: number;
  /** Bytes kept of each stream; the rest is dropped and `truncated` is set. */
  readonly outputBytesMax: number;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** Largest file that is read or written whole, in bytes. */
export const FILE_BYTES_MAX = 32 * 1024 * 1024;

export interface SandboxCapabilities {
  /** Files of a stopped sandbox's session are found again by the next epoch. */
  readonly keepsWorkFolder: boolean;
  /** Work can be written to a branch of the folder it came from. */
  readonly appliesToFolder: boolean;
  readonly snapshots: boolean;
  readonly expose: boolean;
  readonly claim: boolean;
}

/** How a sandbox is meant to be kept, and how it is really kept, told by the part that enforces it. */
export interface PolicyReport {
  readonly declared: SandboxDeclaration;
  /** What can be seen from outside. */
  readonly measured: SandboxMeasurement;
  /** The part that measured, for example `the kernel, in /proc/4711`. */
  readonly by: string;
}

export interface AppliedWork {
  readonly branch: string;
  readonly commit: string;
  readonly filesChanged: number;
}

export interface SandboxProvider {
  readonly backend: string;
  readonly isolation: Isolation;
  readonly capabilities: SandboxCapabilities;
  /** Answers as soon as the request is accepted; a second create of the same id returns the first, one after its end is refused. */
  create(spec: SandboxSpec): Promise<SandboxDescription>;
  /** @throws PortError `not-found` */
  describe(id: SandboxId): Promise<SandboxDescription>;
  list(filter: { readonly orgId?: string; readonly sessionId?: string }): Promise<readonly SandboxDescription[]>;
  exec(id: SandboxId, request: ExecRequest): Promise<ExecResult>;
  /** A missing file is null. Paths are relative to the work folder and may not leave it. */
  readFile(id: SandboxId, path: string): Promise<Uint8Array | null>;
  writeFile(id: SandboxId, path: string, bytes: Uint8Array): Promise<void>;
  /** Commits what is in the work folder and writes it to `branch` of the folder it was cloned from. */
  applyWork(id: SandboxId, request: { readonly branch: string; readonly message: string }): Promise<AppliedWork>;
  /** Reads the enforcing part anew each time, never a record of what was asked for. */
  describePolicy(id: SandboxId): Promise<PolicyReport>;
  /** Ends its processes and keeps its files. Stopping a stopped one succeeds. */
  stop(id: SandboxId): Promise<void>;
  /** Ends it and removes its files. Destroying an unknown one succeeds. */
  destroy(id: SandboxId): Promise<void>;
}
