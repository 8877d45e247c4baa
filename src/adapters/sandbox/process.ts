/**
 * Sandboxes that are processes of this machine: a child in its own work folder, kept apart by bubblewrap or seatbelt. Its
 * labels are files, its processes outlive a restart of the host, and its folders outlive the sandbox until it is destroyed.
 */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { PortError } from "../../core/kernel/port-error.ts";
import type {
  AppliedWork,
  ExecRequest,
  ExecResult,
  PolicyFact,
  SandboxCapabilities,
  SandboxDescription,
  SandboxId,
  SandboxProvider,
  SandboxSpec,
} from "../../ports/sandbox/sandbox.port.ts";
import { childrenOf } from "@berth/sandbox-runtime/processes/process-table";
import { applyWork } from "./process/apply-work.ts";
import { componentsOf, readContained, writeContained } from "./process/contained-files.ts";
import { classify, refusal } from "./process/errors.ts";
import { GIT_TIMEOUT_MS, NO_HOOKS, toGitResult, type Git } from "./process/git.ts";
import { LabelStore, sessionOf, type SandboxLabel } from "./process/label.ts";
import { LetGo } from "./process/let-go.ts";
import { commandLine, commandMarker, type LaunchSettings, type ProcessIsolation } from "./process/launch.ts";
import { describeProcessPolicy } from "./process/policy.ts";
import { linkPath } from "./process/runtime-process.ts";
import { run, type RunOptions, type RunResult } from "./process/run.ts";
import { Starter } from "./process/starter.ts";
import type { GitIdentity } from "./process/workspace.ts";

