/**
 * Runtimes in containers of an engine on this machine. A container sees its session's folders and one socket, by which the
 * host answers for the control plane; it has no network. Its name says which sandbox a container is, its labels whose host's.
 */
import { mkdirSync } from "node:fs";
import type { Duplex } from "node:stream";
import { join } from "node:path";
import { waitArguments } from "@berth/sandbox-runtime/link-file";
import { entryText } from "../../../core/egress/allowlist.ts";
import type { PolicyReport, SandboxCapabilities, SandboxId } from "../../../ports/sandbox/sandbox.port.ts";
import type { CommandRequest, FolderBackend, LaunchRequest, WaitingBackend, WaitingRuntime, WaitRequest } from "../session-folders/backend.ts";
import { refusal } from "../session-folders/errors.ts";
import { INSIDE, type Owner } from "../session-folders/folders.ts";
import { sessionOf, type Held, type LabelStore, type SandboxLabel } from "../session-folders/label.ts";
import { lastLineOf } from "../session-folders/last-line.ts";
import type { RunOptions, RunResult } from "../session-folders/run.ts";
import { stampOf } from "../session-folders/stamp.ts";
import { tell } from "../session-folders/tell.ts";
import { Turns } from "../session-folders/turns.ts";
import { containerLimits, containerName, containerOptions, GATE, IMAGE, LABELS, type ContainerSettings } from "./container.ts";
import type { Engine, ListedContainer } from "./engine.ts";
import { Egress, type EgressOptions } from "./egress.ts";
import { classifyEngine, isNotRunning, withBuildTold } from "./errors.ts";
import { runInContainer } from "./exec.ts";
import type { ImageBuild } from "./image-build.ts";
import { describeContainerPolicy } from "./policy.ts";
import { Relay } from "./relay.ts";

export interface DockerBackendDeps {
  readonly engine: Engine;
  readonly settings: ContainerSettings;
  readonly labels: LabelStore;
  /** Hosts beyond the control plane. */
  readonly egress: EgressOptions;
  /** What a build of the image that runs, or failed, says of itself. */
  readonly imageBuild: () => ImageBuild | null;
}

type CommandOptions = Omit<RunOptions, "marker" | "inputPath">;

const GRACE_MS = 5_000;
const ASIDE = "-aside-";
const TOLD_ALWAYS = { workFolder: INSIDE.work, home: INSIDE.home, opencodePath: IMAGE.opencode } as const;
/** As long as any command may take. */
const HELPER_LIFE_S = "900";

export class DockerBackend implements FolderBackend {
  readonly name = "docker";
  readonly isolation: "container" | "gvisor";
  readonly capabilities: SandboxCapabilities = { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false };
  readonly owner: Owner;
  readonly #deps: DockerBackendDeps;
  readonly #relays = new Map<SandboxId, Relay>();
  /** Two that end the same one would each find what the other has not removed yet. */
  readonly #ends = new Turns();

  constructor(deps: DockerBackendDeps) {
    this.#deps = deps;
    this.owner = deps.settings.owner;
    this.isolation = deps.settings.runtime?.startsWith("runsc") ? "gvisor" : "container";
  }

