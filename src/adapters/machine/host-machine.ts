/** The user's machine as its sandbox host tells it, over the same signed calls as sandboxes. */
import type { Discovery } from "@berth/protocol";
import { HostClient, type HostCall, type HostClientDeps } from "@berth/sandbox-host/client";
import type { FolderInfo, FoundProvider, LocalMachine } from "../../app/machine.ts";

const TIMEOUT_MS = 15_000;

export function createHostMachine(deps: HostClientDeps): LocalMachine {
  const client = new HostClient(deps);
  const call = (operation: keyof LocalMachine, method: HostCall["method"], verb: string, body?: unknown): Promise<unknown> =>
    client.json({
      port: "machine",
      operation,
      effect: "none",
      method,
      path: `/v1/machine/${verb}`,
      timeoutMs: TIMEOUT_MS,
      ...(body === undefined ? {} : { body: new TextEncoder().encode(JSON.stringify(body)) }),
    });
  return {
    discover: async () => (await call("discover", "GET", "discoveries")) as Omit<Discovery, "imported">[],
    reveal: async (id) => (await call("reveal", "POST", "reveal", { id })) as FoundProvider,
    gitIdentity: async () => (await call("gitIdentity", "GET", "git-identity")) as { name: string; email: string } | null,
    inspectFolder: async (path) => (await call("inspectFolder", "POST", "inspect", { path })) as FolderInfo,
  };
}
