/** The control plane's client of a sandbox host: the same provider, at the other end of signed HTTP. Never retries. */
import { HostClient, type Effect, type HostCall, type HostClientDeps } from "@berth/sandbox-host/client";
import { BackendReport } from "@berth/sandbox-host/wire";
import type { Isolation } from "@berth/protocol";
import type {
  AppliedWork,
  ExecResult,
  PolicyReport,
  SandboxCapabilities,
  SandboxDescription,
  SandboxProvider,
} from "../../ports/sandbox/sandbox.port.ts";

type Operation = Exclude<keyof SandboxProvider, "backend" | "isolation" | "capabilities">;

export interface RemoteSandboxOptions extends HostClientDeps {
  /** Name of the backend on that host. */
  readonly backend: string;
  /** As `fetchSandboxBackends` reported it; the weakest claim until then. */
  readonly isolation?: Isolation;
  readonly capabilities?: SandboxCapabilities;
  /** Milliseconds per operation, instead of the defaults; `exec` adds the command's own time. */
  readonly timeoutsMs?: Partial<Readonly<Record<Operation, number>>>;
}

const TIMEOUTS_MS: Readonly<Record<Operation, number>> = {
  create: 10_000,
  describe: 5_000,
  list: 10_000,
  exec: 5_000,
  readFile: 30_000,
  writeFile: 30_000,
  applyWork: 60_000,
  describePolicy: 10_000,
  stop: 20_000,
  destroy: 30_000,
};

const NOTHING: SandboxCapabilities = { keepsWorkFolder: false, appliesToFolder: false, snapshots: false, expose: false, claim: false };

/** The backends of a host with what it found about their isolation. @throws PortError */
export async function fetchSandboxBackends(deps: HostClientDeps): Promise<readonly BackendReport[]> {
  const call: HostCall = { port: "sandbox", operation: "backends", effect: "none", method: "GET", path: "/v1/backends", timeoutMs: TIMEOUTS_MS.list };
  return BackendReport.array().parse(await new HostClient(deps).json(call));
}

function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function createRemoteSandboxProvider(options: RemoteSandboxOptions): SandboxProvider {
  const { backend, isolation = "none", capabilities = NOTHING } = options;
  const client = new HostClient(options);
  const root = `/v1/backends/${encodeURIComponent(backend)}/sandboxes`;
  const at = (id: string, verb = ""): string => `${root}/${encodeURIComponent(id)}${verb}`;
  const call = (operation: Operation, effect: Effect, method: HostCall["method"], path: string, rest: { body?: Uint8Array; extraMs?: number } = {}): HostCall => ({
    port: "sandbox",
    operation,
    effect,
    method,
    path,
    timeoutMs: (options.timeoutsMs?.[operation] ?? TIMEOUTS_MS[operation]) + (rest.extraMs ?? 0),
    ...(rest.body ? { body: rest.body } : {}),
  });
  return {
    backend,
    isolation,
    capabilities,
    create: async (spec) => (await client.json(call("create", "repeatable", "POST", root, { body: encodeJson(spec) }))) as SandboxDescription,
    describe: async (id) => (await client.json(call("describe", "none", "GET", at(id)))) as SandboxDescription,
    list: async (filter) => {
      const query = new URLSearchParams(Object.entries(filter)).toString();
      return (await client.json(call("list", "none", "GET", query === "" ? root : `${root}?${query}`))) as SandboxDescription[];
    },
    exec: async (id, request) => {
      const options = { body: encodeJson(request), extraMs: request.timeoutMs };
      return (await client.json(call("exec", "once", "POST", at(id, "/exec"), options))) as ExecResult;
    },
    readFile: (id, path) => client.bytes(call("readFile", "none", "GET", at(id, `/files?path=${encodeURIComponent(path)}`))),
    writeFile: async (id, path, body) => {
      await client.json(call("writeFile", "repeatable", "PUT", at(id, `/files?path=${encodeURIComponent(path)}`), { body }));
    },
    applyWork: async (id, request) => (await client.json(call("applyWork", "repeatable", "POST", at(id, "/apply"), { body: encodeJson(request) }))) as AppliedWork,
    describePolicy: async (id) => (await client.json(call("describePolicy", "none", "GET", at(id, "/policy")))) as PolicyReport,
    stop: async (id) => {
      await client.json(call("stop", "repeatable", "POST", at(id, "/stop")));
    },
    destroy: async (id) => {
      await client.json(call("destroy", "repeatable", "DELETE", at(id)));
    },
  };
}
