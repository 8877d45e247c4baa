/** Wires the sandbox host; the only reader of its environment. */
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import { availableParallelism, homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createMachine } from "@berth/sandbox-host/machine/machine";
import { createSmtp } from "@berth/sandbox-host/mail/smtp";
import { createHostServer } from "@berth/sandbox-host/server";
import type { VaultItems } from "@berth/sandbox-host/vault-items/service-account";
import type { BackendReport } from "@berth/sandbox-host/wire";
import { SANDBOX_IMAGE } from "@berth/sandbox-runtime/image-name";
import { z } from "zod";
import { openDockerSandboxes } from "../adapters/sandbox/docker.ts";
import { detectEngine, enginePath } from "../adapters/sandbox/docker/detect-engine.ts";
import { USUAL_LIMITS } from "../core/sandbox/resources.ts";
import { readAllowlist } from "../core/egress/allowlist.ts";
import { createProcessSandboxProvider } from "../adapters/sandbox/process.ts";
import type { WarmPool } from "../adapters/sandbox/session-folders/warm-pool.ts";
import { detectIsolation } from "../adapters/sandbox/process/detect-isolation.ts";
import { StartPace } from "../adapters/sandbox/session-folders/start-pace.ts";
import { isPortError } from "../core/kernel/port-error.ts";
import type { SandboxProvider } from "../ports/sandbox/sandbox.port.ts";
import { HOST_BACKENDS, type HostBackend } from "./host-backends.ts";
import { ModalVars, openModal } from "./host-modal.ts";
import { VERSION } from "./version.ts";

const flag = z.enum(["0", "1"]).default("0").transform((value) => value === "1");

export const HostVars = ModalVars.extend({
  /** 0 for any free one. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  DATA_DIR: z.string().min(1),
  /** Shared with the control plane; signs every call between the two. */
  SANDBOX_HOST_SECRET: z.string().min(32),
  /** Comma-separated: process, docker, modal. */
  SANDBOX_BACKENDS: z.string().default("process"),
  /** Sandboxes alive at once on this host. */
  SANDBOXES_MAX: z.coerce.number().int().positive().optional(),
  /** Sandboxes that boot at once while the machine has nothing to spare; others wait for their turn. Absent: two for each processor. */
  SANDBOX_STARTS_AT_ONCE: z.coerce.number().int().positive().optional(),
  /** Sandboxes of each backend that wait for a session with their agent started, at most; 0 for none. Processes under bubblewrap, and containers. */
  SANDBOXES_WARM_MAX: z.coerce.number().int().min(0).default(0),
  /** The user accepts an agent without isolation. */
  TRUST_AGENT: flag,
  /** The container engine: a socket of this machine. */
  DOCKER_HOST: z.string().min(1).default("unix:///var/run/docker.sock"),
  /** The image of sandboxes in containers; `npm run image` builds the usual one. */
  SANDBOX_IMAGE: z.string().min(1).default(SANDBOX_IMAGE),
  /** File in which a build of that image says how it goes, for sessions that cannot have a container yet. */
  SANDBOX_IMAGE_BUILD: z.string().min(1).optional(),
  /** A runtime of the engine's configuration, as `runsc` for gVisor; absent: the engine's own. */
  SANDBOX_RUNTIME: z.string().min(1).optional(),
  /** Hosts that containers and sandboxes at Modal reach beside Berth, comma-separated: `default` (where packages come from), `none`, pypi.org, *.example.com, example.com:8443. */
  SANDBOX_EGRESS: z.string().default("default"),
  /** What each container, and each sandbox at Modal, may use up: memory, processors; of a container also processes and threads. */
  SANDBOX_MEMORY_MB: z.coerce.number().int().min(256).default(USUAL_LIMITS.memoryMb),
  SANDBOX_CPUS: z.coerce.number().positive().default(USUAL_LIMITS.cpus),
  /** The most that an environment may ask for; absent: the same. */
  SANDBOX_MEMORY_MB_MAX: z.coerce.number().int().min(256).optional(),
  SANDBOX_CPUS_MAX: z.coerce.number().positive().optional(),
  SANDBOX_PIDS: z.coerce.number().int().min(64).default(1_024),
  /** The runtime's bundle: one file that runs under Node by itself. */
  RUNTIME_PATH: z.string().min(1),
  /** The agent's program; found among the installed packages when absent. */
  OPENCODE_PATH: z.string().min(1).optional(),
  /** The Node that runs the runtime; the host's own when absent. */
  NODE_PATH_IN_SANDBOX: z.string().min(1).optional(),
  /** Ends the sandboxes when the host is asked to end; by default they outlive it. */
  STOP_SANDBOXES_ON_EXIT: flag,
  /** The mail server: smtp://user:password@host:587 or smtps://…; mails of the Worker go out by it. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  /** The token of a 1Password service account, and the id of the vault that it reads and writes: secrets of the Worker are kept there. */
  OP_SERVICE_ACCOUNT_TOKEN: z.string().startsWith("ops_", "is the token of a service account, which begins with ops_").optional(),
  OP_VAULT: z.string().regex(/^[\da-z]{26}$/, "is the vault's id, 26 letters and digits").optional(),
  XDG_DATA_HOME: z.string().min(1).optional(),
  LANG: z.string().optional(),
  TZ: z.string().optional(),
});
type HostVars = z.infer<typeof HostVars>;

