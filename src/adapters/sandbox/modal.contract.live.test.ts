/**
 * The contract against Modal itself, where MODAL_TOKEN_ID and MODAL_TOKEN_SECRET are set; see docs/runbooks/modal.md. It makes
 * sandboxes, which cost money, in an app of its own, and ends them.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { IMAGE_NODE, IMAGE_NPM } from "@berth/sandbox-runtime/image-name";
import { ModalClient } from "modal";
import { afterAll, beforeAll, describe } from "vitest";
import { buildInside } from "../../../packages/sandbox-runtime/build.mjs";
import { describeSandboxContract } from "../../ports/sandbox/sandbox.contract.ts";
import type { SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import { openModalSandboxes } from "./modal.ts";
import { BASE, stepsAtModal } from "./modal/image.ts";

const { MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret } = process.env;
const APP = "berth-contract";
const SANDBOXES_MAX = 3;
/** Of nobody: the contract's runtime dials nothing. */
const LINK = "wss://berth.example.com/v1/sandbox/link";

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

describe.runIf(tokenId !== undefined && tokenSecret !== undefined)("Modal", () => {
  let root = "";
  let inside: Promise<string> | null = null;
  const { version } = createRequire(import.meta.url)("opencode-ai/package.json") as { readonly version: string };
  const commands = stepsAtModal(readFileSync(at("packages/sandbox-runtime/Dockerfile"), "utf8"), { node: IMAGE_NODE, npm: IMAGE_NPM, opencode: version });
  let provider: SandboxProvider | null = null;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "berth-modal-live-"));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const open = async (): Promise<SandboxProvider> => {
    const opened = await openModalSandboxes({
      dataDir: join(root, "data"),
      tokenId: tokenId ?? "",
      tokenSecret: tokenSecret ?? "",
      appName: APP,
      log: () => undefined,
      settings: { isolation: "gvisor", cpus: 1, memoryMiB: 1_024, lifeMs: 1_800_000, regions: [], allowlist: [], environment: {} },
      image: { tag: BASE, commands },
      runtimePath: at("packages/sandbox-host/test/stand-in-runtime.mjs"),
      insidePath: await (inside ??= buildInside({ outfile: join(root, "inside.cjs") })),
      sandboxesMax: SANDBOXES_MAX,
      now: () => Date.now(),
    });
    if (opened.problem !== null) throw opened.problem as Error;
    provider = opened.provider;
    return dialing(opened.provider);
  };

  describeSandboxContract({
    name: "modal, live",
    isolation: "gvisor",
    capabilities: { keepsWorkFolder: true, appliesToFolder: false, snapshots: false, expose: false, claim: false },
    sandboxesMax: SANDBOXES_MAX,
    // The image is built first, once.
    patienceMs: 600_000,
    create: open,
    reopen: open,
    kill: async (_, id) => {
      await (await new ModalClient().sandboxes.fromName(APP, id)).terminate();
    },
    dispose: async () => {
      for (const { id } of (await provider?.list({})) ?? []) await provider?.destroy(id);
      provider = null;
      rmSync(join(root, "data"), { recursive: true, force: true });
    },
  }, 100);
});

/** The contract's own address is one of this machine. */
function dialing(provider: SandboxProvider): SandboxProvider {
  return new Proxy(provider, {
    get: (target, name) => {
      if (name === "create") return (spec: Parameters<SandboxProvider["create"]>[0]) => target.create({ ...spec, link: { ...spec.link, url: LINK } });
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
