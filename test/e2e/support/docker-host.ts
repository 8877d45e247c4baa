/** A sandbox host in this process whose containers may reach what no configuration allows: stand-ins, and what a test says. */
import type { Server } from "node:http";
import { createHostServer, listen } from "@berth/sandbox-host/server";
import { SANDBOX_IMAGE } from "@berth/sandbox-runtime/image-name";
import { LocalState } from "../../../packages/launcher/src/local-state.ts";
import { RUNTIME_BUNDLE } from "../../../packages/launcher/src/paths.ts";
import { openDockerSandboxes } from "../../../src/adapters/sandbox/docker.ts";
import type { EgressOptions } from "../../../src/adapters/sandbox/docker/egress.ts";
import type { SandboxProvider } from "../../../src/ports/sandbox/sandbox.port.ts";
import { BARE_MACHINE } from "../../bench/scripted-host.ts";
import { eventually } from "./waiting.ts";

const LIMITS = { memoryBytes: 2 * 1024 ** 3, cpus: 2, pids: 512 };

export interface DockerHost {
  readonly url: string;
  readonly provider: SandboxProvider;
  /** Once its sessions are removed. */
  untilEmpty(): Promise<void>;
  close(): Promise<void>;
}

/** @param dataDir of the instance that it is for, whose secret it answers to */
export async function startDockerHost(dataDir: string, egress: EgressOptions): Promise<DockerHost> {
  const opened = await openDockerSandboxes({
    dataDir,
    socketPath: "/var/run/docker.sock",
    image: SANDBOX_IMAGE,
    limits: LIMITS,
    runtimePath: RUNTIME_BUNDLE,
    now: Date.now,
    gitIdentity: () => Promise.resolve(null),
    egress,
  });
  if (opened.engineProblem !== null) throw new Error(JSON.stringify(opened.engineProblem));
  const { provider } = opened;
  const { backend, isolation, capabilities } = provider;
  const server: Server = createHostServer({ providers: [provider], reports: [{ backend, isolation, capabilities, reason: null, fix: null }], machine: BARE_MACHINE, secret: new LocalState(dataDir).secrets().sandboxHostSecret, now: Date.now, log: egress.log });
  const port = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    provider,
    untilEmpty: async () => void (await eventually("no container", async () => (await provider.list({})).length === 0 || "there is one", 30_000)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
