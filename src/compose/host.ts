/** Wires the sandbox host; the only reader of its environment. */
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createMachine } from "@berth/sandbox-host/machine/machine";
import { createHostServer } from "@berth/sandbox-host/server";
import type { BackendReport } from "@berth/sandbox-host/wire";
import { z } from "zod";
import { createProcessSandboxProvider } from "../adapters/sandbox/process.ts";
import { detectIsolation } from "../adapters/sandbox/process/detect-isolation.ts";
import type { SandboxProvider } from "../ports/sandbox/sandbox.port.ts";

const flag = z.enum(["0", "1"]).default("0").transform((value) => value === "1");

export const HostVars = z.object({
  /** 0 for any free one. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  DATA_DIR: z.string().min(1),
  /** Shared with the control plane; signs every call between the two. */
  SANDBOX_HOST_SECRET: z.string().min(32),
  /** Comma-separated. */
  SANDBOX_BACKENDS: z.string().default("process"),
  /** Sandboxes alive at once on this host. */
  SANDBOXES_MAX: z.coerce.number().int().positive().optional(),
  /** The user accepts an agent without isolation. */
  TRUST_AGENT: flag,
  /** The runtime's bundle: one file that runs under Node by itself. */
  RUNTIME_PATH: z.string().min(1),
  /** The agent's program; found among the installed packages when absent. */
  OPENCODE_PATH: z.string().min(1).optional(),
  /** The Node that runs the runtime; the host's own when absent. */
  NODE_PATH_IN_SANDBOX: z.string().min(1).optional(),
  /** Ends the sandboxes when the host is asked to end; by default they outlive it. */
  STOP_SANDBOXES_ON_EXIT: flag,
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

async function composeProcess(vars: HostVars, gitIdentity: () => Promise<{ name: string; email: string } | null>): Promise<{ provider: SandboxProvider; report: BackendReport }> {
  const node = realpathSync(vars.NODE_PATH_IN_SANDBOX ?? process.execPath);
  const runtime = realpathSync(vars.RUNTIME_PATH);
  const opencode = realpathSync(vars.OPENCODE_PATH ?? installedOpencode());
  const { isolation, reason, fix } = await detectIsolation();
  const provider = createProcessSandboxProvider({
    dataDir: vars.DATA_DIR,
    runtimeCommand: [node, runtime],
    opencodePath: opencode,
    readOnlyPaths: [nodePaths(node), runtime, opencode],
    isolation,
    trustAgent: vars.TRUST_AGENT,
    gitIdentity,
    environment: Object.fromEntries(Object.entries({ LANG: vars.LANG ?? "C.UTF-8", TZ: vars.TZ }).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    ...(vars.SANDBOXES_MAX === undefined ? {} : { sandboxesMax: vars.SANDBOXES_MAX }),
    now: Date.now,
  });
  const { backend, capabilities } = provider;
  return { provider, report: { backend, isolation, capabilities, reason, fix } };
}

/** @throws Error in words when a variable or backend is not right */
export async function composeHost(environment: NodeJS.ProcessEnv = process.env): Promise<ComposedHost> {
  const vars = readVars(environment);
  const unknown = vars.SANDBOX_BACKENDS.split(",").filter((name) => name !== "process");
  if (unknown.length > 0) throw new Error(`SANDBOX_BACKENDS: this host has no backend ${unknown.join(", ")}; it has: process`);
  const dataDir = resolve(vars.DATA_DIR);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const home = homedir();
  const machine = createMachine({ environment, home, dataHome: vars.XDG_DATA_HOME ?? join(home, ".local", "share"), dataDir, fetch });
  const { provider, report } = await composeProcess({ ...vars, DATA_DIR: dataDir }, () => machine.gitIdentity());
  const server = createHostServer({ providers: [provider], reports: [report], machine, secret: vars.SANDBOX_HOST_SECRET, now: Date.now, log });
  log({ event: "isolation-detected", backend: report.backend, isolation: report.isolation, reason: report.reason, fix: report.fix });
  return { server, port: vars.PORT, providers: [provider], stopSandboxesOnExit: vars.STOP_SANDBOXES_ON_EXIT };
}
