/**
 * Runtimes in sandboxes of Modal. A sandbox is named by its id and carries its label as tags, so that a host finds again
 * what it made and ends what nobody knows. The runtime and the token go in by its input.
 */
import { randomUUID } from "node:crypto";
import type { Allowlist } from "../../../core/egress/allowlist.ts";
import { isPortError } from "../../../core/kernel/port-error.ts";
import { limitsOf, type ResourceLimits } from "../../../core/sandbox/resources.ts";
import type { PolicyReport, SandboxCapabilities, SandboxId, SandboxSpec } from "../../../ports/sandbox/sandbox.port.ts";
import type { CommandRequest, FolderBackend, LaunchRequest, SessionFiles } from "../session-folders/backend.ts";
import { refusal } from "../session-folders/errors.ts";
import { commandMarker, INSIDE, sandboxEnvironment } from "../session-folders/folders.ts";
import type { Held, LabelStore, SandboxLabel, WorkspaceRecord } from "../session-folders/label.ts";
import type { RunOptions, RunResult } from "../session-folders/run.ts";
import { beginRepository, requireSource, type WorkspaceRequest } from "../session-folders/workspace.ts";
import type { Account } from "./account.ts";
import { outboundOf } from "./egress.ts";
import { ModalFiles } from "./files.ts";
import { frame } from "./frames.ts";
import type { Hand } from "./hand.ts";
import type { KeptFiles } from "./kept.ts";
import { isLoopback } from "./loopback.ts";
import { policyReport, TRIED, type ModalIsolation } from "./policy.ts";
import { TAG, tagsOf, type TagPhase } from "./tags.ts";
import type { Image } from "modal";

export interface ModalSettings {
  /** Names the host and data folder whose sandboxes these are. */
  readonly instance: string;
  readonly isolation: ModalIsolation;
  /** At most; Modal's are whole cores, each of two that others call processors. */
  readonly cpus: number;
  readonly memoryMiB: number;
  /** That an environment may ask for; absent: the same. */
  readonly most?: ResourceLimits;
  /** Longest life of a sandbox; Modal ends it then, whatever it does. */
  readonly lifeMs: number;
  /** Where they run; empty: anywhere. */
  readonly regions: readonly string[];
  readonly allowlist: Allowlist;
  /** Paths in the image. */
  readonly node: string;
  readonly opencode: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ModalBackendDeps {
  readonly account: Account;
  readonly hand: Hand;
  readonly settings: ModalSettings;
  readonly labels: LabelStore;
  readonly kept: KeptFiles;
  /** Asked when the first sandbox is made. */
  readonly image: () => Promise<Image>;
  /** The runtime's bundle, which is as new as the control plane. */
  readonly runtime: () => Uint8Array;
}

/** What is paid for while nothing is done; beyond it, what is used. */
const RESERVED = { cpus: 0.25, memoryMiB: 1_024 } as const;
const GRACE_MS = 5_000;
const END_MS = 20_000;
const BOOT_MS = 60_000;
/** A snapshot of what a session changed takes seconds; one that takes longer is restored from its checkpoint instead. */
const SNAPSHOT_MS = 15_000;
const LOOK_MS = 20_000;
/** On top of what a command may take, for what is around it. */
const AROUND_MS = 30_000;

export class ModalBackend implements FolderBackend {
  readonly name = "modal";
  readonly isolation: ModalIsolation;
  readonly capabilities: SandboxCapabilities = { keepsWorkFolder: true, appliesToFolder: false, snapshots: false, expose: false, claim: false };
  readonly files: SessionFiles;
  readonly #deps: ModalBackendDeps;