export interface ComposedHost {
  readonly server: Server;
  readonly port: number;
  readonly providers: readonly SandboxProvider[];
  readonly stopSandboxesOnExit: boolean;
  /** Ends the sandboxes that wait for a session. */
  endWaiting(): Promise<void>;
}

function log(entry: { readonly event: string; readonly [field: string]: unknown }): void {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
}

/** @throws Error naming each variable that is missing or wrong */
function readVars(environment: NodeJS.ProcessEnv): HostVars {
  const parsed = HostVars.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(`The sandbox host's variables are not right:\n${parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("\n")}`);
}

function installedOpencode(): string {
  const manifest = createRequire(import.meta.url).resolve("opencode-ai/package.json");
  return join(dirname(manifest), "bin", "opencode.exe");
}

/** Node's whole installation when npm is part of it, so that an agent has npm too; else the program alone. */
function nodePaths(node: string): string {
  const prefix = dirname(dirname(node));
  return !node.startsWith("/usr/") && existsSync(join(prefix, "lib", "node_modules", "npm")) ? prefix : node;
}

interface ComposedBackend {
  readonly provider: SandboxProvider;
  readonly warm: WarmPool | null;
  readonly report: BackendReport;
}
type ComposeBackend = (vars: HostVars, gitIdentity: () => Promise<{ name: string; email: string } | null>, pace: StartPace) => Promise<ComposedBackend>;

