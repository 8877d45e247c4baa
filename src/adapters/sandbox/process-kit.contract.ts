/** The process sandbox as tests run it: real processes, a stand-in runtime, folders of its own, nothing left behind. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, vi } from "vitest";
import type { ContractFolder } from "../../ports/sandbox/sandbox-kit.contract.ts";
import type { SandboxId } from "../../ports/sandbox/sandbox.port.ts";
import { makeGitFolder } from "./git-folder.contract.ts";
import { createProcessSandboxProvider, type ProcessSandboxOptions } from "./process.ts";
import type { SandboxLabel } from "./session-folders/label.ts";
import type { FolderSandboxProvider } from "./session-folders/provider.ts";

export const SANDBOXES_MAX = 3;
const NODE = realpathSync(process.execPath);
const RUNTIME = fileURLToPath(new URL("../../../packages/sandbox-host/test/stand-in-runtime.mjs", import.meta.url));

/** Command lines of this machine that name the path. */
function processesNaming(path: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
        return line.includes(path) || environment.includes(path) ? [`${pid} ${line}`] : [];
      } catch {
        return [];
      }
    });
}

export class ProcessKit {
  readonly readOnlyPaths: readonly string[] = [NODE, RUNTIME];
  #root = "";
  #providers: FolderSandboxProvider[] = [];
  #gate: Promise<void> | null = null;
  #open: () => void = () => undefined;

  /** Folder that all of one test is in; made when first asked for. */
  get root(): string {
    if (this.#root === "") this.#root = realpathSync(mkdtempSync(join(tmpdir(), "berth-sandbox-")));
    return this.#root;
  }

  get dataDir(): string {
    return join(this.root, "berth-data");
  }

  open(part: Partial<ProcessSandboxOptions> = {}): FolderSandboxProvider {
    const provider = createProcessSandboxProvider({
      dataDir: this.dataDir,
      runtimeCommand: [NODE, RUNTIME],
      opencodePath: RUNTIME,
      readOnlyPaths: this.readOnlyPaths,
      isolation: "bubblewrap",
      trustAgent: false,
      sandboxesMax: SANDBOXES_MAX,
      answerWithinMs: 50,
      now: () => Date.now(),
      gitIdentity: async () => {
        await this.#gate;
        return { name: "Ada Example", email: "ada@example.com" };
      },
      ...part,
    });
    this.#providers.push(provider);
    return provider;
  }

  /** With one that waits for its session already. */
  async openWarm(part: Partial<ProcessSandboxOptions> = {}, max = 1): Promise<FolderSandboxProvider> {
    const provider = this.open({ warm: { max, quietMs: 0, freeBytes: () => Infinity }, ...part });
    await provider.warm?.open();
    await this.someWait(provider);
    return provider;
  }

  async someWait({ warm }: FolderSandboxProvider, ready = 1): Promise<void> {
    await vi.waitFor(() => expect(warm?.count().ready).toBe(ready), { timeout: 30_000, interval: 20 });
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
    return JSON.parse(readFileSync(join(this.dataDir, "sandboxes", session, `${id}.json`), "utf8")) as SandboxLabel;
  }

  /** The runtime's whole sandbox dies at once. */
  kill(id: SandboxId): void {
    const { init, leader } = this.label(id);
    process.kill((init ?? leader)?.pid ?? 0, "SIGKILL");
  }

  makeFolder(): ContractFolder {
    return makeGitFolder(this.root);
  }

  /** Ends everything and proves that nothing stayed. */
  async dispose(): Promise<void> {
    this.releaseStarts();
    this.#gate = null;
    for (const { warm } of this.#providers) await warm?.close();
    for (const provider of this.#providers) for (const { id } of await provider.list({})) await provider.destroy(id);
    this.#providers = [];
    if (this.#root === "") return;
    const root = this.#root;
    // The system takes a moment to clear a killed process namespace.
    await vi.waitFor(() => expect(processesNaming(root)).toEqual([]), { timeout: 5_000 });
    rmSync(root, { recursive: true, force: true });
    this.#root = "";
  }
}
