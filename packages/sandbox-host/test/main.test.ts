/** The host as it is run: a real process, its sandboxes outliving it and known to the next one. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRemoteSandboxProvider, fetchSandboxBackends } from "../../../src/adapters/sandbox/remote.ts";
import { secretVaultOf } from "../../../src/compose/secret-vaults.ts";
import { EXEC, expectRefusal, specOf, started } from "../../../src/ports/sandbox/sandbox-kit.contract.ts";

const SECRET = "example-secret-of-a-test-run-only-000";
const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const RUNTIME = fileURLToPath(new URL("./stand-in-runtime.mjs", import.meta.url));
let root = "";
let running: ChildProcess[] = [];

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "berth-host-")));
});
afterEach(async () => {
  for (const child of running) await end(child);
  running = [];
  rmSync(root, { recursive: true, force: true });
});

function launch(variables: Record<string, string> = {}): ChildProcess {
  const env = { PATH: process.env.PATH, HOME: root, PORT: "0", DATA_DIR: root, SANDBOX_HOST_SECRET: SECRET, RUNTIME_PATH: RUNTIME, OPENCODE_PATH: RUNTIME, ...variables };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  return child;
}

/** What it says first, on either stream. */
async function firstLine(child: ChildProcess, stream: "stdout" | "stderr"): Promise<string> {
  const source = child[stream];
  if (!source) throw new Error("no stream");
  for await (const line of createInterface({ input: source })) return line;
  return "";
}

async function open(child: ChildProcess) {
  const { listening } = JSON.parse(await firstLine(child, "stdout")) as { listening: number };
  const deps = { fetch, baseUrl: `http://127.0.0.1:${listening}`, secret: SECRET, now: Date.now, randomBytes: (length: number) => new Uint8Array(randomBytes(length)) };
  return { deps, subject: createRemoteSandboxProvider({ ...deps, backend: "process" }) };
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  return exited;
}

test("sandboxes outlive their host and are the next one's", async () => {
  const first = launch();
  const { subject, deps } = await open(first);
  expect(await fetchSandboxBackends(deps)).toMatchObject([{ backend: "process", isolation: "bubblewrap", reason: null, fix: null }]);
  const id = await started(subject, specOf("survivor"));
  expect(await end(first)).toBe(0);
  const { subject: again } = await open(launch());
  expect(await again.describe(id)).toMatchObject({ phase: "running" });
  expect((await again.exec(id, { command: ["echo", "still here"], ...EXEC })).stdout).toBe("still here\n");
  await again.destroy(id);
  await expectRefusal(again.describe(id), "not-found");
}, 30_000);

test("a host that is told to ends its sandboxes with itself", async () => {
  const first = launch({ STOP_SANDBOXES_ON_EXIT: "1" });
  const { subject } = await open(first);
  const id = await started(subject, specOf("ended"));
  expect(await end(first)).toBe(0);
  const { subject: again } = await open(launch());
  expect(await again.describe(id)).toMatchObject({ phase: "stopped" });
}, 30_000);

test("the Worker's secrets go to the service account that the host has, whose token no sandbox sees", async () => {
  const token = "ops_example-made-up-token";
  const { deps, subject } = await open(launch({ OP_SERVICE_ACCOUNT_TOKEN: token, OP_VAULT: "a".repeat(26) }));
  const vars = { SECRET_VAULT: "onepassword-service-account", MASTER_KEYS: `1:${Buffer.alloc(32).toString("base64")}` } as const;
  const nothing = () => Promise.reject(new Error("not the way"));
  const vault = secretVaultOf(vars, { of: () => expect.unreachable() }, { fetch: nothing, host: deps, wait: nothing });
  // By the real SDK, which looks at a token before it goes out.
  await expect(vault.put("org_a", "a", "sk-example")).rejects.toMatchObject({ operation: "put", code: "permission-denied", fix: expect.stringContaining("OP_SERVICE_ACCOUNT_TOKEN") });
  const id = await started(subject, specOf("tokenless"));
  const { stdout } = await subject.exec(id, { command: ["sh", "-c", "cat /proc/*/environ /proc/*/cmdline 2>/dev/null; env"], ...EXEC });
  expect(stdout).toContain("PATH=");
  expect(stdout).not.toContain(token);
  await subject.destroy(id);
}, 30_000);

const TOKEN = { MODAL_TOKEN_ID: "ak-example", MODAL_TOKEN_SECRET: "as-example" };

test.each<[Record<string, string>, RegExp]>([
  [{ OP_VAULT: "a".repeat(26) }, /OP_SERVICE_ACCOUNT_TOKEN and OP_VAULT go together/],
  [{ OP_SERVICE_ACCOUNT_TOKEN: "example-connect-token", OP_VAULT: "a".repeat(26) }, /variables are not right/],
  [{ SANDBOX_HOST_SECRET: "short" }, /variables are not right/],
  [{ SANDBOX_BACKENDS: "process,podman" }, /no backend podman; it has: process, docker, modal/],
  [{ SANDBOX_BACKENDS: "modal", MODAL_TOKEN_ID: "ak-example" }, /SANDBOX_BACKENDS names modal, which needs MODAL_TOKEN_SECRET\. Make a token/],
  [{ SANDBOX_BACKENDS: "modal", ...TOKEN, SANDBOX_EGRESS: "example.com:8443" }, /SANDBOX_EGRESS: Modal lets a sandbox through to a host, not to a port of it, so example\.com:8443 cannot/],
  [{ SANDBOX_BACKENDS: "modal", ...TOKEN, MODAL_LIFE_HOURS: "48" }, /variables are not right/],
  [{ SANDBOX_BACKENDS: "modal", ...TOKEN, MODAL_SANDBOX_V2: "0" }, /MODAL_SANDBOX_V2: Berth needs sandboxes of Modal's second version/],
  [{ SANDBOX_BACKENDS: "docker", DOCKER_HOST: "tcp://127.0.0.1:2375" }, /DOCKER_HOST: sandboxes need an engine of this machine/],
  [{ SANDBOX_BACKENDS: "docker", SANDBOX_EGRESS: "default,https://a.example" }, /SANDBOX_EGRESS: "https:\/\/a\.example" is no host/],
  [{ RUNTIME_PATH: "/nowhere/runtime.mjs" }, /nowhere/],
])("a wrong setting %j is said in words and ends it", async (variables, words) => {
  const child = launch(variables);
  const exited = new Promise((resolve) => child.once("exit", resolve));
  expect(await firstLine(child, "stderr")).toMatch(words);
  expect(await exited).toBe(1);
});
