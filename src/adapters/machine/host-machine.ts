/** The user's machine as its sandbox host tells it, over the same signed calls as sandboxes. */
import { HostClient, type HostCall, type HostClientDeps } from "@berth/sandbox-host/client";
import { DiscoveriesBody, FolderBody, FoundBody, GitIdentityBody } from "@berth/sandbox-host/wire";

const TIMEOUT_MS = 15_000;

/** A `LocalMachine`, whose shape the composition checks. */
export function createHostMachine(deps: HostClientDeps) {
  const client = new HostClient(deps);
  const call = (operation: string, method: HostCall["method"], verb: string, body?: unknown): Promise<unknown> =>
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
    discover: async () => DiscoveriesBody.parse(await call("discover", "GET", "discoveries")),
    reveal: async (id: string) => FoundBody.parse(await call("reveal", "POST", "reveal", { id })),
    gitIdentity: async () => GitIdentityBody.parse(await call("gitIdentity", "GET", "git-identity")),
    inspectFolder: async (path: string) => FolderBody.parse(await call("inspectFolder", "POST", "inspect", { path })),
  };
}
