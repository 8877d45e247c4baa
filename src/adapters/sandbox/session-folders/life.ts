/**
 * The life of one sandbox: prepare its folders, start its runtime, notice its end, end it. Keeps the labels true: a label
 * that says `running` is checked against the backend each time it is read.
 */
import { existsSync } from "node:fs";
import { until } from "@berth/sandbox-runtime/processes/process-table";
import type { SandboxId, SandboxSpec } from "../../../ports/sandbox/sandbox.port.ts";
import type { FolderBackend, LaunchRequest } from "./backend.ts";
import { classify } from "./errors.ts";
import type { Git } from "./git.ts";
import { released, type Held, type LabelStore, type SandboxLabel, type WorkspaceRecord } from "./label.ts";
import type { Taken } from "./warm-pool.ts";
import { makeFolders, prepareWorkspace, type GitIdentity } from "./workspace.ts";

export interface LifeDeps {
  readonly labels: LabelStore;
  readonly backend: FolderBackend;
  /** Berth's own data folder, which is nobody's workspace. */
  readonly dataDir: string;
  readonly gitIdentity: () => Promise<GitIdentity | null>;
  readonly gitInside: (spec: SandboxLabel["spec"], signal: AbortSignal) => Git;
  /** One that waits, if there is any. */
  readonly takeWaiting: () => Promise<Taken | null>;
  /** The sandbox ended; whatever else runs in its name must end too. */
  readonly onEnd: (id: string) => void;
}

const NOBODY: GitIdentity = { name: "Berth", email: "berth@localhost" };

export class SandboxLife {
  readonly #deps: LifeDeps;
  readonly #starting = new Map<SandboxId, { readonly canceled: AbortController; readonly done: Promise<void> }>();

  constructor(deps: LifeDeps) {
    this.#deps = deps;
  }

  get isStarting(): boolean {
    return this.#starting.size > 0;
  }

  /** Whether it is being prepared, or claims one that waits. */
  starts(id: SandboxId): boolean {
    return this.#starting.has(id);
  }