/** What every kind of backend is opened with. */
function commonOptions(vars: HostVars) {
  return {
    dataDir: vars.DATA_DIR,
    environment: Object.fromEntries(Object.entries({ LANG: vars.LANG ?? "C.UTF-8", TZ: vars.TZ }).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    ...(vars.SANDBOXES_MAX === undefined ? {} : { sandboxesMax: vars.SANDBOXES_MAX }),
    warm: { max: vars.SANDBOXES_WARM_MAX },
    now: Date.now,
  };
}

const composeProcess: ComposeBackend = async (vars, gitIdentity, pace) => {
  const node = realpathSync(vars.NODE_PATH_IN_SANDBOX ?? process.execPath);
  const runtime = realpathSync(vars.RUNTIME_PATH);
  const opencode = realpathSync(vars.OPENCODE_PATH ?? installedOpencode());
  const { isolation, reason, fix } = await detectIsolation();
  const provider = createProcessSandboxProvider({
    ...commonOptions(vars),
    pace,
    runtimeCommand: [node, runtime],
    opencodePath: opencode,
    readOnlyPaths: [nodePaths(node), runtime, opencode],
    isolation,
    trustAgent: vars.TRUST_AGENT,
    gitIdentity,
  });
  const { backend, capabilities } = provider;
  return { provider, warm: provider.warm, report: { backend, isolation, capabilities, reason, fix } };
};

/** It is offered also while the engine is away, which may be back before the next session. */
const composeDocker: ComposeBackend = async (vars, gitIdentity, pace) => {
  const socketPath = enginePath(vars.DOCKER_HOST);
  const chosen = { socketPath, image: vars.SANDBOX_IMAGE, ...(vars.SANDBOX_RUNTIME === undefined ? {} : { runtime: vars.SANDBOX_RUNTIME }) };
  const { provider, engineProblem } = await openDockerSandboxes({
    ...commonOptions(vars),
    pace,
    ...chosen,
    limits: { memoryBytes: vars.SANDBOX_MEMORY_MB * 1024 ** 2, cpus: Math.min(vars.SANDBOX_CPUS, availableParallelism()), pids: vars.SANDBOX_PIDS },
    most: { memoryMb: vars.SANDBOX_MEMORY_MB_MAX ?? vars.SANDBOX_MEMORY_MB, cpus: Math.min(vars.SANDBOX_CPUS_MAX ?? vars.SANDBOX_CPUS, availableParallelism()) },
    egress: { allowlist: readAllowlist(vars.SANDBOX_EGRESS), log },
    runtimePath: realpathSync(vars.RUNTIME_PATH),
    ...(vars.SANDBOX_IMAGE_BUILD === undefined ? {} : { imageBuildPath: vars.SANDBOX_IMAGE_BUILD }),
    gitIdentity,
  });
  if (engineProblem !== null) log({ event: "containers-not-recovered", error: String(engineProblem) });
  const { reason, fix } = await detectEngine(chosen);
  const { backend, isolation, capabilities, warm } = provider;
  return { provider, warm, report: { backend, isolation, capabilities, reason, fix } };
};

/** It is offered also while Modal is away, which may be back before the next session. */
const composeModal: ComposeBackend = async (vars, gitIdentity) => {
  const { provider, problem } = await openModal(vars, { ...commonOptions(vars), gitIdentity, log });
  const { backend, isolation, capabilities } = provider;
  const words = isPortError(problem) ? { reason: problem.message, fix: problem.fix ?? null } : { reason: problem === null ? null : String(problem), fix: null };
  return { provider, warm: null, report: { backend, isolation, capabilities, ...words } };
};

const BACKENDS: Readonly<Record<HostBackend, ComposeBackend>> = { process: composeProcess, docker: composeDocker, modal: composeModal };

function isBackend(name: string): name is HostBackend {
  return HOST_BACKENDS.some((known) => known === name);
}

/** The SDK of 1Password is 14 MB of WebAssembly, and read only where it is used. */
async function vaultItemsOf({ OP_SERVICE_ACCOUNT_TOKEN: token, OP_VAULT: vaultId }: HostVars): Promise<VaultItems | null> {
  if (token === undefined || vaultId === undefined) {
    if (token !== vaultId) throw new Error("OP_SERVICE_ACCOUNT_TOKEN and OP_VAULT go together: set both, or neither.");
    return null;
  }
  const { openServiceAccount } = await import("@berth/sandbox-host/vault-items/service-account");
  return openServiceAccount({ token, vaultId, version: VERSION });
}

/** @throws Error in words when a variable or backend is not right */
export async function composeHost(environment: NodeJS.ProcessEnv = process.env): Promise<ComposedHost> {
  const vars = readVars(environment);
  const names = vars.SANDBOX_BACKENDS.split(",");
  const unknown = names.filter((name) => !isBackend(name));
  if (unknown.length > 0) throw new Error(`SANDBOX_BACKENDS: this host has no backend ${unknown.join(", ")}; it has: ${HOST_BACKENDS.join(", ")}`);
  const dataDir = resolve(vars.DATA_DIR);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const home = homedir();
  const machine = createMachine({ environment, home, dataHome: vars.XDG_DATA_HOME ?? join(home, ".local", "share"), dataDir, fetch });
  const pace = new StartPace({ atOnce: vars.SANDBOX_STARTS_AT_ONCE ?? 2 * availableParallelism(), now: Date.now });
  const backends = await Promise.all(names.filter(isBackend).map((name) => BACKENDS[name]({ ...vars, DATA_DIR: dataDir }, () => machine.gitIdentity(), pace)));
  const providers = backends.map(({ provider }) => provider);
  const reports = backends.map(({ report }) => report);
  const vaultItems = await vaultItemsOf(vars);
  const mail = vars.SMTP_URL === undefined ? {} : { mail: createSmtp(vars.SMTP_URL) };
  const server = createHostServer({ providers, reports, machine, ...mail, ...(vaultItems && { vaultItems }), secret: vars.SANDBOX_HOST_SECRET, now: Date.now, log });
  const pools = backends.flatMap(({ warm }) => warm ?? []);
  for (const pool of pools) await pool.open();
  const endWaiting = async (): Promise<void> => void (await Promise.allSettled(pools.map((pool) => pool.close())));
  for (const { backend, isolation, reason, fix } of reports) log({ event: "isolation-detected", backend, isolation, reason, fix });
  return { server, port: vars.PORT, providers, stopSandboxesOnExit: vars.STOP_SANDBOXES_ON_EXIT, endWaiting };
}