export interface ProcessSandboxOptions {
  /** Berth's own data folder; sandboxes live in `sandboxes/` below it. */
  readonly dataDir: string;
  /** For example `[node, runtime.mjs]`, by absolute paths that lie in `readOnlyPaths`; the link file's path is added. */
  readonly runtimeCommand: readonly string[];
  /** The agent's program, told to the runtime. */
  readonly opencodePath: string;
  /** Absolute, links resolved. */
  readonly readOnlyPaths: readonly string[];
  readonly isolation: ProcessIsolation;
  /** The user accepts an agent without isolation. */
  readonly trustAgent: boolean;
  readonly gitIdentity?: () => Promise<GitIdentity | null>;
  /** Variables of every sandbox; nothing secret. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Sandboxes alive at once. */
  readonly sandboxesMax?: number;
  /** How long `create` may wait for a start to fail or to be well on its way, so that most answers say which. */
  readonly answerWithinMs?: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

const SANDBOXES_MAX = 16;
/** Well below what a caller waits for an answer. */
const ANSWER_WITHIN_MS = 1_500;
const EXEC_TIMEOUT_MAX_MS = 600_000;
const EXEC_OUTPUT_BYTES_MAX = 1024 * 1024;
const GIT_OUTPUT_BYTES_MAX = 1024 * 1024;

export function createProcessSandboxProvider(options: ProcessSandboxOptions): SandboxProvider {
  return new ProcessSandboxProvider(options);
}

class ProcessSandboxProvider implements SandboxProvider {
  readonly backend = "process";
  readonly isolation: ProcessIsolation;
  readonly capabilities: SandboxCapabilities = { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false };
  readonly #options: ProcessSandboxOptions;
  readonly #settings: LaunchSettings;
  readonly #labels: LabelStore;
  readonly #letGo: LetGo;
  readonly #starter: Starter;
  /** Foreground commands by sandbox, so that they end with it. */
  readonly #commands = new Map<SandboxId, Set<AbortController>>();
  /** Changes of one session happen one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: ProcessSandboxOptions) {
    const dataDir = resolve(options.dataDir);
    this.#options = options;
    this.isolation = options.isolation;
    const programs = [...options.runtimeCommand.slice(0, 1), options.opencodePath];
    this.#settings = { isolation: options.isolation, readOnlyPaths: options.readOnlyPaths, programs, environment: options.environment ?? {}, dataDir };
    this.#labels = new LabelStore(dataDir);
    this.#letGo = new LetGo(dataDir);
    this.#starter = new Starter({
      labels: this.#labels,
      settings: this.#settings,
      runtimeCommand: options.runtimeCommand,
      opencodePath: options.opencodePath,
      gitIdentity: options.gitIdentity ?? (() => Promise.resolve(null)),
      gitInside: (spec, signal) => this.#gitInside(spec, signal),
      onEnd: (id) => this.#cancelCommands(id),
    });
  }

  async create(spec: SandboxSpec): Promise<SandboxDescription> {
    const { orgId, sessionId, epoch, workspace, demoOnly, id, link } = spec;
    if (id !== `${sessionId}-${epoch}` || sessionOf(id) !== sessionId) {
      throw refusal("create", "A sandbox's id is its session's id, a dash and its epoch.", { code: "invalid-argument" });
    }
    const made = await this.#inTurn("create", sessionId, () => {
      const siblings = this.#labels.ofSession(sessionId).map((label) => this.#starter.refresh(label));
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
      this.#requireIsolation(demoOnly);
      this.#requireRoom(sessionId);
      const label: SandboxLabel = { spec: { id, orgId, sessionId, epoch, workspace, demoOnly }, createdAtMs: this.#options.now(), phase: "accepted" };
      this.#labels.write(label);
      this.#starter.start(label, link);
      return label;
    });
    await this.#starter.settled(made, this.#options.answerWithinMs ?? ANSWER_WITHIN_MS);
    return this.#describe(this.#starter.refresh(this.#labels.read(id) ?? made));
  }

  async describe(id: SandboxId): Promise<SandboxDescription> {
    return this.#guard("describe", () => this.#describe(this.#require("describe", id)));
  }

  async list(filter: { readonly orgId?: string; readonly sessionId?: string }): Promise<readonly SandboxDescription[]> {
    return this.#guard("list", () =>
      this.#labels
        .all()
        .filter(({ spec }) => (filter.orgId ?? spec.orgId) === spec.orgId && (filter.sessionId ?? spec.sessionId) === spec.sessionId)
        .map((label) => this.#describe(this.#starter.refresh(label))),
    );
  }

  async exec(id: SandboxId, request: ExecRequest): Promise<ExecResult> {
    const canceled = new AbortController();
    const commands = this.#commands.get(id) ?? new Set();
    this.#commands.set(id, commands.add(canceled));
    try {
      return await this.#guard("exec", async () => {
        const { spec } = this.#requireRunning("exec", id);
        const timeoutMs = Math.min(request.timeoutMs, EXEC_TIMEOUT_MAX_MS);
        const outputBytesMax = Math.min(request.outputBytesMax, EXEC_OUTPUT_BYTES_MAX);
        const cwd = componentsOf("exec", request.cwd ?? "").join("/");
        // The shell says 127 for a missing program, the same under every isolation.
        const command = ["/bin/sh", "-c", 'exec "$@"', "sh", ...request.command];
        const result = await this.#run(spec, command, cwd, { timeoutMs, outputBytesMax, signal: canceled.signal });
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
    return this.#guard("readFile", () => readContained(this.#workFolder("readFile", id), path));
  }

  async writeFile(id: SandboxId, path: string, bytes: Uint8Array): Promise<void> {
    return this.#guard("writeFile", () => writeContained(this.#workFolder("writeFile", id), path, bytes));
  }

  async applyWork(id: SandboxId, request: { readonly branch: string; readonly message: string }): Promise<AppliedWork> {
    return this.#guard("applyWork", async () => {
      const { spec } = this.#require("applyWork", id);
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

  async describePolicy(id: SandboxId): Promise<readonly PolicyFact[]> {
    return this.#guard("describePolicy", () => {
      const { init, leader, spec } = this.#requireRunning("describePolicy", id);
      const pid = init ? childrenOf(init.pid)[0] : leader?.pid;
      if (pid === undefined) throw refusal("describePolicy", "The sandbox is ending.", { code: "failed-precondition" });
      return describeProcessPolicy(this.isolation, pid, existsSync(linkPath(this.#labels.foldersOf(spec.sessionId).runtime)));
    });
  }

  async stop(id: SandboxId): Promise<void> {
    const sessionId = sessionOf(id);
    if (sessionId === null) throw unknownSandbox("stop", id);
    return this.#inTurn("stop", sessionId, async () => {
      const label = this.#labels.read(id);
      if (label) return this.#end("stop", this.#starter.refresh(label));
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
        if (this.#labels.ofSession(sessionId).length === 0) this.#labels.removeSession(sessionId);
      }
      // Last, when there is room on the disk again.
      this.#letGo.note(id, this.#options.now());
    });
  }

  async #end(operation: string, label: SandboxLabel): Promise<void> {
    this.#cancelCommands(label.spec.id);
    if (await this.#starter.end(label)) return;
    throw refusal(operation, "A process of the sandbox could not be ended.", { code: "unknown", outcome: "unknown", retry: "same-request" });
  }

  #describe({ spec, createdAtMs, phase, failure }: SandboxLabel): SandboxDescription {
    const { id, orgId, sessionId, epoch } = spec;
    return { id, orgId, sessionId, epoch, backend: this.backend, isolation: this.isolation, phase, createdAtMs, ...(failure ? { failure } : {}) };
  }

  #require(operation: string, id: SandboxId): SandboxLabel {
    const label = this.#labels.read(id);
    if (!label) throw unknownSandbox(operation, id);
    return this.#starter.refresh(label);
  }

  #requireRunning(operation: string, id: SandboxId): SandboxLabel {
    const label = this.#require(operation, id);
    if (label.phase === "running") return label;
    const retry = label.phase === "accepted" ? { afterMs: 250 } : ("never" as const);
    throw refusal(operation, `The sandbox is not running: it is ${label.phase}.`, { code: "failed-precondition", retry });
  }

  #workFolder(operation: string, id: SandboxId): string {
    return this.#labels.foldersOf(this.#require(operation, id).spec.sessionId).work;
  }

  #requireIsolation(demoOnly: boolean): void {
    if (this.isolation !== "none" || demoOnly || this.#options.trustAgent) return;
    throw refusal("create", "This machine has no isolation for sandboxes, so only the demo model may run here.", {
      code: "failed-precondition",
      fix: "Install bubblewrap (`apt-get install bubblewrap`), or start Berth with `--trust-agent` to let the agent act as you.",
    });
  }

  #requireRoom(sessionId: string): void {
    const alive = this.#labels.all().map((label) => this.#starter.refresh(label)).filter(({ spec, phase }) => spec.sessionId !== sessionId && (phase === "accepted" || phase === "running"));
    const max = this.#options.sandboxesMax ?? SANDBOXES_MAX;
    if (alive.length < max) return;
    throw refusal("create", `This machine already runs ${max} sandboxes.`, { code: "resource-exhausted", retry: { afterMs: 5_000 }, fix: "Stop a session that is not needed." });
  }

  #gitInside(spec: SandboxLabel["spec"], signal?: AbortSignal): Git {
    return async (args, options = {}) => toGitResult(await this.#runGit(spec, args, { ...options, ...(signal ? { signal } : {}) }));
  }

  async #runGit(spec: SandboxLabel["spec"], args: readonly string[], options: Partial<RunOptions>): Promise<RunResult> {
    const result = await this.#run(spec, ["git", ...NO_HOOKS, ...args], "", { timeoutMs: GIT_TIMEOUT_MS, outputBytesMax: GIT_OUTPUT_BYTES_MAX, ...options });
    if (result.ended === "canceled") throw refusal("create", "The sandbox was stopped while its work folder was made.", { code: "canceled" });
    return result;
  }

  #run(spec: SandboxLabel["spec"], command: readonly string[], cwd: string, options: Omit<RunOptions, "marker">): Promise<RunResult> {
    const id = randomUUID();
    const line = commandLine(this.#settings, { sandboxId: spec.id, folders: this.#labels.foldersOf(spec.sessionId), command, cwd, foreground: { id } });
    return run(line, { ...options, marker: commandMarker(id) });
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

  #inTurn<T>(operation: string, sessionId: string, work: () => T | Promise<T>): Promise<T> {
    const before = this.#turns.get(sessionId) ?? Promise.resolve();
    const mine = before.then(() => this.#guard(operation, work));
    const settled = mine.catch(() => undefined).then(() => {
      if (this.#turns.get(sessionId) === settled) this.#turns.delete(sessionId);
    });
    this.#turns.set(sessionId, settled);
    return mine;
  }
}

function unknownSandbox(operation: string, id: SandboxId): PortError {
  return refusal(operation, `There is no sandbox ${id}.`, { code: "not-found" });
}
