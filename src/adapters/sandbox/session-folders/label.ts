/**
 * The label of each sandbox: a small file beside its folders that is the backend's own truth, so that a restarted host
 * knows its sandboxes. It lies outside of what the sandbox sees and never holds the token.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "@berth/sandbox-runtime/processes/process-table";
import type { SandboxId, SandboxSpec } from "../../../ports/sandbox/sandbox.port.ts";
import type { Failure } from "@berth/protocol";
import type { SandboxFolders } from "./folders.ts";
import { removeTree } from "./remove-tree.ts";

/** What a backend finds a started sandbox by. */
export interface Held {
  /** The process this backend started; under bubblewrap, bubblewrap itself. */
  readonly leader?: ProcessIdentity;
  /** First process of the sandbox's own process namespace: ending it ends them all. */
  readonly init?: ProcessIdentity;
  /** Name by which the container engine knows it. */
  readonly container?: string;
  /** Origin that the container's way out leads to. */
  readonly controlPlane?: string;
  /** Id that it waited under for its session, which its processes are marked with; absent: its own. */
  readonly startedAs?: SandboxId;
  /** Name that a service elsewhere gave it. It stays when the sandbox has ended, whose files it still leads to. */
  readonly elsewhere?: string;
}

export interface SandboxLabel extends Held {
  readonly spec: Omit<SandboxSpec, "link">;
  readonly createdAtMs: number;
  readonly phase: "accepted" | "running" | "stopped" | "failed";
  readonly failure?: Failure;
}

/** Without what a backend would find it by: nothing of it is there any more. */
export function released({ leader: _leader, init: _init, container: _container, controlPlane: _controlPlane, startedAs: _startedAs, ...rest }: SandboxLabel): SandboxLabel {
  return rest;
}

/** What the work folder of a session was made from; written when it is complete. */
export interface WorkspaceRecord {
  readonly branch: string;
  /** Commit the work started from; null where the runtime clones. */
  readonly base: string | null;
  /** Folder it was cloned from, and to which work is applied. */
  readonly source: string | null;
}

/** What sandboxes that wait for their session are kept under, where those of sessions are. */
const WAITING = /^waiting_[0-9a-f]+$/;
const SESSION = /^[A-Za-z0-9_]{1,80}$/;

/** Null for an id that is not `<session>-<epoch>`; such an id is nobody's. */
export function sessionOf(sandboxId: string): string | null {
  const match = /^([A-Za-z0-9_]{1,80})-([1-9][0-9]{0,8})$/.exec(sandboxId);
  return match?.[1] ?? null;
}

export function waitingId(name: string): SandboxId {
  return `${name}-1`;
}

export class LabelStore {
  readonly #root: string;

  /** @param root holds one folder for each session */
  constructor(root: string) {
    this.#root = root;
  }

  folderOf(sessionId: string): string {
    return join(this.#root, sessionId);
  }

  foldersOf(sessionId: string): SandboxFolders {
    const folder = this.folderOf(sessionId);
    const at = (name: string): string => join(folder, name);
    return { work: at("work"), home: at("home"), tmp: at("tmp"), runtime: at("runtime"), accounts: at("accounts") };
  }

  logOf(sandboxId: string): string {
    return join(this.folderOf(sessionOf(sandboxId) ?? ""), `${sandboxId}.log`);
  }

  /** Of one epoch, for what the sandbox does not take over. */
  folderOfSandbox(sandboxId: string): string {
    return join(this.folderOf(sessionOf(sandboxId) ?? ""), sandboxId);
  }

  read(sandboxId: string): SandboxLabel | null {
    const sessionId = sessionOf(sandboxId);
    return sessionId === null ? null : this.#readJson<SandboxLabel>(sessionId, `${sandboxId}.json`);
  }

  write(label: SandboxLabel): void {
    this.#writeJson(label.spec.sessionId, `${label.spec.id}.json`, label);
  }

  remove(sandboxId: string): void {
    const sessionId = sessionOf(sandboxId);
    if (sessionId === null) return;
    rmSync(join(this.folderOf(sessionId), `${sandboxId}.json`), { force: true });
    rmSync(this.logOf(sandboxId), { force: true });
    rmSync(this.folderOfSandbox(sandboxId), { recursive: true, force: true });
  }

  removeSession(sessionId: string): void {
    removeTree(this.folderOf(sessionId));
  }

  ofSession(sessionId: string): readonly SandboxLabel[] {
    return this.#names(this.folderOf(sessionId))
      .filter((name) => name.startsWith(`${sessionId}-`) && name.endsWith(".json"))
      .flatMap((name) => this.read(name.slice(0, -".json".length)) ?? []);
  }

  all(): readonly SandboxLabel[] {
    return this.#names(this.#root)
      .filter((name) => SESSION.test(name))
      .flatMap((name) => this.ofSession(name));
  }

  /** Names that sandboxes wait under. */
  waiting(): readonly string[] {
    return this.#names(this.#root).filter((name) => WAITING.test(name));
  }

  /** What waited under the name is the session's, which has no folders yet. A mounted folder stays mounted where it is. */
  adopt(name: string, { id, sessionId }: Pick<SandboxSpec, "id" | "sessionId">): void {
    const [from, to] = [this.foldersOf(name), this.foldersOf(sessionId)];
    for (const folder of Object.keys(from) as (keyof SandboxFolders)[]) renameSync(from[folder], to[folder]);
    for (const pathOf of [(of: SandboxId) => this.logOf(of), (of: SandboxId) => this.folderOfSandbox(of)]) {
      if (existsSync(pathOf(waitingId(name)))) renameSync(pathOf(waitingId(name)), pathOf(id));
    }
    this.removeSession(name);
  }

  /** Its label stays. */
  removeFolders(sessionId: string): void {
    for (const folder of Object.values(this.foldersOf(sessionId))) removeTree(folder);
    rmSync(join(this.folderOf(sessionId), "workspace.json"), { force: true });
  }

  readWorkspace(sessionId: string): WorkspaceRecord | null {
    return this.#readJson<WorkspaceRecord>(sessionId, "workspace.json");
  }

  writeWorkspace(sessionId: string, record: WorkspaceRecord): void {
    this.#writeJson(sessionId, "workspace.json", record);
  }

  #names(folder: string): readonly string[] {
    try {
      return readdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  #readJson<T>(sessionId: string, name: string): T | null {
    try {
      return JSON.parse(readFileSync(join(this.folderOf(sessionId), name), "utf8")) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  /** By rename, so that a crash leaves the old label or the new one, never a torn one. */
  #writeJson(sessionId: string, name: string, value: unknown): void {
    const folder = this.folderOf(sessionId);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, name);
    writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}
