/**
 * Sandboxes whose files are folders of this machine. Their labels are files, their runtimes outlive a restart of the host,
 * and their folders outlive the sandbox until it is destroyed. How a runtime runs is the backend's.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { agentReadyFile } from "@berth/sandbox-runtime/link-file";
import type { Isolation } from "@berth/protocol";
import type { PortError } from "../../../core/kernel/port-error.ts";
import type {
  AppliedWork,
  ExecRequest,
  ExecResult,
  PolicyReport,
  SandboxCapabilities,
  SandboxDescription,
  SandboxId,
  SandboxProvider,
  SandboxSpec,
} from "../../../ports/sandbox/sandbox.port.ts";
import { applyWork } from "./apply-work.ts";
import type { SessionFiles, FolderBackend, WaitingBackend } from "./backend.ts";
import { folderContained, readContained, writeContained } from "./contained-files.ts";
import { classify, refusal } from "./errors.ts";
import type { Owner } from "./folders.ts";
import { GIT_TIMEOUT_MS, NO_HOOKS, toGitResult, type Git } from "./git.ts";
import { LabelStore, sessionOf, type SandboxLabel } from "./label.ts";
import { LetGo } from "./let-go.ts";
import { SandboxLife } from "./life.ts";
import type { RunOptions, RunResult } from "./run.ts";
import type { StartPace } from "./start-pace.ts";
import { Turns } from "./turns.ts";
import { WarmPool, type WarmOptions } from "./warm-pool.ts";
import { makeFolders, type GitIdentity } from "./workspace.ts";

/** What every backend of this kind is opened with. */
export interface FolderSandboxOptions {
  /** Berth's own data folder; sandboxes live below it. */
  readonly dataDir: string;
  readonly gitIdentity?: () => Promise<GitIdentity | null>;
  /** Sandboxes alive at once. */
  readonly sandboxesMax?: number;
  /** How long `create` may wait for a start to fail or to be well on its way, so that most answers say which. */
  readonly answerWithinMs?: number;
  /** Absent: as many boot at once as are asked for. */
  readonly pace?: StartPace;
  /** How many wait for their session, where the backend has such; absent: none. */
  readonly warm?: WarmOptions;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

const SANDBOXES_MAX = 16;
/** Well below what a caller waits for an answer. */
const ANSWER_WITHIN_MS = 1_500;
const EXEC_TIMEOUT_MAX_MS = 600_000;
const EXEC_OUTPUT_BYTES_MAX = 1024 * 1024;
const GIT_OUTPUT_BYTES_MAX = 1024 * 1024;
/** No session's name. */
const ADMISSION = "";

/** Where the sessions of a backend have their folders. */
export function sessionsRoot(dataDir: string, name: string): string {
  return join(resolve(dataDir), name);
}

export class FolderSandboxProvider implements SandboxProvider {
  readonly backend: string;
  readonly isolation: Isolation;
  readonly capabilities: SandboxCapabilities;
  readonly #options: FolderSandboxOptions;
  readonly #backend: FolderBackend;
  readonly #labels: LabelStore;
  readonly #files: SessionFiles;
  readonly #letGo: LetGo;
  readonly #life: SandboxLife;
  /** Null where every sandbox is made when its session is known. */
  readonly warm: WarmPool | null;
  /** Foreground commands by sandbox, so that they end with it. */
  readonly #commands = new Map<SandboxId, Set<AbortController>>();
  readonly #turns = new Turns();
  /** Starts that one that waits is meant for. */
  readonly #promised = new Set<SandboxId>();

