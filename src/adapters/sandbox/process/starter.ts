/**
 * The life of one process sandbox: prepare its folders, start its runtime, notice its end, end it. Keeps the labels true:
 * a label that says `running` is checked against the machine each time it is read.
 */
import { closeSync, existsSync, openSync, readSync, fstatSync } from "node:fs";
import { isAlive, until } from "@berth/sandbox-runtime/processes/process-table";
import type { SandboxSpec } from "../../../ports/sandbox/sandbox.port.ts";
import { classify } from "./errors.ts";
import type { Git } from "./git.ts";
import type { LabelStore, SandboxLabel } from "./label.ts";
import { commandLine, sandboxMarker, visibleFolders, visiblePath, type LaunchSettings } from "./launch.ts";
import { endRuntime, linkPath, removeLink, startRuntime, writeLink } from "./runtime-process.ts";
import { makeFolders, prepareWorkspace, type GitIdentity } from "./workspace.ts";

export interface StarterDeps {
  readonly labels: LabelStore;
  readonly settings: LaunchSettings;
  readonly runtimeCommand: readonly string[];
  readonly opencodePath: string;
  readonly gitIdentity: () => Promise<GitIdentity | null>;
  readonly gitInside: (spec: SandboxLabel["spec"], signal: AbortSignal) => Git;
  /** The sandbox ended; whatever else runs in its name must end too. */
  readonly onEnd: (id: string) => void;
}

const NOBODY: GitIdentity = { name: "Berth", email: "berth@localhost" };
const LOG_TAIL_BYTES = 2_048;
const LOG_LINE_MAX = 300;

export class Starter {
  readonly #deps: StarterDeps;
  readonly #starting = new Map<string, { readonly canceled: AbortController; readonly done: Promise<void> }>();

  constructor(deps: StarterDeps) {
    this.#deps = deps;
  }