  constructor(deps: ModalBackendDeps) {
    this.#deps = deps;
    this.isolation = deps.settings.isolation;
    this.files = new ModalFiles({ ...deps, snapshotOf: (sandbox) => this.#snapshotOf(sandbox), readerTags: (label) => this.#tags(label, "reader") });
  }

  /** After a restart: what runs is known again, also without the host's own labels, and what nobody knows is ended. */
  async recover(): Promise<void> {
    const { account, settings, labels } = this.#deps;
    for (const { id: elsewhere, tags } of await account.list({ [TAG.instance]: settings.instance })) {
      const tag = Object.fromEntries(tags.map(({ tagName, tagValue }) => [tagName, tagValue]));
      const known = labels.read(tag[TAG.sandbox] ?? "");
      const isKnown = known?.phase === "running" && known.elsewhere === elsewhere;
      if (isKnown || (known === null && tag[TAG.phase] === "running" && (await this.#adopt(elsewhere, tag)))) continue;
      await account.terminate(elsewhere);
    }
  }

  /** A sandbox elsewhere reaches no address of this machine. */
  admit({ link }: Pick<SandboxSpec, "link">): void {
    const { hostname } = new URL(link.url);
    if (!isLoopback(hostname) || isLoopback(new URL(this.#deps.account.serverUrl).hostname)) return;
    throw refusal("create", `A sandbox at Modal cannot reach Berth at ${hostname}.`, { code: "failed-precondition", fix: "Start Berth with `--public-url` and the address by which the internet reaches it." });
  }

  async launch({ label, link, prepare, hold, signal }: LaunchRequest): Promise<Held> {
    const { account, hand, settings, kept, runtime } = this.#deps;
    const { id, epoch, sessionId, orgId } = label.spec;
    const before = kept.ended(sessionId);
    const restored = await this.#restored(before);
    const elsewhere = await this.#create(label, link.url, restored ?? (await this.#deps.image()));
    const held: Held = { elsewhere };
    hold(held);
    try {
      const bundle = runtime();
      const environment = this.#environment(id);
      await account.writeInput(elsewhere, Buffer.concat([frame({ environment, spec: label.spec, runtimeBytes: bundle.length }), bundle]), false);
      await hand.ask(elsewhere, "ready", {}, { operation: "create", timeoutMs: BOOT_MS, signal });
      await prepare(restored !== null);
      const said = { ...link, epoch, sessionId, orgId, workFolder: INSIDE.work, home: INSIDE.home, opencodePath: settings.opencode };
      await account.writeInput(elsewhere, Buffer.from(JSON.stringify(said)), true);
      await account.setTags(elsewhere, this.#tags(label, "running"));
      if (restored !== null) await this.#forgetFiles(sessionId, before.slice(0, -1));
      return held;
    } catch (error) {
      // Whoever looks whether it is there tells how it ended.
      if (!signal.aborted && isPortError(error) && error.code === "canceled") return held;
      await account.terminate(elsewhere).catch(() => undefined);
      await account.release(elsewhere);
      throw error;
    }
  }

  /** It is handed over while it starts. */
  hasTaken(): boolean {
    return true;
  }

  async alive(labels: readonly SandboxLabel[]): Promise<ReadonlySet<SandboxId>> {
    const { account, settings } = this.#deps;
    const [only] = labels;
    if (labels.length === 1 && only?.elsewhere !== undefined) return new Set((await account.howEnded(only.elsewhere)) === null ? [only.spec.id] : []);
    const running = new Set((await account.list({ [TAG.instance]: settings.instance })).map(({ id }) => id));
    return new Set(labels.filter(({ elsewhere }) => elsewhere !== undefined && running.has(elsewhere)).map(({ spec }) => spec.id));
  }

  async lastWords({ elsewhere }: SandboxLabel): Promise<string> {
    const words = elsewhere === undefined ? null : await this.#deps.account.howEnded(elsewhere).catch(() => null);
    return words ?? "";
  }

  async end({ spec, elsewhere }: SandboxLabel, graceMs = GRACE_MS): Promise<boolean> {
    if (elsewhere === undefined) return true;
    const { account, hand, kept } = this.#deps;
    kept.note(spec.sessionId, elsewhere);
    if ((await account.howEnded(elsewhere)) === null) {
      // A runtime that is asked saves first.
      if (graceMs > 0 && (await hand.ask(elsewhere, "quit", {}, { operation: "stop", timeoutMs: graceMs, isHost: true }).then(() => true, () => false))) await this.#ends(elsewhere, graceMs);
      await account.terminate(elsewhere);
      if (!(await this.#ends(elsewhere, END_MS))) return false;
    }
    await account.release(elsewhere);
    return true;
  }

  async run(spec: SandboxLabel["spec"], { command, cwd }: CommandRequest, options: Omit<RunOptions, "marker" | "inputPath">): Promise<RunResult> {
    const { hand, labels } = this.#deps;
    const elsewhere = labels.read(spec.id)?.elsewhere;
    if (elsewhere === undefined) throw refusal("exec", "The sandbox is not running.", { code: "failed-precondition" });
    const commandId = randomUUID();
    const { timeoutMs, outputBytesMax, input = "", signal } = options;
    const asked = { command, cwd, environment: this.#environment(spec.id, commandId), marker: commandMarker(commandId), timeoutMs, outputBytesMax };
    const { done, bytes } = await hand.ask(elsewhere, "run", asked, { operation: "exec", bytes: Buffer.from(input, "utf8"), bytesMax: 2 * outputBytesMax, timeoutMs: timeoutMs + AROUND_MS, signal });
    return { ended: done.ended, exitCode: done.exitCode, truncated: done.truncated, stdout: bytes.subarray(0, done.stdoutBytes), stderr: bytes.subarray(done.stdoutBytes) };
  }

  async describePolicy({ spec, elsewhere = "" }: SandboxLabel): Promise<PolicyReport> {
    const { account, hand, settings } = this.#deps;
    const [facts = null] = (await account.list({ [TAG.instance]: settings.instance, [TAG.sandbox]: spec.id })).filter(({ id }) => id === elsewhere);
    const { done } = await hand.ask(elsewhere, "measure", { tried: TRIED }, { operation: "describePolicy", timeoutMs: LOOK_MS });
    return policyReport(settings, done, facts);
  }

  /** Empty, or filled by the runtime: Berth's own machine has no folder that a sandbox elsewhere could begin with. */
  async makeWorkspace(request: WorkspaceRequest): Promise<WorkspaceRecord> {
    const { workspace } = request.spec;
    if (workspace.kind !== "folder") return beginRepository(request, workspace.kind);
    requireSource(workspace.path, request.dataDir);
    throw refusal("create", `The folder ${workspace.path} is on this machine, and the sandbox is not.`, { code: "failed-precondition", fix: "Choose a repository by its address, or a backend on this machine." });
  }

  async forget(sessionId: string): Promise<void> {
    await this.#forgetFiles(sessionId, this.#deps.kept.ended(sessionId));
  }

  #tags(label: Pick<SandboxLabel, "spec" | "createdAtMs">, phase: TagPhase): Readonly<Record<string, string>> {
    return tagsOf(this.#deps.settings.instance, label, phase);
  }

  #environment(sandboxId: SandboxId, commandId?: string): Record<string, string> {
    const { instance, environment } = this.#deps.settings;
    return sandboxEnvironment({ instance, sandboxId, seen: INSIDE, programFolders: ["/opt/berth/bin"], extra: { npm_config_prefix: `${INSIDE.home}/.local`, ...environment }, ...(commandId === undefined ? {} : { commandId }) });
  }

  async #create(label: SandboxLabel, controlPlane: string, image: Image): Promise<string> {
    const { account, hand, settings } = this.#deps;
    const { isolation, lifeMs, regions, allowlist } = settings;
    const usual = { memoryMb: settings.memoryMiB, cpus: settings.cpus };
    const { memoryMb: memoryMiB, cpus } = limitsOf(usual, settings.most ?? usual, label.spec.resources);
    const make = (): Promise<string> =>
      account.create(image, {
        name: label.spec.id,
        tags: this.#tags(label, "accepted"),
        command: hand.command("boot"),
        timeoutMs: lifeMs,
        cpu: Math.min(cpus, RESERVED.cpus),
        cpuLimit: cpus,
        memoryMiB: Math.min(memoryMiB, RESERVED.memoryMiB),
        memoryLimitMiB: memoryMiB,
        regions: [...regions],
        runtime: isolation,
        ...outboundOf(allowlist, controlPlane),
        experimentalOptions: { enable_exit_snapshot: true },
      });
    try {
      return await make();
    } catch (error) {
      if (!isPortError(error) || error.code !== "already-exists") throw error;
    }
    // Of a start that this host was killed in; nobody else has its tags.
    await this.#endOwn(label.spec.id);
    return make();
  }

  async #endOwn(id: SandboxId): Promise<void> {
    const { account, settings } = this.#deps;
    for (const { id: elsewhere } of await account.list({ [TAG.instance]: settings.instance, [TAG.sandbox]: id })) {
      await account.terminate(elsewhere);
      await this.#ends(elsewhere, END_MS);
    }
  }

  /** @returns false when it is another's, or does not answer */
  async #adopt(elsewhere: string, tag: Readonly<Record<string, string>>): Promise<boolean> {
    const { hand, labels } = this.#deps;
    const found = await hand.ask(elsewhere, "whose", {}, { operation: "list", timeoutMs: LOOK_MS }).catch(() => null);
    const spec = found?.done;
    if (spec === undefined || spec.id !== tag[TAG.sandbox] || spec.orgId !== tag[TAG.org] || spec.sessionId !== tag[TAG.session] || String(spec.epoch) !== tag[TAG.epoch]) return false;
    labels.write({ spec, createdAtMs: Number(tag[TAG.createdAt]), phase: "running", elsewhere });
    return true;
  }

  async #ends(elsewhere: string, ms: number): Promise<boolean> {
    const signal = AbortSignal.timeout(ms);
    return this.#deps.account.untilEnded(elsewhere, signal).then(() => !signal.aborted, () => false);
  }

  /** Null when there are no files, or Modal could not keep them in time: the session's checkpoint has them. */
  async #restored(before: readonly string[]): Promise<Image | null> {
    const last = before.at(-1);
    return last === undefined ? null : this.#snapshotOf(last).catch(() => null);
  }

  #snapshotOf(sandbox: string): Promise<Image> {
    return this.#deps.account.exitSnapshot(sandbox, SNAPSHOT_MS);
  }

  async #forgetFiles(sessionId: string, sandboxes: readonly string[]): Promise<void> {
    const { account, kept } = this.#deps;
    for (const sandbox of sandboxes) {
      const image = await account.exitSnapshot(sandbox, 0).catch(() => null);
      if (image !== null) await account.deleteImage(image.imageId);
    }
    kept.keep(sessionId, kept.ended(sessionId).filter((sandbox) => !sandboxes.includes(sandbox)));
  }
}
