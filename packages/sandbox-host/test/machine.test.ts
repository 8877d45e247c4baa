/** What is found on a machine, what is said about it, and what only `reveal` gives; through a real host as well. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHostMachine } from "../../../src/adapters/machine/host-machine.ts";
import type { LocalMachine } from "../../../src/core/machine/local-machine.ts";
import { createMachine, type MachineDeps } from "../src/machine/machine.ts";
import { createHostServer, listen } from "../src/server.ts";

const NO_SERVERS = { ollama: null, lmstudio: null, llamacpp: null };
const SECRET = "example-secret-of-a-test-run-only-000";
let root = "";
let servers: Server[] = [];

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "berth-machine-")));
  for (const folder of ["home", "data", "berth"]) mkdirSync(join(root, folder));
});
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  servers = [];
  rmSync(root, { recursive: true, force: true });
});

function machine(part: Partial<MachineDeps> = {}): LocalMachine {
  return createMachine({ environment: {}, home: join(root, "home"), dataHome: join(root, "data"), dataDir: join(root, "berth"), fetch, ports: NO_SERVERS, ...part });
}

async function serve(answer: (url: string) => { status: number; body: string } | null): Promise<number> {
  const server = createServer((request, response) => {
    const found = answer(request.url ?? "");
    if (!found) return;
    response.writeHead(found.status, { "content-type": "application/json" });
    response.end(found.body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function writeLogins(entries: unknown): void {
  mkdirSync(join(root, "data", "opencode"), { recursive: true });
  writeFileSync(join(root, "data", "opencode", "auth.json"), typeof entries === "string" ? entries : JSON.stringify(entries));
}

describe("keys in the environment", () => {
  test("are found by name and revealed by id", async () => {
    const found = machine({ environment: { ANTHROPIC_API_KEY: "sk-ant-example", GROQ_API_KEY: "gsk-example", GOOGLE_API_KEY: "example-google", XAI_API_KEY: "  ", OTHER: "x" } });
    const discoveries = await found.discover();
    expect(discoveries).toEqual([
      { id: "env:ANTHROPIC_API_KEY", provider: "anthropic", kind: "anthropic", source: "environment variable ANTHROPIC_API_KEY" },
      { id: "env:GOOGLE_API_KEY", provider: "google", kind: "google", source: "environment variable GOOGLE_API_KEY" },
      { id: "env:GROQ_API_KEY", provider: "groq", kind: "openai-compatible", source: "environment variable GROQ_API_KEY", baseUrl: "https://api.groq.com/openai/v1" },
    ]);
    expect(JSON.stringify(discoveries)).not.toMatch(/example/);
    expect(await found.reveal("env:GROQ_API_KEY")).toEqual({ provider: "groq", kind: "openai-compatible", baseUrl: "https://api.groq.com/openai/v1", key: "gsk-example" });
    await expect(found.reveal("env:OPENAI_API_KEY")).rejects.toMatchObject({ port: "machine", code: "not-found" });
    await expect(found.reveal("env:OTHER")).rejects.toMatchObject({ code: "not-found" });
  });

  test("two variables of one provider are one finding", async () => {
    const found = await machine({ environment: { GEMINI_API_KEY: "example-a", GOOGLE_API_KEY: "example-b" } }).discover();
    expect(found.map(({ id }) => id)).toEqual(["env:GEMINI_API_KEY"]);
  });
});

describe("logins of OpenCode", () => {
  test("keys can be used, sign-ins and unknown providers say why not", async () => {
    writeLogins({
      openrouter: { type: "api", key: "sk-or-example" },
      anthropic: { type: "oauth", refresh: "example-refresh", access: "example-access", expires: 1 },
      unheard: { type: "api", key: "example" },
      broken: { type: "api" },
    });
    const discoveries = await machine().discover();
    expect(discoveries.map(({ id, unusable }) => [id, unusable === undefined])).toEqual([
      ["opencode:openrouter", true],
      ["opencode:anthropic", false],
      ["opencode:unheard", false],
    ]);
    expect(JSON.stringify(discoveries)).not.toMatch(/example/);
    expect(await machine().reveal("opencode:openrouter")).toMatchObject({ provider: "openrouter", key: "sk-or-example" });
    await expect(machine().reveal("opencode:anthropic")).rejects.toMatchObject({ code: "not-found" });
  });

  test.each(["", "{", "[]", '"text"', "null"])("a file that says %j holds nothing", async (content) => {
    writeLogins(content);
    expect(await machine().discover()).toEqual([]);
  });
});

describe("model servers", () => {
  test("one that lists models is found; one that is something else, is silent or is not there is not", async () => {
    const models = await serve((url) => ({ status: url === "/v1/models" ? 200 : 404, body: JSON.stringify({ data: [{ id: "m" }] }) }));
    const website = await serve(() => ({ status: 200, body: "<html>" }));
    const silent = await serve(() => null);
    const found = machine({ ports: { ollama: models, lmstudio: website, llamacpp: silent } });
    expect(await found.discover()).toEqual([
      { id: "local:ollama", provider: "ollama", kind: "openai-compatible", source: `Ollama on this machine, port ${models}`, baseUrl: `http://127.0.0.1:${models}/v1` },
    ]);
    expect(await found.reveal("local:ollama")).toMatchObject({ key: null, baseUrl: `http://127.0.0.1:${models}/v1` });
  });
});

describe("git identity", () => {
  test("is what the user's global configuration says, or null", async () => {
    expect(await machine().gitIdentity()).toBeNull();
    writeFileSync(join(root, "home", ".gitconfig"), "[user]\n\tname = Ada Example\n\temail = ada@example.com\n");
    expect(await machine().gitIdentity()).toEqual({ name: "Ada Example", email: "ada@example.com" });
  });
});

describe("folders", () => {
  const git = (...args: string[]): string => execFileSync("git", ["-C", join(root, "repo"), "-c", "user.name=A", "-c", "user.email=a@example.com", ...args], { encoding: "utf8" });

  test("a repository with its branch and what is not committed, through a link", async () => {
    mkdirSync(join(root, "repo"));
    git("init", "--quiet", "--initial-branch=work");
    git("commit", "--quiet", "--allow-empty", "-m", "First");
    writeFileSync(join(root, "repo", "a b"), "");
    writeFileSync(join(root, "repo", "c"), "");
    symlinkSync(join(root, "repo"), join(root, "link"));
    expect(await machine().inspectFolder(join(root, "link"))).toEqual({ path: join(root, "repo"), isRepository: true, branch: "work", uncommitted: 2 });
    git("checkout", "--quiet", "--detach");
    expect(await machine().inspectFolder(join(root, "repo"))).toMatchObject({ branch: null });
  });

  test("a plain folder, also under the home's short name", async () => {
    mkdirSync(join(root, "home", "plain"));
    expect(await machine().inspectFolder("~/plain")).toEqual({ path: join(root, "home", "plain"), isRepository: false, branch: null, uncommitted: 0 });
  });

  test("what is missing, relative or a file is not found", async () => {
    writeFileSync(join(root, "file"), "");
    for (const path of [join(root, "none"), "relative", join(root, "file")]) await expect(machine().inspectFolder(path)).rejects.toMatchObject({ port: "machine", code: "not-found" });
  });

  test("Berth's own data folder is refused, from any side", async () => {
    mkdirSync(join(root, "berth", "sandboxes"));
    symlinkSync(join(root, "berth"), join(root, "innocent"));
    for (const path of ["berth", "berth/sandboxes", "innocent/sandboxes", "home/../berth"]) {
      await expect(machine().inspectFolder(join(root, path))).rejects.toMatchObject({ code: "permission-denied" });
    }
  });
});

test("through a host the answers and errors are the same", async () => {
  const inner = machine({ environment: { MISTRAL_API_KEY: "example-mistral" } });
  const server = createHostServer({ providers: [], reports: [], machine: inner, secret: SECRET, now: Date.now, log: () => undefined });
  servers.push(server);
  const baseUrl = `http://127.0.0.1:${await listen(server, 0)}`;
  const remote = createHostMachine({ fetch, baseUrl, secret: SECRET, now: Date.now, randomBytes: (length) => new Uint8Array(randomBytes(length)) });
  expect(await remote.discover()).toEqual(await inner.discover());
  expect(await remote.reveal("env:MISTRAL_API_KEY")).toMatchObject({ key: "example-mistral" });
  expect(await remote.gitIdentity()).toBeNull();
  expect(await remote.inspectFolder(root)).toEqual(await inner.inspectFolder(root));
  await expect(remote.reveal("env:NONE")).rejects.toMatchObject({ name: "PortError", port: "machine", operation: "reveal", code: "not-found" });
  await expect(remote.inspectFolder(join(root, "berth"))).rejects.toMatchObject({ code: "permission-denied", fix: expect.any(String) });
});