  /** After a restart: what runs is answered again, and what nobody knows any more is ended. */
  async recover(): Promise<void> {
    const { engine, labels } = this.#deps;
    const known = new Map(labels.all().filter(({ phase }) => phase === "running").map((label) => [label.spec.id, label]));
    for (const [id, { controlPlane }] of known) if (controlPlane !== undefined) await this.#openRelay(id, controlPlane);
    const names = new Set([...known.keys()].map((id) => this.#nameOf(id)));
    const strangers = (await this.#containers()).filter(({ name }) => !names.has(name));
    for (const { id } of strangers) await engine.end(id, 0);
  }

  /** Every sandbox is one of its own. */
  admit(): void {}

  async launch({ label, link, prepare, hold, signal }: LaunchRequest): Promise<Held> {
    const { id } = label.spec;
    const held: Held = { container: this.#nameOf(id), controlPlane: new URL(link.url).origin };
    hold(held);
    let input: Duplex | null = null;
    try {
      const gate = await this.#openRelay(id, link.url);
      input = await this.#start(label.spec, gate, ["-"]);
      await prepare();
      await tell(input, this.#toldOf(label.spec, link));
      return held;
    } catch (error) {
      input?.destroy();
      // Whoever looks whether it is there tells what the runtime said.
      if (!signal.aborted && (await this.#hasExited(id))) return held;
      await this.end(label, 0).catch(() => undefined);
      throw withBuildTold(classifyEngine("create", error), this.#deps.imageBuild);
    }
  }

  readonly waiting: WaitingBackend = {
    fingerprint: async () => {
      const { engine, settings } = this.#deps;
      const image = await engine.imageId(settings.image);
      if (image === null) throw refusal("create", "There is no image to make sandboxes of.", { code: "failed-precondition" });
      return [image, settings.runtimePath === undefined ? "" : stampOf(settings.runtimePath)].join(" ");
    },
    start: (request) => this.#startWaiting(request),
    // They were strangers when the host began, and ended as such.
    clear: async () => undefined,
  };

  /** What it may use up was said to the engine when it began. */
  fitsWaiting({ resources }: SandboxLabel["spec"]): boolean {
    const { settings } = this.#deps;
    return JSON.stringify(containerLimits(settings, resources)) === JSON.stringify(containerLimits(settings));
  }

  /** It is handed over while it starts. */
  hasTaken(): boolean {
    return true;
  }

  async alive(labels: readonly SandboxLabel[]): Promise<ReadonlySet<SandboxId>> {
    const [only] = labels;
    const found = labels.length === 1 && only ? await this.#containersOf(only.spec.id) : await this.#containers();
    const running = new Set(found.filter(({ isRunning }) => isRunning).map(({ name }) => name));
    return new Set(labels.map(({ spec }) => spec.id).filter((id) => running.has(this.#nameOf(id))));
  }

  async lastWords({ spec }: SandboxLabel): Promise<string> {
    return lastLineOf(await this.#deps.engine.lastLog(this.#nameOf(spec.id)));
  }

  async #startWaiting({ id, prepare, onExit }: WaitRequest): Promise<WaitingRuntime> {
    const { engine, labels } = this.#deps;
    const spec = { id, sessionId: sessionOf(id) ?? "", orgId: "", epoch: 1 };
    const gate = gateOf(labels, id);
    mkdirSync(gate, { recursive: true, mode: 0o755 });
    const end = (): Promise<void> => engine.end(this.#nameOf(id), 0);
    try {
      const input = await this.#start(spec, gate, waitArguments(TOLD_ALWAYS));
      input.once("close", onExit);
      await prepare();
      return {
        claim: async ({ label, link, prepare: prepareHere, hold }) => {
          input.off("close", onExit);
          const held: Held = { container: this.#nameOf(label.spec.id), controlPlane: new URL(link.url).origin };
          hold(held);
          await engine.rename(this.#nameOf(id), this.#nameOf(label.spec.id));
          await this.#openRelay(label.spec.id, link.url);
          await prepareHere();
          await tell(input, this.#toldOf(label.spec, link));
          return held;
        },
        end,
      };
    } catch (error) {
      await end().catch(() => undefined);
      throw error;
    }
  }

  #toldOf({ epoch, sessionId, orgId }: SandboxLabel["spec"], link: LaunchRequest["link"]): object {
    return { ...link, epoch, sessionId, orgId, ...TOLD_ALWAYS, gate: { socket: GATE.socket, port: GATE.port } };
  }

  end({ spec }: SandboxLabel, graceMs = GRACE_MS): Promise<boolean> {
    return this.#ends.take(spec.id, async () => {
      for (const { id } of await this.#containersOf(spec.id)) await this.#deps.engine.end(id, graceMs);
      await this.#closeRelay(spec.id);
      return (await this.#containersOf(spec.id)).length === 0;
    });
  }

  async run(spec: SandboxLabel["spec"], request: CommandRequest, options: CommandOptions): Promise<RunResult> {
    const { engine } = this.#deps;
    try {
      return await runInContainer(engine, { container: this.#nameOf(spec.id), ...request }, options);
    } catch (error) {
      if (!isNotRunning(error)) throw classifyEngine("exec", error);
      if (request.isAside !== true) throw refusal("exec", "The sandbox is not running.", { code: "failed-precondition", cause: error });
    }
    return this.#runAside(spec, request, options);
  }

  async describePolicy({ spec }: SandboxLabel): Promise<PolicyReport> {
    const { engine, settings } = this.#deps;
    const facts = await engine.inspect(this.#nameOf(spec.id));
    if (facts === null) throw refusal("describePolicy", "The sandbox is ending.", { code: "failed-precondition" });
    const allowed = { declared: this.#deps.egress.allowlist.map(entryText), measured: this.#relays.get(spec.id)?.allowed ?? [] };
    return describeContainerPolicy({ ...settings, isolation: this.isolation, allowed }, facts);
  }

  /** @returns its input */
  async #start(spec: Pick<SandboxLabel["spec"], "id" | "sessionId" | "orgId" | "epoch" | "resources">, gate: string, args: readonly string[]): Promise<Duplex> {
    const { engine, settings, labels } = this.#deps;
    const name = this.#nameOf(spec.id);
    const folders = labels.foldersOf(spec.sessionId);
    const command = [IMAGE.node, IMAGE.runtime, ...args];
    await engine.create(name, containerOptions(settings, { ...spec, sandboxId: spec.id, folders, gate, command }));
    const input = await engine.attachInput(name);
    // What breaks off shows in the container itself.
    input.on("error", () => undefined);
    await engine.start(name);
    return input;
  }

  /** In a container of its own, which has the session's folders and nothing else. */
  async #runAside(spec: SandboxLabel["spec"], request: CommandRequest, options: CommandOptions): Promise<RunResult> {
    const { engine, settings, labels } = this.#deps;
    const name = `${this.#nameOf(spec.id)}${ASIDE}${process.hrtime.bigint().toString(36)}`;
    const folders = labels.foldersOf(spec.sessionId);
    try {
      await engine.create(name, containerOptions(settings, { ...spec, sandboxId: spec.id, folders, command: ["sleep", HELPER_LIFE_S] }));
      await engine.start(name);
      return await runInContainer(engine, { container: name, ...request }, options);
    } catch (error) {
      throw classifyEngine("exec", error);
    } finally {
      await engine.end(name, 0).catch(() => undefined);
    }
  }

  async #hasExited(id: SandboxId): Promise<boolean> {
    const facts = await this.#deps.engine.inspect(this.#nameOf(id)).catch(() => null);
    return facts?.State.Status === "exited";
  }

  #nameOf(id: SandboxId): string {
    return containerName(this.#deps.settings.instance, id);
  }

  #containers(): Promise<readonly ListedContainer[]> {
    return this.#deps.engine.list({ [LABELS.instance]: this.#deps.settings.instance });
  }

  /** One that waited for its session has the name of its sandbox and no label of it; what runs aside has both. */
  async #containersOf(id: SandboxId): Promise<readonly ListedContainer[]> {
    const [own, aside] = [this.#nameOf(id), `${this.#nameOf(id)}${ASIDE}`];
    return (await this.#containers()).filter(({ name }) => name === own || name.startsWith(aside));
  }

  /** @returns the folder that the container is to see */
  async #openRelay(id: SandboxId, controlPlane: string): Promise<string> {
    await this.#closeRelay(id);
    const folder = gateOf(this.#deps.labels, id);
    const relay = new Relay(folder, controlPlane, new Egress(this.#deps.egress, id));
    await relay.open();
    this.#relays.set(id, relay);
    return folder;
  }

  async #closeRelay(id: SandboxId): Promise<void> {
    const relay = this.#relays.get(id);
    this.#relays.delete(id);
    await relay?.close();
  }
}

/** The folder that leads out, as its container sees it. */
function gateOf(labels: LabelStore, id: SandboxId): string {
  return join(labels.folderOfSandbox(id), "gate");
}
