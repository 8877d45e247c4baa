/** What a person would have without Berth: the image's OpenCode in a container of their own, until it has a session. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { SANDBOX_IMAGE } from "@berth/sandbox-runtime/image-name";
import { openCodeConfig, openCodeEnvironment } from "../../src/adapters/agent/opencode-config.ts";
import { IMAGE } from "../../src/adapters/sandbox/docker/container.ts";
import { DEFAULT_PERMISSIONS } from "../../src/core/sandbox/default-permissions.ts";

const run = promisify(execFile);
const PASSWORD = "example-password";
const PORT = 4096;
const PATIENCE_MS = 120_000;
const TOKEN_FILE = "/tmp/token";
/** A request that arrives while the server boots may never be answered, so that each has its own time-out. */
const SESSION = `until curl -sf --max-time 0.3 -u opencode:${PASSWORD} http://127.0.0.1:${PORT}/global/health; do sleep 0.04; done
curl -sf --max-time 60 -u opencode:${PASSWORD} -H 'content-type: application/json' -d '{}' "http://127.0.0.1:${PORT}/session?directory=/workspace"`;

/** @returns milliseconds from asking the engine until the agent can be prompted */
export async function startByHand(modelUrl: string): Promise<number> {
  const providers = [{ id: "demo", kind: "openai-compatible" as const, baseUrl: `${modelUrl}/v1`, models: [{ id: "demo", name: "Demo" }] }];
  const config = openCodeConfig({ providers, permissions: DEFAULT_PERMISSIONS, workFolder: "/workspace", brokerToken: "" }, TOKEN_FILE);
  const environment = openCodeEnvironment({ base: { LANG: "C.UTF-8" }, home: "/home/agent", password: PASSWORD, config });
  const variables = Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const serve = `echo example-token > ${TOKEN_FILE}; exec ${IMAGE.opencode} serve --hostname 127.0.0.1 --port ${PORT}`;
  const startedAt = performance.now();
  const { stdout } = await run("docker", ["run", "--detach", "--network", "none", ...variables, SANDBOX_IMAGE, "sh", "-c", serve], { timeout: PATIENCE_MS });
  const container = stdout.trim();
  try {
    await run("docker", ["exec", container, "sh", "-c", SESSION], { timeout: PATIENCE_MS });
    return performance.now() - startedAt;
  } finally {
    await run("docker", ["rm", "--force", container]);
  }
}
