/** Sandboxes in memory. `onStart` lets a test attach a runtime of its own to a started sandbox. */
import type { SandboxDeclaration } from "@berth/protocol";
import { FaultScript } from "../../core/kernel/fault.ts";
import { PortError, type Outcome, type PortErrorCode, type Retry } from "../../core/kernel/port-error.ts";
import { FakeFolder, type FakeFiles } from "./fake-folder.ts";
import { runInShell } from "./fake-shell.ts";
import { FakeTree, PathError } from "./fake-tree.ts";
import { SANDBOX_FAULTS } from "./sandbox.faults.ts";
import {
  FILE_BYTES_MAX,
  type AppliedWork,
  type ExecRequest,
  type ExecResult,
  type PolicyReport,
  type SandboxCapabilities,
  type SandboxDescription,
  type SandboxId,
  type SandboxProvider,
  type SandboxSpec,
} from "./sandbox.port.ts";

/** Nothing of a machine is touched. */
const IN_MEMORY: Omit<SandboxDeclaration, "isolation"> = {
  namespaces: [],
  network: "machine",
  writable: ["/workspace"],
  readOnly: [],
  capabilities: [],
  noNewPrivileges: true,
  secrets: [],
};

export interface InMemorySandboxOptions {
  readonly now: () => number;
  readonly backend?: string;
  readonly sandboxesMax?: number;
  /** Folders of the machine by path, as workspaces name them. */
  readonly folders?: ReadonlyMap<string, FakeFolder>;
  /** Called once per started sandbox; what it answers is called when the sandbox ends. */
  readonly onStart?: (spec: SandboxSpec) => (() => void) | void;
}

interface Entry {
  readonly spec: SandboxSpec;
  readonly createdAtMs: number;
  phase: SandboxDescription["phase"];
  failure?: { readonly code: string; readonly message: string; readonly fix?: string };
  onEnd?: (() => void) | undefined;
  readonly commands: Set<() => void>;
}

interface Work {
  readonly tree: FakeTree;
  readonly base: FakeFiles;
  readonly folder: FakeFolder | null;
}

const LET_GO_KEPT_MS = 3_600_000;
const ID = /^([A-Za-z0-9_]{1,80})-([1-9][0-9]{0,8})$/;

function refusal(operation: string, code: PortErrorCode, message: string, extra: { outcome?: Outcome; retry?: Retry; fix?: string } = {}): PortError {
  return new PortError({ port: "sandbox", operation, code, message, outcome: "not-applied", retry: "never", ...extra });
}

function unknown(operation: string, id: SandboxId): PortError {
  return refusal(operation, "not-found", `There is no sandbox ${id}.`);
}

const ASTRAY: Readonly<Record<PathError["why"], readonly [PortErrorCode, string]>> = {
  leaves: ["permission-denied", "The path leaves the work folder."],
  "is-no-folder": ["invalid-argument", "A part of the path is not a folder."],
  "is-a-folder": ["invalid-argument", "The path is a folder."],
  "is-no-file": ["invalid-argument", "The path is not a regular file."],
  missing: ["not-found", "There is no such folder."],
};

/** @throws PortError where a path leads nowhere */
function onPath<T>(operation: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    throw refusal(operation, ...ASTRAY[error.why]);
  }
}

function requireSize(operation: string, { length }: Uint8Array): void {
  if (length > FILE_BYTES_MAX) throw refusal(operation, "resource-exhausted", `The file is larger than ${FILE_BYTES_MAX} bytes.`);
}

export class InMemorySandboxProvider implements SandboxProvider {
  readonly backend: string;
  readonly isolation = "memory";
  readonly capabilities: SandboxCapabilities = { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false };
  readonly faults = new FaultScript(SANDBOX_FAULTS);
  readonly #options: InMemorySandboxOptions;
  readonly #entries = new Map<SandboxId, Entry>();
  readonly #work = new Map<string, Work>();
  /** The newest epoch of a session that was let go, and when. */
  readonly #letGo = new Map<string, { readonly epoch: number; readonly atMs: number }>();

  constructor(options: InMemorySandboxOptions) {
    this.#options = options;
    this.backend = options.backend ?? "memory";
  }

