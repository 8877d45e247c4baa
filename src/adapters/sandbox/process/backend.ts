/** Runtimes that are processes of this machine, kept apart by bubblewrap, seatbelt or nothing. */
import { randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { waitArguments } from "@berth/sandbox-runtime/link-file";
import { childrenOf, isAlive } from "@berth/sandbox-runtime/processes/process-table";
import type { PolicyReport, SandboxCapabilities, SandboxId, SandboxSpec } from "../../../ports/sandbox/sandbox.port.ts";
import type { CommandRequest, FolderBackend, LaunchRequest, WaitingBackend, WaitingRuntime, WaitRequest } from "../session-folders/backend.ts";
import { refusal } from "../session-folders/errors.ts";
import { commandMarker, sandboxMarker } from "../session-folders/folders.ts";
import type { Held, LabelStore, SandboxLabel } from "../session-folders/label.ts";
import { lastLineOf } from "../session-folders/last-line.ts";
import { run, type RunOptions, type RunResult } from "../session-folders/run.ts";
import { stampOf } from "../session-folders/stamp.ts";
import { tell } from "../session-folders/tell.ts";
import { commandLine, visibleFolders, visiblePath, type LaunchSettings, type ProcessIsolation } from "./launch.ts";
import { describeProcessPolicy } from "./policy.ts";
import { endRuntime, linkPath, removeLink, startRuntime, writeLink, type StartedRuntime } from "./runtime-process.ts";

export interface ProcessBackendDeps {
  readonly settings: LaunchSettings;
  readonly labels: LabelStore;
  readonly runtimeCommand: readonly string[];
  readonly opencodePath: string;
  readonly trustAgent: boolean;
}

const LOG_TAIL_BYTES = 2_048;

export class ProcessBackend implements FolderBackend {
  readonly name = "process";
  readonly isolation: ProcessIsolation;
  readonly capabilities: SandboxCapabilities = { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false };
  readonly #deps: ProcessBackendDeps;

  constructor(deps: ProcessBackendDeps) {
    this.isolation = deps.settings.isolation;
    this.#deps = deps;
  }

  admit({ demoOnly }: Pick<SandboxSpec, "demoOnly">): void {
    if (this.isolation !== "none" || demoOnly || this.#deps.trustAgent) return;
    throw refusal("create", "This machine has no isolation for sandboxes, so only the demo model may run here.", {
      code: "failed-precondition",
      fix: "Install bubblewrap (`apt-get install bubblewrap`), or start Berth with `--trust-agent` to let the agent act as you.",
    });
  }

  /** Elsewhere the paths of its folders would be in what already runs. */
  get waiting(): WaitingBackend | undefined {
    if (this.isolation !== "bubblewrap") return undefined;
    return { fingerprint: async () => this.#fingerprint(), start: (request) => this.#startWaiting(request), clear: async (id) => void (await this.#endAll(id, {}, 0)) };
  }

  async launch({ label, folders, link, prepare, hold, onExit }: LaunchRequest): Promise<Held> {
    const { settings, labels, runtimeCommand, opencodePath } = this.#deps;
    const { id, epoch, sessionId, orgId } = label.spec;
    await prepare();
    const seen = visibleFolders(settings.isolation, folders);
    writeLink(folders.runtime, { ...link, epoch, sessionId, orgId, workFolder: seen.work, home: seen.home, opencodePath: visiblePath(settings, opencodePath) });
    const readsInit = settings.isolation === "bubblewrap";
    return startRuntime({
      line: commandLine(settings, { sandboxId: id, folders, command: [...runtimeCommand, linkPath(seen.runtime)], cwd: "", ...(readsInit ? { infoFd: 3 } : {}) }),
      logPath: labels.logOf(id),
      readsInit,
      onLeader: (leader) => hold({ leader }),
      onExit: (exitCode, signalName) => onExit(signalName ?? `exit code ${exitCode}`),
    });
  }

  hasTaken({ spec, leader }: SandboxLabel): boolean {
    return !isAlive(leader) || !existsSync(linkPath(this.#deps.labels.foldersOf(spec.sessionId).runtime));
  }

  alive(labels: readonly SandboxLabel[]): Promise<ReadonlySet<SandboxId>> {
    return Promise.resolve(new Set(labels.filter(({ leader }) => isAlive(leader)).map(({ spec }) => spec.id)));
  }

  lastWords({ spec }: SandboxLabel): Promise<string> {
    return Promise.resolve(lastLine(this.#deps.labels.logOf(spec.id)));
  }

  async end({ spec, leader, init, startedAs = spec.id }: SandboxLabel, graceMs?: number): Promise<boolean> {
    removeLink(this.#deps.labels.foldersOf(spec.sessionId).runtime);
    return this.#endAll(startedAs, { ...(leader ? { leader } : {}), ...(init ? { init } : {}) }, graceMs);
  }

  run(spec: SandboxLabel["spec"], { command, cwd }: CommandRequest, options: Omit<RunOptions, "marker" | "inputPath">): Promise<RunResult> {
    const id = randomUUID();
    const line = commandLine(this.#deps.settings, { sandboxId: spec.id, folders: this.#deps.labels.foldersOf(spec.sessionId), command, cwd, foreground: { id } });
    return run(line, { ...options, marker: commandMarker(id) });
  }

  #fingerprint(): string {
    const { runtimeCommand, opencodePath } = this.#deps;
    return [...runtimeCommand, opencodePath].map((path) => stampOf(path)).join(" ");
  }

  async #startWaiting({ id, folders, prepare, onExit }: WaitRequest): Promise<WaitingRuntime> {
    const { settings, labels, runtimeCommand, opencodePath } = this.#deps;
    await prepare();
    const seen = visibleFolders(settings.isolation, folders);
    const told = { workFolder: seen.work, home: seen.home, opencodePath: visiblePath(settings, opencodePath) };
    const whenOver: ClaimedOrNot = { onExit };
    let input: Writable | null = null;
    const started = await startRuntime({
      line: commandLine(settings, { sandboxId: id, folders, command: [...runtimeCommand, ...waitArguments(told)], cwd: "", infoFd: 3 }),
      logPath: labels.logOf(id),
      readsInit: true,
      onInput: (opened) => (input = opened),
      onLeader: () => undefined,
      onExit: (exitCode, signalName) => whenOver.onExit(signalName ?? `exit code ${exitCode}`),
    });
    return {
      claim: async ({ label, link, prepare: prepareHere, hold, onExit: died }) => {
        const { epoch, sessionId, orgId } = label.spec;
        const held: Held = { ...started, startedAs: id };
        whenOver.onExit = died;
        hold(held);
        await prepareHere();
        if (input === null) throw new Error("it has no input");
        await tell(input, { ...link, epoch, sessionId, orgId, ...told });
        return held;
      },
      end: async () => void (await this.#endAll(id, started, 0)),
    };
  }

  #endAll(startedAs: SandboxId, runtime: Partial<StartedRuntime>, graceMs?: number): Promise<boolean> {
    return endRuntime(runtime, sandboxMarker(this.#deps.settings.instance, startedAs), graceMs);
  }

  async describePolicy({ leader, init }: SandboxLabel): Promise<PolicyReport> {
    const pid = init ? childrenOf(init.pid)[0] : leader?.pid;
    if (pid === undefined) throw refusal("describePolicy", "The sandbox is ending.", { code: "failed-precondition" });
    return describeProcessPolicy(this.#deps.settings, pid);
  }
}

interface ClaimedOrNot {
  onExit: (how: string) => void;
}

/** Of the runtime's own log. */
function lastLine(path: string): string {
  if (!existsSync(path)) return "";
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, LOG_TAIL_BYTES));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return lastLineOf(buffer.toString("utf8"));
  } finally {
    closeSync(fd);
  }
}
