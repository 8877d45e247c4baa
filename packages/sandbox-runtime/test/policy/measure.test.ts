/** What the runtime sees of its own sandbox: the kernel's words, what its token opens, secrets in reach. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SandboxMeasurement } from "@berth/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TOKEN_ROUTES } from "../../../../src/core/policy/grants.ts";
import { measureInside, tokenOpens } from "../../src/policy/measure.ts";
import { letThrough } from "../../src/policy/proxy-probe.ts";
import { hasDefaultRoute, readMounts, readRights } from "../../src/policy/proc.ts";
import { secretsInReach } from "../../src/policy/secrets-in-reach.ts";

let root: string;
const servers: Server[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-policy-"));
});
afterEach(async () => {
  rmSync(root, { recursive: true, force: true });
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A control plane that answers each path with a status. */
async function serve(statusOf: (path: string, authorization: string | undefined) => number): Promise<string> {
  const server = createServer((request, response) => {
    response.statusCode = statusOf(request.url ?? "", request.headers.authorization);
    response.end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/sandbox/link`;
}

const [OWN] = TOKEN_ROUTES.allowed;

test("[POL4] the token is tried on every route, and what it opens is told", async () => {
  const narrow = await serve((path, authorization) => (authorization !== "Bearer example" ? 400 : path === OWN ? 200 : 401));
  expect(await tokenOpens({ url: narrow, token: "example" })).toEqual({ allowed: [OWN], refused: [...TOKEN_ROUTES.refused] });
  const wide = await serve(() => 200);
  expect(await tokenOpens({ url: wide, token: "example" })).toEqual({ allowed: [OWN, ...TOKEN_ROUTES.refused], refused: [] });
});

test("[POL10] a route that does not answer, or is out of order, is in neither list", async () => {
  expect(await tokenOpens({ url: await serve((path) => (path === "/v1/me" ? 401 : path === "/v1/runs" ? 429 : 503)), token: "example" })).toEqual({ allowed: [], refused: ["/v1/me"] });
  expect(await tokenOpens({ url: "ws://127.0.0.1:1/v1/sandbox/link", token: "example" })).toEqual({ allowed: [], refused: [] });
});

/** The way out of a sandbox, that says the same to everybody; empty: it hangs up. */
async function openProxy(answer: string): Promise<number> {
  const server = createServer().on("connect", (_request, socket) => socket.end(answer));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

test.each([
  ["HTTP/1.1 403 No\r\n\r\n", []],
  ["", []],
  ["HTTP/1.1 200 OK\r\n\r\n", ["the cloud's metadata service, by the proxy", "a host that nobody allowed, by the proxy"]],
  // It tried, and nobody was there.
  ["HTTP/1.1 502 Bad Gateway\r\n\r\n", ["the cloud's metadata service, by the proxy", "a host that nobody allowed, by the proxy"]],
])("[EGR9] the way out is asked for what nobody may have: it says %j", async (answer, reached) => {
  expect(await letThrough(await openProxy(answer))).toEqual(reached);
});

test("[POL9] secrets in files and processes are told by kind and place, and never by value", () => {
  const key = "EXAMPLEKEY1234567890abcdefgh";
  put("home/.ssh/id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\nexample\n");
  put("home/.aws/credentials", "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n");
  put("home/.git-credentials", "https://ada:example-password@git.example.com\n");
  put("home/.config/gh/hosts.yml", `oauth_token: ghp_${"a".repeat(36)}\n`);
  put("home/.config/opencode/opencode.json", '{"apiKey": "berth_sbx_org.ses.1.0123456789abcdef0123"}');
  put("machine/berth.env", `KEY=berth_${"k".repeat(24)}\n`);
  put("proc/17/environ", `PATH=/bin\0OPENAI_API_KEY=sk-${key}\0`);
  put("proc/17/comm", "node\n");
  put("proc/18/cmdline", "psql\0postgres://berth:example-password@127.0.0.1/berth\0");
  put("proc/18/comm", "psql\n");
  const found = secretsInReach({ home: join(root, "home"), paths: [join(root, "machine")], sockets: [], proc: join(root, "proc") });
  expect(found.map((place) => place.replaceAll(root, ""))).toEqual([
    "model provider's key in the environment of node",
    "password in an address in the command line of psql",
    "private key in /home/.ssh/id_ed25519",
    "AWS key in /home/.aws/credentials",
    "password in an address in /home/.git-credentials",
    "GitHub token in /home/.config/gh/hosts.yml",
    "Berth API key in /machine/berth.env",
  ]);
  expect(found.join()).not.toMatch(/EXAMPLE|example-password|ghp_|kkkk/);
});

test("[SCR7] what the agent was given to read is told by name, and the same value elsewhere as what it looks like", () => {
  const token = `ghp_${"a".repeat(36)}`;
  put("proc/7/environ", `PATH=/bin\0GITHUB_TOKEN=${token}\0`);
  put("proc/7/comm", "opencode\n");
  const look = (): string[] => secretsInReach({ home: join(root, "home"), given: { GITHUB_TOKEN: token }, paths: [], sockets: [], proc: join(root, "proc") });
  expect(look()).toEqual(["GITHUB_TOKEN, marked readable by the agent"]);
  put("proc/7/environ", `GITHUB_TOKEN=${token}\0OTHER=${token}\0`);
  expect(look()).toEqual(["GitHub token in the environment of opencode", "GITHUB_TOKEN, marked readable by the agent"]);
});

test("a place without secrets, or that is not there, tells nothing", () => {
  put("home/.gitconfig", "[user]\n\tname = Ada\n");
  put("proc/7/environ", "http_proxy=http://127.0.0.1:3128\0MARK=ses_a-1@instance\0");
  expect(secretsInReach({ home: join(root, "home"), paths: ["/nonexistent"], sockets: ["/nonexistent"], proc: join(root, "proc") })).toEqual([]);
  writeFileSync(join(root, "engine.sock"), "");
  expect(secretsInReach({ home: join(root, "home"), paths: [], sockets: [join(root, "engine.sock")], proc: join(root, "proc") })).toEqual([`control of the machine at ${join(root, "engine.sock")}`]);
});

test("rights, mounts and routes are read as the kernel writes them", () => {
  const status = "Uid:\t1000\t1000\nCapInh:\t0000000000000000\nCapPrm:\t0000000000002001\nCapEff:\t0000000000000001\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n";
  expect(readRights(status)).toEqual({ uid: "1000", capabilities: ["chown", "net_raw"], noNewPrivileges: true });
  const mount = (point: string, options: string, type = "ext4", superOptions = "rw"): string => `1 2 0:1 / ${point} ${options} - ${type} none ${superOptions}`;
  const mounts = [mount("/", "ro", "tmpfs"), mount("/work", "rw"), mount("/usr", "rw", "ext4", "ro"), mount("/proc", "rw", "proc"), mount("/dev/null", "rw"), mount("/dev/sda", "rw"), mount("/proc/theirs", "rw")];
  expect(readMounts(mounts.join("\n"))).toEqual({ writable: ["/work", "/dev/sda", "/proc/theirs"], readOnly: ["/", "/usr"] });
  const head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n";
  expect(hasDefaultRoute(`${head}eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n`, "")).toBe(false);
  expect(hasDefaultRoute(`${head}eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\n`, "")).toBe(true);
  const any = "0".repeat(32);
  expect(hasDefaultRoute(head, `${any} 00 ${any} 00 ${any} ffffffff 00000001 00000000 00200200       lo\n`)).toBe(false);
  expect(hasDefaultRoute(head, `${any} 00 ${any} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n`)).toBe(true);
});

test("[POL7] git's remotes are told without what is in them, and its own credentials by their settings", async () => {
  const repository = join(root, "repository");
  const run = (...args: string[]): string => execFileSync("git", ["-C", root, ...args], { encoding: "utf8", env: { PATH: process.env["PATH"], HOME: root } });
  run("init", "--quiet", "--initial-branch=main", repository);
  const config = (name: string, value: string): string => run("-C", repository, "config", "--add", name, value);
  config("remote.origin.url", "https://ada:example-password@git.example.com/a/b");
  config("credential.helper", "store");
  config("http.extraheader", "Authorization: Bearer berth_sbx_example");
  const measured = await measureInside({ url: "ws://127.0.0.1:1/", token: "example", workFolder: repository, home: root, proxyPort: null });
  expect(SandboxMeasurement.parse(measured)).toEqual(measured);
  expect(measured.git).toMatchObject({ branch: "main", remotes: ["https://git.example.com/a/b"], credentials: expect.arrayContaining(["credential.helper", "in a remote's address"]) });
  expect(measured.git?.credentials).not.toContain("http.extraheader");
  expect(JSON.stringify(measured.git)).not.toContain("example-password");
});
