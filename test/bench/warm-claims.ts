/** Sandboxes that wait, claimed at the provider itself: how long it takes to tell one whose it is. Their runtime is a stand-in. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SANDBOX_IMAGE } from "@berth/sandbox-runtime/image-name";
import { openDockerSandboxes } from "../../src/adapters/sandbox/docker.ts";
import { createProcessSandboxProvider } from "../../src/adapters/sandbox/process.ts";
import type { FolderSandboxProvider } from "../../src/adapters/sandbox/session-folders/provider.ts";
import { eventually } from "../e2e/support/waiting.ts";

const CLAIMS = 20;
const WAITS_WITHIN_MS = 60_000;
const RUNTIME = fileURLToPath(new URL("../../packages/sandbox-host/test/stand-in-runtime.mjs", import.meta.url));
const NODE = realpathSync(process.execPath);

export const CLAIM_NOTE = `asked for → its runtime was told whose it is, at the sandbox host, ${CLAIMS} of them`;

export async function measureClaims(backend: "process" | "docker"): Promise<number[]> {
  const dataDir = realpathSync(mkdtempSync(join(tmpdir(), "berth-claims-")));
  const provider = await open(backend, dataDir);
  const measured: number[] = [];
  try {
    await provider.warm?.open();
    for (let claim = 0; claim < CLAIMS; claim++) {
      await eventually("one that waits", () => (provider.warm?.count().ready === 1 ? true : "none"), WAITS_WITHIN_MS);
      const [sessionId, startedAt] = [`ses_claim${claim}`, performance.now()];
      const link = { url: "ws://127.0.0.1:9/v1/sandbox/link", token: "example-token" };
      const { id, phase } = await provider.create({ id: `${sessionId}-1`, orgId: "org_1", sessionId, epoch: 1, workspace: { kind: "empty" }, link, demoOnly: true });
      measured.push(performance.now() - startedAt);
      if (phase !== "running") throw new Error(`${id} is ${phase}`);
      await provider.destroy(id);
    }
  } finally {
    await provider.warm?.close();
    for (const { id } of await provider.list({})) await provider.destroy(id);
    rmSync(dataDir, { recursive: true, force: true });
  }
  return measured;
}

async function open(backend: "process" | "docker", dataDir: string): Promise<FolderSandboxProvider> {
  const common = { dataDir, warm: { max: 1, quietMs: 0 }, now: Date.now };
  if (backend === "process") {
    return createProcessSandboxProvider({ ...common, runtimeCommand: [NODE, RUNTIME], opencodePath: RUNTIME, readOnlyPaths: [NODE, RUNTIME], isolation: "bubblewrap", trustAgent: false });
  }
  const limits = { memoryBytes: 512 * 1024 ** 2, cpus: 1, pids: 128 };
  const { provider } = await openDockerSandboxes({ ...common, socketPath: "/var/run/docker.sock", image: SANDBOX_IMAGE, limits, egress: { allowlist: [], log: () => undefined }, runtimePath: RUNTIME });
  return provider;
}
