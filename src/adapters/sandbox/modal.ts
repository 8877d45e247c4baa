/** Sandboxes at Modal: an isolated machine of its own for each, by Modal's API, whose runtimes dial Berth's public address. */
import { readFileSync } from "node:fs";
import type { SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import { Account, type AccountOptions } from "./modal/account.ts";
import { ModalBackend, type ModalSettings } from "./modal/backend.ts";
import { withDeadline } from "./modal/deadline.ts";
import { requireOutbound } from "./modal/egress.ts";
import { Hand } from "./modal/hand.ts";
import { KeptFiles } from "./modal/kept.ts";
import { instanceOf } from "./session-folders/instance.ts";
import { LabelStore } from "./session-folders/label.ts";
import { FolderSandboxProvider, sessionsRoot, type FolderSandboxOptions } from "./session-folders/provider.ts";
import { IMAGE } from "./docker/container.ts";

export interface ModalSandboxOptions extends FolderSandboxOptions, AccountOptions {
  readonly settings: Omit<ModalSettings, "instance" | "node" | "opencode">;
  readonly image: {
    /** Of a registry. */
    readonly tag: string;
    /** Name of a secret at Modal that lets it in. */
    readonly secret?: string;
    /** Built on it, as in a Dockerfile. */
    readonly commands: readonly string[];
  };
  /** Of one host among those that share an app at Modal; absent: by the data folder. */
  readonly instance?: string;
  /** On this machine: the runtime's bundle, and the program that is run inside for each command. */
  readonly runtimePath: string;
  readonly insidePath: string;
}

/** Whoever starts the host waits for it. */
const RECOVER_MS = 10_000;
/** A program is given as an argument, and Modal takes 64 KiB of them. */
const PROGRAM_BYTES_MAX = 60_000;

/** Finds again what ran before, and ends what nobody knows. It is there also while Modal is not: see `problem`. @throws Error when the settings cannot be kept */
export async function openModalSandboxes(options: ModalSandboxOptions): Promise<{ readonly provider: SandboxProvider; readonly problem: unknown }> {
  requireOutbound(options.settings.allowlist);
  const account = new Account(options);
  if (!account.isSecondVersion) throw new Error("MODAL_SANDBOX_V2: Berth needs sandboxes of Modal's second version. Unset it, and sandbox_v2 in ~/.modal.toml.");
  const program = readFileSync(options.insidePath, "utf8");
  if (Buffer.byteLength(program) > PROGRAM_BYTES_MAX) throw new Error(`${options.insidePath} has more than ${PROGRAM_BYTES_MAX} bytes, which Modal takes as no argument`);
  const labels = new LabelStore(sessionsRoot(options.dataDir, "modal"));
  const settings = { ...options.settings, instance: options.instance ?? instanceOf(options.dataDir), node: IMAGE.node, opencode: IMAGE.opencode };
  const { tag, ...built } = options.image;
  let image: ReturnType<Account["image"]> | null = null;
  const backend = new ModalBackend({
    account,
    hand: new Hand(account, IMAGE.node, program),
    settings,
    labels,
    kept: new KeptFiles(labels),
    // One that could not be made is tried again with the next sandbox.
    image: () => (image ??= account.image(tag, built).catch((error: unknown) => {
      image = null;
      throw error;
    })),
    runtime: () => readFileSync(options.runtimePath),
  });
  const problem = await withDeadline("list", RECOVER_MS, backend.recover()).then(() => null, (error: unknown) => error);
  return { provider: new FolderSandboxProvider(options, backend, sessionsRoot(options.dataDir, "modal")), problem };
}