  /** Goes on in the background; the label tells how it went. */
  start(label: SandboxLabel, link: SandboxSpec["link"]): void {
    const { id } = label.spec;
    const canceled = new AbortController();
    const done = this.#prepareAndRun(label, link, canceled.signal)
      .catch((raw: unknown) => {
        if (canceled.signal.aborted) return;
        const error = classify("create", raw);
        this.#fail(this.#deps.labels.read(id) ?? label, `sandbox-${error.code}`, error.message, error.fix);
      })
      .finally(() => this.#starting.delete(id));
    this.#starting.set(id, { canceled, done });
  }

  /** Over once the runtime took its link file, or the start failed; at the latest after `timeoutMs`. */
  async settled({ spec }: SandboxLabel, timeoutMs: number): Promise<void> {
    const link = linkPath(this.#deps.labels.foldersOf(spec.sessionId).runtime);
    const alive = (): boolean => {
      const label = this.#deps.labels.read(spec.id);
      return label?.phase === "running" && isAlive(label.leader);
    };
    await until(() => !this.#starting.has(spec.id) && (!alive() || !existsSync(link)), timeoutMs);
  }

  /** The label as it is now. */
  refresh(label: SandboxLabel): SandboxLabel {
    const { id } = label.spec;
    if (label.phase === "accepted" && !this.#starting.has(id)) {
      return this.#fail(label, "start-interrupted", "The sandbox host was restarted while it made this sandbox.");
    }
    if (label.phase === "running" && !isAlive(label.leader)) return this.#died(label, "");
    return label;
  }

  /** Ends it and says so in its label. @returns false when a process survived */
  async end(label: SandboxLabel): Promise<boolean> {
    const { id } = label.spec;
    const starting = this.#starting.get(id);
    starting?.canceled.abort();
    await starting?.done;
    const current = this.#deps.labels.read(id) ?? label;
    const { leader, init, failure, ...rest } = current;
    // Its label loses the processes once they are gone, so there is nothing left to look for.
    if (current.phase === "stopped" && !leader && !init) return true;
    // First the word, then the deed: an end that was asked for is not a failure.
    this.#deps.labels.write({ ...current, phase: current.phase === "failed" ? "failed" : "stopped" });
    const ended = await endRuntime({ ...(leader ? { leader } : {}), ...(init ? { init } : {}) }, sandboxMarker(id));
    removeLink(this.#deps.labels.foldersOf(label.spec.sessionId).runtime);
    if (ended) this.#deps.labels.write({ ...rest, phase: failure ? "failed" : "stopped", ...(failure ? { failure } : {}) });
    return ended;
  }

  async #prepareAndRun(label: SandboxLabel, link: SandboxSpec["link"], signal: AbortSignal): Promise<void> {
    const { labels, settings, runtimeCommand, opencodePath, gitIdentity, gitInside } = this.#deps;
    const { spec } = label;
    const folders = labels.foldersOf(spec.sessionId);
    await this.#takeOver(label);
    makeFolders(folders);
    if (!labels.readWorkspace(spec.sessionId) || !existsSync(folders.work)) {
      const identity = (await gitIdentity()) ?? NOBODY;
      labels.writeWorkspace(spec.sessionId, await prepareWorkspace({ spec, folders, dataDir: settings.dataDir, identity, gitInside: gitInside(spec, signal), signal }));
    }
    signal.throwIfAborted();
    const seen = visibleFolders(settings.isolation, folders);
    const { epoch, sessionId, orgId } = spec;
    writeLink(folders.runtime, { ...link, epoch, sessionId, orgId, workFolder: seen.work, home: seen.home, opencodePath: visiblePath(settings, opencodePath) });
    const readsInit = settings.isolation === "bubblewrap";
    const started = await startRuntime({
      line: commandLine(settings, { sandboxId: spec.id, folders, command: [...runtimeCommand, linkPath(seen.runtime)], cwd: "", ...(readsInit ? { infoFd: 3 } : {}) }),
      logPath: labels.logOf(spec.id),
      readsInit,
      onLeader: (leader) => labels.write({ ...label, leader }),
      onExit: (exitCode, signalName) => this.#exited(spec.id, signalName ?? `exit code ${exitCode}`),
    });
    const running: SandboxLabel = { ...label, phase: "running", ...started };
    if (isAlive(started.leader)) labels.write(running);
    else this.#died(running, "");
  }

  /** A newer epoch takes the session's files over: what came before must have ended, and is no sandbox any more. */
  async #takeOver({ spec }: SandboxLabel): Promise<void> {
    for (const older of this.#deps.labels.ofSession(spec.sessionId)) {
      if (older.spec.epoch >= spec.epoch) continue;
      this.#deps.onEnd(older.spec.id);
      if (!(await this.end(older))) throw new Error(`a process of ${older.spec.id} survived`);
      this.#deps.labels.remove(older.spec.id);
    }
  }

  #exited(id: string, how: string): void {
    this.#deps.onEnd(id);
    const label = this.#deps.labels.read(id);
    if (label?.phase === "running" && !isAlive(label.leader)) this.#died(label, ` (${how})`);
  }

  #died(label: SandboxLabel, how: string): SandboxLabel {
    const { id } = label.spec;
    const said = lastLine(this.#deps.labels.logOf(id));
    const failed = this.#fail(label, "runtime-exited", `The sandbox's runtime ended${how}${said === "" ? "." : `: ${said}`}`);
    removeLink(this.#deps.labels.foldersOf(label.spec.sessionId).runtime);
    // What it left behind; `stop`, `destroy` or the next epoch ends whatever this does not.
    endRuntime({ ...(label.leader ? { leader: label.leader } : {}), ...(label.init ? { init: label.init } : {}) }, sandboxMarker(id), 0).catch(() => undefined);
    return failed;
  }

  #fail(label: SandboxLabel, code: string, message: string, fix?: string): SandboxLabel {
    const failed: SandboxLabel = { ...label, phase: "failed", failure: { code, message, ...(fix === undefined ? {} : { fix }) } };
    this.#deps.labels.write(failed);
    return failed;
  }
}

/** Of the runtime's own log; a token that slipped into it is taken out. */
function lastLine(path: string): string {
  if (!existsSync(path)) return "";
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, LOG_TAIL_BYTES));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    const line = buffer.toString("utf8").trimEnd().split("\n").at(-1) ?? "";
    return line.replace(/berth_sbx_\S+/g, "[token]").slice(0, LOG_LINE_MAX);
  } finally {
    closeSync(fd);
  }
}
