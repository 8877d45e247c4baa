/** Sandboxes of Modal as tests run them: the real SDK over its own wire to a stand-in, whose sandboxes and commands really run. */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { buildInside } from "../../../packages/sandbox-runtime/build.mjs";
import { readAllowlist } from "../../core/egress/allowlist.ts";
import type { SandboxId, SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import { openModalSandboxes, type ModalSandboxOptions } from "./modal.ts";
import { ModalStandIn, TOKEN_ID, TOKEN_SECRET } from "./modal/stand-in/stand-in.testkit.ts";
import type { SandboxLabel } from "./session-folders/label.ts";

export const SANDBOXES_MAX = 3;
const RUNTIME = fileURLToPath(new URL("../../../packages/sandbox-host/test/stand-in-runtime.mjs", import.meta.url));

export class ModalKit {
  #root = "";
  #modal: ModalStandIn | null = null;
  #providers: SandboxProvider[] = [];
  #gate: Promise<void> | null = null;
  #open: () => void = () => undefined;

  /** Folder that all of one test is in; made when first asked for. */
  get root(): string {
    if (this.#root === "") this.#root = realpathSync(mkdtempSync(join(tmpdir(), "berth-modal-")));
    return this.#root;
  }

  get dataDir(): string {
    return join(this.root, "berth-data");
  }

  /** Made when first asked for; the SDK finds it by the variable alone. */
  async modal(): Promise<ModalStandIn> {
    if (this.#modal) return this.#modal;
    const modal = new ModalStandIn({ root: join(this.root, "modal") });
    this.#modal = modal;
    await modal.open();
    process.env["MODAL_SERVER_URL"] = modal.url;
    return modal;
  }

  async open(part: Partial<ModalSandboxOptions> = {}): Promise<SandboxProvider> {
    await this.modal();
    const { provider, problem } = await openModalSandboxes({
      dataDir: this.dataDir,
      tokenId: TOKEN_ID,
      tokenSecret: TOKEN_SECRET,
      appName: "berth-contract",
      log: () => undefined,
      settings: { isolation: "gvisor", cpus: 1, memoryMiB: 512, lifeMs: 3_600_000, regions: [], allowlist: readAllowlist("pypi.org"), environment: {} },
      image: { tag: "debian:bookworm-slim", commands: [] },
      runtimePath: RUNTIME,
      insidePath: await buildInside({ outfile: join(this.root, "inside.cjs") }),
      sandboxesMax: SANDBOXES_MAX,
      answerWithinMs: 50,
      now: () => Date.now(),
      gitIdentity: async () => {
        await this.#gate;
        return { name: "Ada Example", email: "ada@example.com" };
      },
      ...part,
    });
    expect(problem).toBeNull();
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
    return JSON.parse(readFileSync(join(this.dataDir, "modal", session, `${id}.json`), "utf8")) as SandboxLabel;
  }

  async kill(id: SandboxId): Promise<void> {
    await (await this.modal()).state.find(this.label(id).elsewhere ?? "").machine.kill();
  }

  /** Ends everything and proves that nothing stayed, and that Modal was asked for nothing that nobody knows. */
  async dispose(): Promise<void> {
    this.releaseStarts();
    this.#gate = null;
    for (const provider of this.#providers) for (const { id } of await provider.list({})) await provider.destroy(id);
    this.#providers = [];
    const modal = this.#modal;
    this.#modal = null;
    if (modal) {
      const left = modal.state.running().map(({ name, tags }) => [name, tags]);
      await modal.close();
      delete process.env["MODAL_SERVER_URL"];
      expect([left, modal.problems]).toEqual([[], []]);
    }
    if (this.#root !== "") rmSync(this.#root, { recursive: true, force: true });
    this.#root = "";
  }
}