  /** Whether it can be one that waits, if there is any: the session has no files yet, and asks for nothing else. */
  mayClaim(spec: SandboxLabel["spec"]): boolean {
    const { labels, backend } = this.#deps;
    return backend.fitsWaiting?.(spec) !== false && !Object.values(labels.foldersOf(spec.sessionId)).some((folder) => existsSync(folder));
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

  /** Over once the runtime took its token, or the start failed; at the latest after `timeoutMs`. */
  async settled({ spec }: SandboxLabel, timeoutMs: number): Promise<void> {
    const { labels, backend } = this.#deps;
    const isOver = (label: SandboxLabel | null): boolean => label?.phase !== "running" || backend.hasTaken(label);
    await until(() => !this.#starting.has(spec.id) && isOver(labels.read(spec.id)), timeoutMs);
  }

  /** The labels as they are now. */
  async refresh(labels: readonly SandboxLabel[]): Promise<readonly SandboxLabel[]> {
    const running = labels.filter(({ phase }) => phase === "running");
    const alive = running.length === 0 ? new Set() : await this.#deps.backend.alive(running);
    const fresh: SandboxLabel[] = [];
    for (const label of labels) {
      const { id } = label.spec;
      if (label.phase === "accepted" && !this.#starting.has(id)) fresh.push(this.#interrupted(label));
      else if (label.phase === "running" && !alive.has(id)) fresh.push(await this.#died(label, ""));
      else fresh.push(label);
    }
    return fresh;
  }

  /** Ends it and says so in its label. @returns false when something survived */
  async end(label: SandboxLabel): Promise<boolean> {
    const { labels, backend } = this.#deps;
    const { id } = label.spec;
    const starting = this.#starting.get(id);
    starting?.canceled.abort();
    await starting?.done;
    const current = labels.read(id) ?? label;
    const phase = current.phase === "failed" ? "failed" : "stopped";
    // Its label loses what it was found by once that is gone, so there is nothing left to look for.
    if (current.phase === "stopped" && JSON.stringify(current) === JSON.stringify(released(current))) return true;
    // First the word, then the deed: an end that was asked for is not a failure.
    labels.write({ ...current, phase });
    const ended = await backend.end(current);
    if (ended) labels.write({ ...released(current), phase });
    return ended;
  }

  async #prepareAndRun(label: SandboxLabel, link: SandboxSpec["link"], signal: AbortSignal): Promise<void> {
    const { labels, backend } = this.#deps;
    const { spec } = label;
    const folders = labels.foldersOf(spec.sessionId);
    await this.#takeOver(label);
    const request: LaunchRequest = {
      label,
      folders,
      link,
      signal,
      prepare: (kept) => this.#prepare(spec, signal, kept),
      hold: (known) => labels.write({ ...label, ...known }),
      // Whoever asks next looks again.
      onExit: (how) => void this.#exited(spec.id, how).catch(() => undefined),
    };
    const held = (await this.#claim(request)) ?? (await this.#launch(request));
    const running: SandboxLabel = { ...label, phase: "running", ...held };
    if ((await backend.alive([running])).has(spec.id)) labels.write(running);
    else await this.#died(running, "");
  }

  async #launch(request: LaunchRequest): Promise<Held> {
    const { backend } = this.#deps;
    if (backend.files === undefined) makeFolders(request.folders, backend.owner);
    return backend.launch(request);
  }

  /** Null when it has to be made: none waits, the session has files already, or the one that waited failed. */
  async #claim(request: LaunchRequest): Promise<Held | null> {
    const { labels, takeWaiting } = this.#deps;
    const { label, signal } = request;
    const { spec } = label;
    if (!this.mayClaim(spec)) return null;
    const taken = await takeWaiting();
    if (taken === null) return null;
    try {
      labels.adopt(taken.name, spec);
      if (spec.workspace.kind === "empty") labels.writeWorkspace(spec.sessionId, taken.workspace);
      return await taken.runtime.claim(request);
    } catch {
      await taken.runtime.end();
      signal.throwIfAborted();
      // Its own fault is met again by the one that is made, and nothing of it is left in the way.
      labels.removeFolders(spec.sessionId);
      labels.write(label);
      return null;
    }
  }

  /** The work folder of one that waits, before anybody's is in it. @param spec of no session */
  async prepareWaiting(spec: SandboxLabel["spec"]): Promise<WorkspaceRecord> {
    return this.#makeWorkspace(spec, new AbortController().signal);
  }

  async #prepare(spec: SandboxLabel["spec"], signal: AbortSignal, kept = existsSync(this.#deps.labels.foldersOf(spec.sessionId).work)): Promise<void> {
    const { labels } = this.#deps;
    if (!labels.readWorkspace(spec.sessionId) || !kept) labels.writeWorkspace(spec.sessionId, await this.#makeWorkspace(spec, signal));
    signal.throwIfAborted();
  }

  async #makeWorkspace(spec: SandboxLabel["spec"], signal: AbortSignal): Promise<WorkspaceRecord> {
    const { labels, backend, dataDir, gitIdentity, gitInside } = this.#deps;
    const identity = (await gitIdentity()) ?? NOBODY;
    const owner = backend.owner === undefined ? {} : { owner: backend.owner };
    const request = { spec, folders: labels.foldersOf(spec.sessionId), dataDir, identity, ...owner, gitInside: gitInside(spec, signal), signal };
    return backend.makeWorkspace?.(request) ?? prepareWorkspace(request);
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

  async #exited(id: SandboxId, how: string): Promise<void> {
    const { labels, backend, onEnd } = this.#deps;
    onEnd(id);
    const label = labels.read(id);
    if (label?.phase === "running" && !(await backend.alive([label])).has(id)) await this.#died(label, ` (${how})`);
  }

  #interrupted(label: SandboxLabel): SandboxLabel {
    // Its start may have come to its end since the label was read.
    const now = this.#deps.labels.read(label.spec.id);
    if (now?.phase !== "accepted") return now ?? label;
    const failed = this.#fail(label, "start-interrupted", "The sandbox host was restarted while it made this sandbox.");
    this.#clear(label);
    return failed;
  }

  async #died(label: SandboxLabel, how: string): Promise<SandboxLabel> {
    const said = await this.#deps.backend.lastWords(label);
    // Somebody else may have noticed it, or asked for it, while the words were read. One that was removed stays so.
    const now = this.#deps.labels.read(label.spec.id);
    if (now?.phase !== "running" && now?.phase !== "accepted") return now ?? label;
    const failed = this.#fail(label, "runtime-exited", `The sandbox's runtime ended${how}${said === "" ? "." : `: ${said}`}`);
    this.#clear(label);
    return failed;
  }

  /** What it left behind; `stop`, `destroy` or the next epoch ends whatever this does not. */
  #clear(label: SandboxLabel): void {
    this.#deps.backend.end(label, 0).catch(() => undefined);
  }

  #fail(label: SandboxLabel, code: string, message: string, fix?: string): SandboxLabel {
    const failed: SandboxLabel = { ...label, phase: "failed", failure: { code, message, ...(fix === undefined ? {} : { fix }) } };
    this.#deps.labels.write(failed);
    return failed;
  }
}