  async create(spec: SandboxSpec): Promise<SandboxDescription> {
    this.faults.strike("create", "before-send");
    const { id, sessionId, epoch, orgId, workspace } = spec;
    if (id !== `${sessionId}-${epoch}` || !ID.test(id)) throw refusal("create", "invalid-argument", "A sandbox's id is its session's id, a dash and its epoch.");
    const siblings = [...this.#entries.values()].filter((entry) => entry.spec.sessionId === sessionId);
    const same = this.#entries.get(id);
    const conflicts = siblings.some((entry) => entry.spec.orgId !== orgId);
    if (conflicts || (same && JSON.stringify(same.spec.workspace) !== JSON.stringify(workspace))) throw refusal("create", "already-exists", `The id ${id} is taken by a different sandbox.`);
    if (same) return this.#describe(same);
    if (siblings.some((entry) => entry.spec.epoch > epoch)) throw refusal("create", "failed-precondition", "The session already has a newer sandbox.");
    const letGo = this.#letGo.get(sessionId);
    if (letGo && letGo.epoch >= epoch && this.#options.now() - letGo.atMs < LET_GO_KEPT_MS) throw refusal("create", "failed-precondition", `The sandbox ${id}, or a newer one of its session, was let go already.`);
    const alive = [...this.#entries.values()].filter((entry) => entry.spec.sessionId !== sessionId && (entry.phase === "accepted" || entry.phase === "running"));
    if (alive.length >= (this.#options.sandboxesMax ?? Infinity)) throw refusal("create", "resource-exhausted", "The backend is full.", { retry: { afterMs: 5_000 } });
    const entry: Entry = { spec, createdAtMs: this.#options.now(), phase: "accepted", commands: new Set() };
    for (const older of siblings) this.#remove(older);
    this.#entries.set(id, entry);
    const answer = this.#describe(entry);
    const struck = this.#strikeAfterCreate(entry);
    if (struck === "sandbox:create:start-failed") {
      this.#end(entry, "failed");
      entry.failure = { code: "start-failed", message: "The sandbox could not be started." };
      return answer;
    }
    if (struck !== "sandbox:create:slow-success") this.#run(entry, struck !== "sandbox:create:never-linked");
    return answer;
  }

  /** Lets sandboxes that are slow to start go on. */
  release(): void {
    for (const entry of this.#entries.values()) if (entry.phase === "accepted") this.#run(entry, true);
  }

  /** The sandbox's runtime ends by itself. */
  kill(id: SandboxId): void {
    const entry = this.#require("describe", id);
    this.#end(entry, "failed");
    entry.failure = { code: "runtime-exited", message: "The sandbox's runtime ended." };
  }

  async describe(id: SandboxId): Promise<SandboxDescription> {
    this.faults.strike("describe", "before-send");
    return this.#describe(this.#require("describe", id));
  }

  async list(filter: { readonly orgId?: string; readonly sessionId?: string }): Promise<readonly SandboxDescription[]> {
    this.faults.strike("list", "before-send");
    return [...this.#entries.values()]
      .filter(({ spec }) => (filter.orgId ?? spec.orgId) === spec.orgId && (filter.sessionId ?? spec.sessionId) === spec.sessionId)
      .map((entry) => this.#describe(entry));
  }

  async exec(id: SandboxId, request: ExecRequest): Promise<ExecResult> {
    this.faults.strike("exec", "before-send");
    const entry = this.#requireRunning("exec", id);
    const { tree } = this.#workOf(entry);
    const cwd = onPath("exec", () => tree.enter(request.cwd ?? ""));
    this.faults.strike("exec", "mid-stream");
    const { ended, exitCode, stdout, stderr, paused } = runInShell({ command: request.command, cwd, timeoutMs: request.timeoutMs, tree });
    if (ended === "timed-out") throw refusal("exec", "deadline-exceeded", "The command took too long and was ended.", { outcome: "applied" });
    if (ended === "goes-on") await this.#untilEnded(entry);
    // Others have their turn meanwhile.
    if (paused) await new Promise((resolve) => setTimeout(resolve, 0));
    const kept = (output: Uint8Array): string => new TextDecoder().decode(output.subarray(0, request.outputBytesMax));
    return { exitCode, stdout: kept(stdout), stderr: kept(stderr), truncated: Math.max(stdout.length, stderr.length) > request.outputBytesMax };
  }

  async readFile(id: SandboxId, path: string): Promise<Uint8Array | null> {
    this.faults.strike("readFile", "before-send");
    const { tree } = this.#workOf(this.#require("readFile", id));
    const bytes = onPath("readFile", () => tree.read(path));
    if (bytes) requireSize("readFile", bytes);
    return bytes ? bytes.slice() : null;
  }

  async writeFile(id: SandboxId, path: string, bytes: Uint8Array): Promise<void> {
    this.faults.strike("writeFile", "before-send");
    const { tree } = this.#workOf(this.#require("writeFile", id));
    requireSize("writeFile", bytes);
    onPath("writeFile", () => tree.write(path, bytes));
    this.faults.strike("writeFile", "after-apply");
  }

  async applyWork(id: SandboxId, { branch }: { readonly branch: string; readonly message: string }): Promise<AppliedWork> {
    this.faults.strike("applyWork", "before-send");
    const { tree, base, folder } = this.#workOf(this.#require("applyWork", id));
    if (!folder) throw refusal("applyWork", "failed-precondition", "This session did not start from a folder.");
    if (!FakeFolder.accepts(branch)) throw refusal("applyWork", "invalid-argument", `${JSON.stringify(branch)} is not a valid branch name.`);
    const files = tree.files();
    const filesChanged = FakeFolder.difference(base, files);
    if (filesChanged === 0) throw refusal("applyWork", "failed-precondition", "There are no changes to write.");
    const commit = folder.write(branch, files, base);
    if (commit === null) throw refusal("applyWork", "failed-precondition", `The branch ${branch} cannot be written.`, { fix: "Choose another branch name." });
    return { branch, commit, filesChanged };
  }

  async describePolicy(id: SandboxId): Promise<PolicyReport> {
    this.faults.strike("describePolicy", "before-send");
    this.#requireRunning("describePolicy", id);
    const declared: SandboxDeclaration = { ...IN_MEMORY, isolation: this.isolation };
    return { declared, measured: { namespaces: [], network: { own: false }, writable: ["/workspace"], readOnly: [], capabilities: [], noNewPrivileges: true }, by: "the fake" };
  }

  async stop(id: SandboxId): Promise<void> {
    this.faults.strike("stop", "before-send");
    const entry = this.#entries.get(id);
    if (!entry) {
      this.#noteLetGo(id);
      throw unknown("stop", id);
    }
    if (entry.phase !== "failed") this.#end(entry, "stopped");
    this.faults.strike("stop", "after-apply");
  }

  async destroy(id: SandboxId): Promise<void> {
    this.faults.strike("destroy", "before-send");
    const entry = this.#entries.get(id);
    if (entry) {
      this.#remove(entry);
      const { sessionId } = entry.spec;
      if (![...this.#entries.values()].some((other) => other.spec.sessionId === sessionId)) this.#work.delete(sessionId);
    }
    this.#noteLetGo(id);
    this.faults.strike("destroy", "after-apply");
  }

  /** A lost answer still leaves a started sandbox behind. */
  #strikeAfterCreate(entry: Entry): string | undefined {
    try {
      return this.faults.strike("create", "after-apply")?.id;
    } catch (error) {
      this.#run(entry, true);
      throw error;
    }
  }

  #run(entry: Entry, attach: boolean): void {
    const { workspace, sessionId } = entry.spec;
    const folder = workspace.kind === "folder" ? this.#options.folders?.get(workspace.path) : null;
    if (folder === undefined) {
      entry.phase = "failed";
      entry.failure = { code: "sandbox-not-found", message: "There is no such folder.", fix: "Choose a folder that exists, by its absolute path." };
      return;
    }
    if (workspace.kind === "folder" && workspace.ref !== undefined && !folder?.branches.has(workspace.ref)) {
      entry.phase = "failed";
      entry.failure = { code: "sandbox-failed-precondition", message: `The repository has no commit ${workspace.ref}.`, fix: "Choose a branch, tag or commit that exists there." };
      return;
    }
    if (!this.#work.has(sessionId)) this.#work.set(sessionId, { tree: new FakeTree(folder?.head), base: new Map(folder?.head), folder });
    entry.phase = "running";
    if (attach) entry.onEnd = this.#options.onStart?.(entry.spec) ?? undefined;
  }

  #end(entry: Entry, phase: "stopped" | "failed"): void {
    entry.phase = phase;
    for (const cancel of entry.commands) cancel();
    entry.onEnd?.();
    entry.onEnd = undefined;
  }

  #remove(entry: Entry): void {
    this.#end(entry, "stopped");
    this.#entries.delete(entry.spec.id);
  }

  #noteLetGo(id: SandboxId): void {
    const [, sessionId, epoch] = ID.exec(id) ?? [];
    if (sessionId === undefined) return;
    this.#letGo.set(sessionId, { epoch: Math.max(Number(epoch), this.#letGo.get(sessionId)?.epoch ?? 0), atMs: this.#options.now() });
  }

  /** A command that waits goes on until its sandbox ends. */
  #untilEnded(entry: Entry): Promise<never> {
    return new Promise((_, reject) => {
      entry.commands.add(() => reject(refusal("exec", "canceled", "The sandbox ended while the command ran.", { outcome: "unknown" })));
    });
  }

  #describe({ spec, createdAtMs, phase, failure }: Entry): SandboxDescription {
    const { id, orgId, sessionId, epoch } = spec;
    return { id, orgId, sessionId, epoch, backend: this.backend, isolation: this.isolation, phase, createdAtMs, ...(failure ? { failure } : {}) };
  }

  #require(operation: string, id: SandboxId): Entry {
    const entry = this.#entries.get(id);
    if (!entry) throw unknown(operation, id);
    return entry;
  }

  #requireRunning(operation: string, id: SandboxId): Entry {
    const entry = this.#require(operation, id);
    if (entry.phase === "running") return entry;
    throw refusal(operation, "failed-precondition", `The sandbox is not running: it is ${entry.phase}.`, entry.phase === "accepted" ? { retry: { afterMs: 250 } } : {});
  }

  #workOf(entry: Entry): Work {
    return this.#work.get(entry.spec.sessionId) ?? { tree: new FakeTree(), base: new Map(), folder: null };
  }
}
