/**
 * The docker sandbox as tests run it: a real engine, the real image, a stand-in runtime, folders of its own, no container
 * left behind. The way to the engine leads through a socket of the kit's, which can cut an answer off.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SANDBOX_IMAGE } from "@berth/sandbox-runtime/image-name";
import Docker from "dockerode";
import { expect } from "vitest";
import type { ContractFolder } from "../../ports/sandbox/sandbox-kit.contract.ts";
import type { SandboxId, SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import { readAllowlist } from "../../core/egress/allowlist.ts";
import { openDockerSandboxes, type DockerSandboxOptions } from "./docker.ts";
import { LABELS } from "./docker/container.ts";
import { makeGitFolder } from "./git-folder.contract.ts";
import type { SandboxLabel } from "./session-folders/label.ts";

export const SANDBOXES_MAX = 3;
export const ENGINE = "/var/run/docker.sock";
const RUNTIME = fileURLToPath(new URL("../../../packages/sandbox-host/test/stand-in-runtime.mjs", import.meta.url));
/** Small, so that many fit, and enough for a stand-in. */
const LIMITS = { memoryBytes: 512 * 1024 ** 2, cpus: 1, pids: 128 };
const STARTS_COMMAND = /^POST \/exec\/\w+\/start /;

export class DockerKit {
  readonly engine = new Docker({ socketPath: ENGINE });
  #root = "";
  #providers: SandboxProvider[] = [];
  #wire: Server | null = null;
  readonly #clients = new Set<Socket>();
  #cutsNext = false;
  #commandBegan: () => void = () => undefined;
  #gate: Promise<void> | null = null;
  #open: () => void = () => undefined;

  /** Folder that all of one test is in; made when first asked for. */
  get root(): string {
    if (this.#root === "") this.#root = realpathSync(mkdtempSync(join(tmpdir(), "berth-docker-")));
    return this.#root;
  }

  get dataDir(): string {
    return join(this.root, "berth-data");
  }

  async open(part: Partial<DockerSandboxOptions> = {}): Promise<SandboxProvider> {
    const { provider, engineProblem } = await openDockerSandboxes({
      dataDir: this.dataDir,
      socketPath: await this.#wirePath(),
      image: SANDBOX_IMAGE,
      limits: LIMITS,
      egress: { allowlist: readAllowlist("pypi.org"), log: () => undefined },
      runtimePath: RUNTIME,
      sandboxesMax: SANDBOXES_MAX,
      answerWithinMs: 50,
      now: () => Date.now(),
      gitIdentity: async () => {
        await this.#gate;
        return { name: "Ada Example", email: "ada@example.com" };
      },
      ...part,
    });
    expect(engineProblem).toBeNull();
    this.#providers.push(provider);
    return provider;
  }

  holdStarts(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  releaseStarts(): void {
    this.#open();
  }

  label(id: SandboxId): SandboxLabel {
    const [session = ""] = id.split("-");
    return JSON.parse(readFileSync(join(this.dataDir, "containers", session, `${id}.json`), "utf8")) as SandboxLabel;
  }

  container(id: SandboxId): Docker.Container {
    return this.engine.getContainer(this.label(id).container ?? "");
  }

  async kill(id: SandboxId): Promise<void> {
    await this.container(id).kill();
  }

  /** The engine's next answer to a command breaks off before it says anything of it. */
  cutNextExec(): void {
    this.#cutsNext = true;
  }

  /** Resolves when the engine has begun the next command. */
  commandBegins(): Promise<void> {
    return new Promise((resolve) => {
      this.#commandBegan = resolve;
    });
  }

  makeFolder(): ContractFolder {
    return makeGitFolder(this.root);
  }

  /** Containers of this test that are there, whatever state they are in. */
  async containers(): Promise<readonly Docker.ContainerInfo[]> {
    const all = await this.engine.listContainers({ all: true, filters: { label: [LABELS.instance] } });
    return all.filter(({ Mounts }) => Mounts.some(({ Source }) => Source.startsWith(this.root)));
  }

  /** Ends everything and proves that nothing stayed. */
  async dispose(): Promise<void> {
    this.releaseStarts();
    this.#gate = null;
    this.#cutsNext = false;
    for (const provider of this.#providers) for (const { id } of await provider.list({})) await provider.destroy(id);
    this.#providers = [];
    if (this.#root === "") return;
    expect((await this.containers()).map(({ Names }) => Names)).toEqual([]);
    const wire = this.#wire;
    this.#wire = null;
    // Connections that nobody uses are kept open for the next call.
    for (const client of this.#clients) client.destroy();
    if (wire) await new Promise((resolve) => wire.close(resolve));
    rmSync(this.#root, { recursive: true, force: true });
    this.#root = "";
  }

  async #wirePath(): Promise<string> {
    const path = join(this.root, "engine.sock");
    if (this.#wire) return path;
    const wire = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
    await new Promise<void>((resolve) => wire.listen(path, resolve));
    this.#wire = wire;
    return path;
  }

  #join(client: Socket): void {
    const engine = connect({ path: ENGINE, allowHalfOpen: true });
    this.#clients.add(client);
    client.once("close", () => this.#clients.delete(client));
    client.on("data", (chunk) => {
      if (!STARTS_COMMAND.test(chunk.toString("latin1"))) return;
      const cuts = this.#cutsNext;
      this.#cutsNext = false;
      engine.once("data", () => (cuts ? client.destroy() : this.#commandBegan()));
    });
    for (const [from, to] of [[client, engine], [engine, client]] as const) {
      from.on("error", () => to.destroy());
      from.once("close", () => to.destroy());
      from.pipe(to);
    }
  }
}
