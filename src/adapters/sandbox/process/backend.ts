/** Runtimes that are processes of this machine, kept apart by bubblewrap, seatbelt or nothing. */
import { randomUUID } from "node:crypto";
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { childrenOf, isAlive } from "@berth/sandbox-runtime/processes/process-table";
import type { PolicyReport, SandboxCapabilities, SandboxId, SandboxSpec } from "../../../ports/sandbox/sandbox.port.ts";
import type { CommandRequest, FolderBackend, LaunchRequest } from "../session-folders/backend.ts";
import { refusal } from "../session-folders/errors.ts";
import { commandMarker, sandboxMarker } from "../session-folders/folders.ts";
import type { Held, LabelStore, SandboxLabel } from "../session-folders/label.ts";
import { lastLineOf } from "../session-folders/last-line.ts";
import { run, type RunOptions, type RunResult } from "../session-folders/run.ts";
import { commandLine, visibleFolders, visiblePath, type LaunchSettings, type ProcessIsolation } from "./launch.ts";
import { describeProcessPolicy } from "./policy.ts";
import { endRuntime, linkPath, removeLink, startRuntime, writeLink } from "./runtime-process.ts";

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

  async end({ spec, leader, init }: SandboxLabel, graceMs?: number): Promise<boolean> {
    removeLink(this.#deps.labels.foldersOf(spec.sessionId).runtime);
    return endRuntime({ ...(leader ? { leader } : {}), ...(init ? { init } : {}) }, sandboxMarker(this.#deps.settings.instance, spec.id), graceMs);
  }

  run(spec: SandboxLabel["spec"], { command, cwd }: CommandRequest, options: Omit<RunOptions, "marker" | "inputPath">): Promise<RunResult> {
    const id = randomUUID();
    const line = commandLine(this.#deps.settings, { sandboxId: spec.id, folders: this.#deps.labels.foldersOf(spec.sessionId), command, cwd, foreground: { id } });
    return run(line, { ...options, marker: commandMarker(id) });
  }

  async describePolicy({ leader, init }: SandboxLabel): Promise<PolicyReport> {
    const pid = init ? childrenOf(init.pid)[0] : leader?.pid;
    if (pid === undefined) throw refusal("describePolicy", "The sandbox is ending.", { code: "failed-precondition" });
    return describeProcessPolicy(this.#deps.settings, pid);
  }
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
