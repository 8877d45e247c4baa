/** Wires the Modal backend of the sandbox host, by the host's variables. */
import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { IMAGE_NODE, IMAGE_NPM } from "@berth/sandbox-runtime/image-name";
import { z } from "zod";
import type { ModalSandboxOptions } from "../adapters/sandbox/modal.ts";
import { BASE, stepsAtModal } from "../adapters/sandbox/modal/image.ts";
import { readAllowlist } from "../core/egress/allowlist.ts";
import type { SandboxProvider } from "../ports/sandbox/sandbox.port.ts";

export const ModalVars = z.object({
  /** Of a token that `modal token new` made. */
  MODAL_TOKEN_ID: z.string().min(1).optional(),
  MODAL_TOKEN_SECRET: z.string().min(1).optional(),
  /** Of the workspace; absent: its usual one. */
  MODAL_ENVIRONMENT: z.string().min(1).optional(),
  /** The app that sandboxes belong to; made when it is not there. */
  MODAL_APP: z.string().min(1).default("berth"),
  /** Tells the sandboxes of this host from those of another in the same app; absent: by the data folder, which must be kept then. */
  MODAL_INSTANCE: z.string().regex(/^[\w.-]{1,40}$/, "takes up to 40 letters, digits, dots, dashes and underscores").optional(),
  /** A pushed image, as `npm run image` builds it; absent: Modal builds one with the same programs. */
  MODAL_IMAGE: z.string().min(1).optional(),
  /** Name of a secret at Modal with which MODAL_IMAGE is fetched. */
  MODAL_IMAGE_SECRET: z.string().min(1).optional(),
  /** Comma-separated, as us-east; absent: anywhere. */
  MODAL_REGIONS: z.string().default(""),
  MODAL_RUNTIME: z.enum(["gvisor", "vm"]).default("gvisor"),
  /** A sandbox ends after so long whatever it does; its session goes on in the next one. */
  MODAL_LIFE_HOURS: z.coerce.number().int().min(1).max(24).default(12),
});

type Vars = z.infer<typeof ModalVars> & { readonly RUNTIME_PATH: string; readonly SANDBOX_EGRESS: string; readonly SANDBOX_CPUS: number; readonly SANDBOX_MEMORY_MB: number; readonly SANDBOX_CPUS_MAX?: number | undefined; readonly SANDBOX_MEMORY_MB_MAX?: number | undefined };
type Common = Pick<ModalSandboxOptions, "dataDir" | "sandboxesMax" | "now" | "gitIdentity" | "log"> & { readonly environment: Readonly<Record<string, string>> };

const HOUR_MS = 3_600_000;
/** Cheaper than this machine is large. */
const SANDBOXES_MAX = 100;

/** @throws Error naming each variable that is missing or wrong */
export async function openModal(vars: Vars, { environment, ...common }: Common): Promise<{ readonly provider: SandboxProvider; readonly problem: unknown }> {
  const { MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret, MODAL_ENVIRONMENT, MODAL_INSTANCE } = vars;
  const missing = Object.entries({ MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret }).filter(([, value]) => value === undefined).map(([name]) => name);
  if (tokenId === undefined || tokenSecret === undefined) {
    throw new Error(`SANDBOX_BACKENDS names modal, which needs ${missing.join(" and ")}. Make a token with \`modal token new\`, or in the workspace's settings, and set both on the sandbox host.`);
  }
  // Its SDK takes 40 MB and a third of a second, which a host without it need not give.
  const { openModalSandboxes } = await import("../adapters/sandbox/modal.ts");
  return openModalSandboxes({
    sandboxesMax: SANDBOXES_MAX,
    ...common,
    tokenId,
    tokenSecret,
    appName: vars.MODAL_APP,
    ...(MODAL_ENVIRONMENT === undefined ? {} : { environment: MODAL_ENVIRONMENT }),
    ...(MODAL_INSTANCE === undefined ? {} : { instance: MODAL_INSTANCE }),
    settings: {
      isolation: vars.MODAL_RUNTIME,
      cpus: vars.SANDBOX_CPUS,
      memoryMiB: vars.SANDBOX_MEMORY_MB,
      most: { memoryMb: vars.SANDBOX_MEMORY_MB_MAX ?? vars.SANDBOX_MEMORY_MB, cpus: vars.SANDBOX_CPUS_MAX ?? vars.SANDBOX_CPUS },
      lifeMs: vars.MODAL_LIFE_HOURS * HOUR_MS,
      regions: vars.MODAL_REGIONS.split(",").filter((region) => region !== ""),
      allowlist: readAllowlist(vars.SANDBOX_EGRESS),
      environment,
    },
    image: imageOf(vars),
    runtimePath: realpathSync(vars.RUNTIME_PATH),
    // Built together.
    insidePath: join(dirname(realpathSync(vars.RUNTIME_PATH)), "inside.cjs"),
  });
}

function imageOf({ MODAL_IMAGE: tag, MODAL_IMAGE_SECRET: secret }: Vars): ModalSandboxOptions["image"] {
  if (tag !== undefined) return { tag, commands: [], ...(secret === undefined ? {} : { secret }) };
  const dockerfile = readFileSync(new URL("../../packages/sandbox-runtime/Dockerfile", import.meta.url), "utf8");
  const { version } = createRequire(import.meta.url)("opencode-ai/package.json") as { readonly version: string };
  return { tag: BASE, commands: stepsAtModal(dockerfile, { node: IMAGE_NODE, npm: IMAGE_NPM, opencode: version }) };
}