  /** @param root as `sessionsRoot` says it */
  constructor(options: FolderSandboxOptions, backend: FolderBackend, root: string) {
    this.backend = backend.name;
    this.isolation = backend.isolation;
    this.capabilities = backend.capabilities;
    this.#options = options;
    this.#backend = backend;
    this.#labels = new LabelStore(root);
    this.#files = backend.files ?? filesHere(this.#labels, backend.owner);
    this.#letGo = new LetGo(root);
    this.#life = new SandboxLife({
      labels: this.#labels,
      backend,
      dataDir: resolve(options.dataDir),
      gitIdentity: options.gitIdentity ?? (() => Promise.resolve(null)),
      gitInside: (spec, signal) => this.#gitInside(spec, signal),
      takeWaiting: async () => (await this.warm?.take()) ?? null,
      onEnd: (id) => this.#cancelCommands(id),
    });
    this.warm = backend.waiting === undefined || !options.warm ? null : this.#pool(backend.waiting, options.warm);
  }

  async create(spec: SandboxSpec): Promise<SandboxDescription> {
    const { orgId, sessionId, epoch, workspace, demoOnly, resources, id, link } = spec;
    if (id !== `${sessionId}-${epoch}` || sessionOf(id) !== sessionId) {
      throw refusal("create", "A sandbox's id is its session's id, a dash and its epoch.", { code: "invalid-argument" });
    }
    const made = await this.#inTurn("create", sessionId, async () => {
      const siblings = await this.#life.refresh(this.#labels.ofSession(sessionId));
      const same = siblings.find((label) => label.spec.id === id);
      const conflicts = siblings.some((label) => label.spec.orgId !== orgId);
      if (conflicts || (same && JSON.stringify(same.spec.workspace) !== JSON.stringify(workspace))) {
        throw refusal("create", `The id ${id} is taken by a different sandbox.`, { code: "already-exists" });
      }
      if (same) return same;
      if (siblings.some((label) => label.spec.epoch > epoch)) {
        throw refusal("create", "The session already has a newer sandbox.", { code: "failed-precondition" });
      }
      if (this.#letGo.has(sessionId, epoch, this.#options.now())) {
        throw refusal("create", `The sandbox ${id}, or a newer one of its session, was let go already.`, { code: "failed-precondition" });
      }
      this.#backend.admit(spec);
      const label: SandboxLabel = { spec: { id, orgId, sessionId, epoch, workspace, demoOnly, ...(resources && { resources }) }, createdAtMs: this.#options.now(), phase: "accepted" };
      await this.#inTurn("create", ADMISSION, async () => {
        await this.#requireRoom(sessionId);
        if (this.#hasBooted(label.spec)) this.#promised.add(id);
        else this.#options.pace?.take(() => this.#hasStarted(id, epoch));
        this.#labels.write(label);
        this.#life.start(label, link);
      });
      return label;
    });
    await this.#life.settled(made, this.#options.answerWithinMs ?? ANSWER_WITHIN_MS);
    return this.#guard("create", async () => this.#describe(await this.#fresh(this.#labels.read(id) ?? made)));
  }

  /** One that waits has booted already; it is for one of those that are let in because of it. */
  #hasBooted(spec: SandboxLabel["spec"]): boolean {
    for (const id of this.#promised) if (!this.#life.starts(id)) this.#promised.delete(id);
    return (this.warm?.count().ready ?? 0) > this.#promised.size && this.#life.mayClaim(spec);
  }

  /** Its agent is there, or will not be. */
  #hasStarted(id: SandboxId, epoch: number): boolean {
    const label = this.#labels.read(id);
    const goesOn = label?.phase === "accepted" || label?.phase === "running";
    return !goesOn || existsSync(join(this.#labels.foldersOf(label.spec.sessionId).home, agentReadyFile(epoch)));
  }

  async describe(id: SandboxId): Promise<SandboxDescription> {
    return this.#guard("describe", async () => this.#describe(await this.#require("describe", id)));
  }

  async list(filter: { readonly orgId?: string; readonly sessionId?: string }): Promise<readonly SandboxDescription[]> {
    return this.#guard("list", async () => {
      const asked = this.#labels.all().filter(({ spec }) => (filter.orgId ?? spec.orgId) === spec.orgId && (filter.sessionId ?? spec.sessionId) === spec.sessionId);
      return (await this.#life.refresh(asked)).map((label) => this.#describe(label));
    });
  }

  async exec(id: SandboxId, request: ExecRequest): Promise<ExecResult> {
    const canceled = new AbortController();
    const commands = this.#commands.get(id) ?? new Set();
    this.#commands.set(id, commands.add(canceled));
    try {
      return await this.#guard("exec", async () => {
        const label = await this.#requireRunning("exec", id);
        const { spec } = label;
        const timeoutMs = Math.min(request.timeoutMs, EXEC_TIMEOUT_MAX_MS);
        const outputBytesMax = Math.min(request.outputBytesMax, EXEC_OUTPUT_BYTES_MAX);
        const cwd = await this.#files.folder(label, request.cwd ?? "");
        // The shell says 127 for a missing program, the same under every isolation.
        const command = ["/bin/sh", "-c", 'exec "$@"', "sh", ...request.command] as const;
        const result = await this.#backend.run(spec, { command, cwd }, { timeoutMs, outputBytesMax, signal: canceled.signal });
        if (result.ended === "canceled") throw refusal("exec", "The sandbox ended while the command ran.", { code: "canceled", outcome: "unknown" });
        if (result.ended === "timed-out") throw refusal("exec", `The command took longer than ${timeoutMs} ms and was ended.`, { code: "deadline-exceeded", outcome: "applied" });
        return { ...toGitResult(result), truncated: result.truncated };
      });
    } finally {
      commands.delete(canceled);
      if (commands.size === 0) this.#commands.delete(id);
    }
  }

  async readFile(id: SandboxId, path: string): Promise<Uint8Array | null> {
    return this.#guard("readFile", async () => this.#files.read(await this.#require("readFile", id), path));
  }

  async writeFile(id: SandboxId, path: string, bytes: Uint8Array): Promise<void> {
    const label = await this.#guard("writeFile", () => this.#require("writeFile", id));
    // Two that write one file at once would leave it half the one's and half the other's.
    return this.#inTurn("writeFile", `files of ${label.spec.sessionId}`, () => this.#files.write(label, path, bytes));
  }

  async applyWork(id: SandboxId, request: { readonly branch: string; readonly message: string }): Promise<AppliedWork> {
    return this.#guard("applyWork", async () => {
      const { spec } = await this.#require("applyWork", id);
      const workspace = this.#labels.readWorkspace(spec.sessionId);
      if (!workspace) throw refusal("applyWork", "The work folder is not ready yet.", { code: "failed-precondition", retry: { afterMs: 1_000 } });
      return applyWork({
        ...request,
        workspace,
        gitInside: this.#gitInside(spec),
        gitInsideTo: (args, input, outputFd) => this.#runGit(spec, args, { input, outputFd }),
        scratch: this.#labels.folderOf(spec.sessionId),
      });
    });
  }

  async describePolicy(id: SandboxId): Promise<PolicyReport> {
    return this.#guard("describePolicy", async () => this.#backend.describePolicy(await this.#requireRunning("describePolicy", id)));
  }

  async stop(id: SandboxId): Promise<void> {
    const sessionId = sessionOf(id);
    if (sessionId === null) throw unknownSandbox("stop", id);
    return this.#inTurn("stop", sessionId, async () => {
      const label = this.#labels.read(id);
      if (label) return this.#end("stop", await this.#fresh(label));
      this.#letGo.note(id, this.#options.now());
      throw unknownSandbox("stop", id);
    });
  }

  async destroy(id: SandboxId): Promise<void> {
    const sessionId = sessionOf(id);
    if (sessionId === null) return;
    return this.#inTurn("destroy", sessionId, async () => {
      const label = this.#labels.read(id);
      if (label) {
        await this.#end("destroy", label);
        this.#labels.remove(id);
        if (this.#labels.ofSession(sessionId).length === 0) {
          await this.#backend.forget?.(sessionId);
          this.#labels.removeSession(sessionId);
        }
      }
      // Last, when there is room on the disk again.
      this.#letGo.note(id, this.#options.now());
    });
  }

  #pool(waiting: WaitingBackend, options: WarmOptions): WarmPool {
    const { now, sandboxesMax = SANDBOXES_MAX } = this.#options;
    return new WarmPool({
      ...options,
      labels: this.#labels,
      backend: waiting,
      now,
      makeFolders: (name) => makeFolders(this.#labels.foldersOf(name), this.#backend.owner),
      prepareEmpty: (spec) => this.#life.prepareWaiting(spec),
      mayStart: async () => !this.#life.isStarting && (await this.#alive()).length + (this.warm?.count().waiting ?? 0) < sandboxesMax,
    });
  }

  async #alive(): Promise<readonly SandboxLabel[]> {
    return (await this.#life.refresh(this.#labels.all())).filter(({ phase }) => phase === "accepted" || phase === "running");
  }

  async #end(operation: string, label: SandboxLabel): Promise<void> {
    this.#cancelCommands(label.spec.id);
    if (await this.#life.end(label)) return;
    throw refusal(operation, "A process of the sandbox could not be ended.", { code: "unknown", outcome: "unknown", retry: "same-request" });
  }

  #describe({ spec, createdAtMs, phase, failure }: SandboxLabel): SandboxDescription {
    const { id, orgId, sessionId, epoch } = spec;
    return { id, orgId, sessionId, epoch, backend: this.backend, isolation: this.isolation, phase, createdAtMs, ...(failure ? { failure } : {}) };
  }

  async #fresh(label: SandboxLabel): Promise<SandboxLabel> {
    const [fresh] = await this.#life.refresh([label]);
    return fresh ?? label;
  }

  async #require(operation: string, id: SandboxId): Promise<SandboxLabel> {
    const label = this.#labels.read(id);
    if (!label) throw unknownSandbox(operation, id);
    return this.#fresh(label);
  }

  async #requireRunning(operation: string, id: SandboxId): Promise<SandboxLabel> {
    const label = await this.#require(operation, id);
    if (label.phase === "running") return label;
    const retry = label.phase === "accepted" ? { afterMs: 250 } : ("never" as const);
    throw refusal(operation, `The sandbox is not running: it is ${label.phase}.`, { code: "failed-precondition", retry });
  }

  async #requireRoom(sessionId: string): Promise<void> {
    const alive = (await this.#alive()).filter(({ spec }) => spec.sessionId !== sessionId);
    const max = this.#options.sandboxesMax ?? SANDBOXES_MAX;
    if (alive.length < max) return;
    throw refusal("create", `This host already runs ${max} sandboxes.`, { code: "resource-exhausted", retry: { afterMs: 5_000 }, fix: "Stop a session that is not needed." });
  }

  #gitInside(spec: SandboxLabel["spec"], signal?: AbortSignal): Git {
    return async (args, options = {}) => toGitResult(await this.#runGit(spec, args, { ...options, ...(signal ? { signal } : {}) }));
  }

  async #runGit(spec: SandboxLabel["spec"], args: readonly string[], options: Partial<RunOptions>): Promise<RunResult> {
    // A start that is under way has its own sandbox, or none any more.
    const isAside = options.signal === undefined;
    const result = await this.#backend.run(spec, { command: ["git", ...NO_HOOKS, ...args], cwd: "", isAside }, { timeoutMs: GIT_TIMEOUT_MS, outputBytesMax: GIT_OUTPUT_BYTES_MAX, ...options });
    if (result.ended === "canceled") throw refusal("create", "The sandbox was stopped while its work folder was made.", { code: "canceled" });
    return result;
  }

  #cancelCommands(id: SandboxId): void {
    for (const command of this.#commands.get(id) ?? []) command.abort();
  }

  async #guard<T>(operation: string, work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw classify(operation, error);
    }
  }

  #inTurn<T>(operation: string, name: string, work: () => T | Promise<T>): Promise<T> {
    return this.#turns.take(name, () => this.#guard(operation, work));
  }
}

/** The session's folders on this machine, opened without the sandbox. */
function filesHere(labels: LabelStore, owner: Owner | undefined): SessionFiles {
  const rootOf = ({ spec }: SandboxLabel): string => labels.foldersOf(spec.sessionId).work;
  return {
    folder: (label, path) => folderContained("exec", rootOf(label), path),
    read: (label, path) => readContained(rootOf(label), path),
    write: (label, path, bytes) => writeContained(rootOf(label), path, bytes, owner),
  };
}

function unknownSandbox(operation: string, id: SandboxId): PortError {
  return refusal(operation, `There is no sandbox ${id}.`, { code: "not-found" });
}
