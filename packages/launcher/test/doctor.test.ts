/** Breaks what the doctor looks at, one thing after the other, and sees its line with the command that puts it right. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Finding } from "../src/doctor/finding.ts";
import { checkFolder, checkLeftovers, checkMigrations, checkPort } from "../src/doctor/instance.ts";
import { checkDisk, checkDocker, checkInstalled, checkIsolation, checkNode, checkWarm } from "../src/doctor/machine.ts";
import { composedPorts } from "../src/doctor/ports.ts";
import { checkPublicUrl } from "../src/doctor/public-url.ts";
import { renderGroup, renderPorts, renderVerdict } from "../src/doctor/report.ts";
import { checkSignIn } from "../src/doctor/sign-in.ts";
import { checkVariables } from "../src/doctor/variables.ts";
import { freePort } from "../src/free-port.ts";
import { LocalState } from "../src/local-state.ts";
import { ROOT } from "../src/paths.ts";
import { runLauncher } from "./run-launcher.ts";

const cleanups: (() => void | Promise<void>)[] = [];
let dir = "";
let state: LocalState;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-doctor-"));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  state = new LocalState(join(dir, "data"));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function wrong(finding: Finding): { text: string; fix: string } {
  if (finding.status !== "bad") throw new Error(`${finding.name} is ${finding.status}: ${finding.text}`);
  return { text: finding.text, fix: finding.fix };
}

async function listen(): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as { port: number }).port;
}

/** A process that waits, with `word` among its arguments. */
async function waiting(word: string): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ["-e", "console.log(1); setInterval(() => {}, 1000)", word], { stdio: ["ignore", "pipe", "ignore"] });
  cleanups.push(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return child as ChildProcess & { pid: number };
}

test("ways to sign in are told, and which of them were not tried with the provider itself", () => {
  expect(checkSignIn({ GITHUB_CLIENT_ID: "Iv1.example" })).toEqual({ status: "ok", name: "Sign-in", text: "the launcher's link, address and password" });
  const both = { GITHUB_CLIENT_ID: "Iv1.example", GITHUB_CLIENT_SECRET: "example-github-client-secret", GOOGLE_CLIENT_ID: "example", GOOGLE_CLIENT_SECRET: "example-google-client-secret" };
  expect(checkSignIn(both)).toMatchObject({ text: "the launcher's link, address and password, GitHub (not yet verified live), Google (not yet verified live)" });
});

describe("machine", () => {
  test("an old Node is named with what fetches a newer one", () => {
    expect(wrong(checkNode("v20.20.2"))).toEqual({ text: "v20.20.2 is older than 22.22", fix: "npm start" });
    expect(checkNode("v22.22.0").status).toBe("ok");
    expect(checkNode(process.version).status).toBe("ok");
  });

  test("dependencies that are not installed, or older than the lockfile, are told", () => {
    writeFileSync(join(dir, "package-lock.json"), "{}");
    expect(wrong(checkInstalled(dir))).toEqual({ text: "not installed by Berth", fix: "npm start" });
    mkdirSync(join(dir, "node_modules"));
    writeFileSync(join(dir, "node_modules", ".berth-lockfile"), "an older hash");
    expect(wrong(checkInstalled(dir))).toEqual({ text: "older than the lockfile", fix: "npm start" });
  });

  test("a disk that is nearly full is told with the space that is left", () => {
    expect(wrong(checkDisk("/data", 512 * 1024 ** 2)).text).toBe("only 0.5 GB free for /data");
    expect(checkDisk(join(dir, "not", "made", "yet")).text).toContain("GB free");
    expect([checkWarm(0), checkWarm(1, 1024 ** 3), checkWarm(2, 8 * 1024 ** 3)].map(({ status, text }) => `${status}: ${text}`)).toEqual([
      "info: none waits for a session: SANDBOXES_WARM_MAX is 0",
      "info: none for now: only 1.0 GB of memory are free, so sandboxes are made when their session begins",
      "ok: up to 2 of each backend wait for a session with the agent started (SANDBOXES_WARM_MAX)",
    ]);
  });

  test("missing isolation ends in the command of the adapter, and is accepted when it was chosen", async () => {
    const none = () => Promise.resolve({ isolation: "none" as const, reason: "bubblewrap: not installed", fix: "Install bubblewrap, for example with `apt-get install bubblewrap`." });
    expect(wrong(await checkIsolation(["process"], false, none))).toEqual({
      text: "none, so only the demo model may run (bubblewrap: not installed)",
      fix: "apt-get install bubblewrap",
    });
    expect((await checkIsolation(["process"], true, none)).status).toBe("info");
    expect((await checkIsolation(["docker"], false, none)).status).toBe("info");
  });

  test("Docker is wrong only where it is chosen as a backend", async () => {
    const lack = { what: "docker" as const, reason: "not installed", fix: "apt-get install -y docker.io" };
    expect((await checkDocker(["process"], { lack })).status).toBe("info");
    expect(wrong(await checkDocker(["docker"], { lack }))).toEqual({ text: "not installed", fix: "apt-get install -y docker.io" });
    const report = (version: string | null, reason: string | null, fix: string | null) => () => Promise.resolve({ version, reason, fix, lacksImage: fix === "npm run image" });
    const away = report(null, "The container engine cannot be reached.", "Start Docker, for example with `systemctl start docker`.");
    expect(wrong(await checkDocker(["docker"], { lack: { ...lack, reason: "no daemon" }, detect: away })).fix).toBe("systemctl start docker");
    const bare = report("20.10.24", "the image berth-sandbox:latest is not there", "npm run image");
    expect(wrong(await checkDocker(["docker", "process"], { lack: null, detect: bare }))).toEqual({ text: "20.10.24, but the image berth-sandbox:latest is not there", fix: "npm run image" });
    expect((await checkDocker(["process"], { lack: null, detect: bare })).status).toBe("info");
    expect(await checkDocker(["docker"], { lack: null, detect: report("20.10.24", null, null) })).toMatchObject({ status: "ok", text: "20.10.24, with the image of sandboxes" });
  });

  test("[DKR9] a missing image is told with how its build goes, and is wrong by itself only where somebody chose", async () => {
    const detect = () => Promise.resolve({ version: "20.10.24", reason: "the image x is not there", fix: "npm run image", lacksImage: true });
    const look = (backends: readonly string[], more: Parameters<typeof checkDocker>[1]) => checkDocker(backends, { lack: null, detect, ...more });
    const building = { state: "building" as const, image: "x", step: "Building x from y", builder: { pid: 1, startedAt: "1" } };
    expect(await look(["docker", "process"], { isDefault: true, build: building })).toMatchObject({ status: "info", text: "20.10.24; the image of sandboxes is being built: Building x from y" });
    const failed = await look(["docker", "process"], { isDefault: true, build: { state: "failed", image: "x", reason: "docker pull failed. No route." } });
    expect(wrong(failed)).toEqual({ text: "20.10.24, but the image of sandboxes could not be built: docker pull failed. No route.", fix: "npm run image" });
    expect(await look(["docker", "process"], { isDefault: true })).toMatchObject({ status: "info", text: expect.stringContaining("the next npm start builds it") });
    expect((await look(["docker", "process"], {})).status).toBe("bad");
  });
});

describe("instance", () => {
  test("a data folder that cannot be one is told, and looking makes nothing", () => {
    writeFileSync(join(dir, "file"), "");
    expect(wrong(checkFolder(new LocalState(join(dir, "file", "data")))).text).toBe(`${join(dir, "file")} is not a folder`);
    expect(checkFolder(state)).toMatchObject({ status: "ok", text: `${state.dataDir}, not used yet` });
    expect(checkFolder(new LocalState(dir)).status).toBe("ok");
  });

  test("damaged secrets are told with the way to start over", () => {
    state.secrets();
    writeFileSync(join(state.dataDir, "secrets.json"), "");
    expect(wrong(checkFolder(state))).toMatchObject({ text: expect.stringContaining("secrets.json is damaged"), fix: "npm start -- --reset" });
  });

  test("a taken port is told with the pid and command of its holder", async () => {
    const port = await listen();
    const { text, fix } = wrong(await checkPort(state, port));
    expect(text).toMatch(new RegExp(`^${port} is taken by pid ${process.pid} \\(.*node`));
    expect(fix).toBe(`npm start -- --port ${port + 1}`);
    expect((await checkPort(state, 0)).status).toBe("ok");
  });

  test("processes of an earlier start are told with their pids", async () => {
    const child = await waiting("worker-of-an-earlier-start");
    state.rememberChild("worker", child.pid);
    expect(wrong(checkLeftovers(state))).toEqual({ text: `left by an earlier start: worker (pid ${child.pid})`, fix: `kill ${child.pid}` });
    state.forgetChild("worker");
    expect(checkLeftovers(state).status).toBe("ok");
  });

  test("a PostgreSQL that lost its supervisor is told, another process with its pid is not", async () => {
    const postgres = await waiting("postgres");
    const other = await waiting("anything");
    mkdirSync(join(state.dataDir, "postgres"), { recursive: true });
    const file = join(state.dataDir, "postgres", "postmaster.pid");
    writeFileSync(file, `${postgres.pid}\n/data\n1700000000\n5432\n`);
    expect(wrong(checkLeftovers(state)).fix).toBe(`kill ${postgres.pid}`);
    writeFileSync(file, `${other.pid}\n/data\n1700000000\n5432\n`);
    expect(checkLeftovers(state).status).toBe("ok");
  });

  test("a database that does not run is no fault, one that is named and does not answer is", async () => {
    expect((await checkMigrations(state, null)).status).toBe("info");
    // Port 1 is never listened on.
    expect(wrong(await checkMigrations(state, "postgres://nobody:example@127.0.0.1:1/none")).fix).toBe("unset DATABASE_URL");
  });

  test("variables are held against the schema: missing, wrong and unknown ones", () => {
    expect(checkVariables(dir)).toMatchObject([{ status: "info" }]);
    writeFileSync(join(dir, ".dev.vars"), "PUBLIC_URL=nowhere\nSANDBOX_HOST_URL=http://127.0.0.1:8788\nMASTER_KEYS=1:abc\nTYPO=1\n");
    const fixes = new Map(checkVariables(dir).map((finding) => [wrong(finding).text, wrong(finding).fix]));
    expect(fixes.get(".dev.vars: there is no variable TYPO")).toBe("sed -i.old '/^TYPO=/d' .dev.vars");
    expect(fixes.get(".dev.vars: AUTH_SECRET is missing")).toBe('echo "AUTH_SECRET=$(openssl rand -hex 32)" >> .dev.vars');
    expect(fixes.get(".dev.vars: PUBLIC_URL: Invalid URL")).toBe('echo "PUBLIC_URL=http://127.0.0.1:8787" >> .dev.vars');
    expect(fixes.get(".dev.vars: MASTER_KEYS: not version:base64 of 32 bytes")).toContain("openssl rand -base64 32");
  });

  test("an address that others reach wants the header that tells callers apart", () => {
    const callers = (text: string): readonly string[] => {
      writeFileSync(join(dir, ".dev.vars"), text);
      return checkVariables(dir).flatMap((finding) => (finding.status === "bad" && finding.text.includes("CLIENT_ADDRESS_HEADER") ? [finding.fix] : []));
    };
    expect(callers("PUBLIC_URL=https://berth.example.com\n")).toEqual(['echo "CLIENT_ADDRESS_HEADER=cf-connecting-ip" >> .dev.vars']);
    expect(callers("PUBLIC_URL=https://berth.example.com\nCLIENT_ADDRESS_HEADER=x-real-ip\n")).toEqual([]);
    expect(callers("PUBLIC_URL=http://127.0.0.1:8787\n")).toEqual([]);
  });
});

describe("a public address", () => {
  const away = { running: () => null };
  const here = { running: () => ({ pid: process.pid, startTime: null, url: null, ending: false }) };
  const CALLERS = { CLIENT_ADDRESS_HEADER: "x-real-ip" };

  test("that is none wants nothing, and one wants the header that tells callers apart", async () => {
    expect(await checkPublicUrl(away, null, {})).toEqual([]);
    const findings = await checkPublicUrl(away, "https://berth.example.com", {});
    expect(findings.map(({ status }) => status)).toEqual(["info", "bad"]);
    expect(findings.map((finding) => (finding.status === "bad" ? finding.fix : ""))).toContain("export CLIENT_ADDRESS_HEADER=x-real-ip");
    expect((await checkPublicUrl(away, "https://berth.example.com", CALLERS)).map(({ status }) => status)).toEqual(["info", "ok"]);
  });

  test("without TLS is told before anybody signs in over it", async () => {
    const [finding] = await checkPublicUrl(away, "http://berth.example.com", CALLERS);
    expect(finding && wrong(finding).fix).toBe("npm start -- --public-url https://berth.example.com");
  });

  test("that does not answer is told with the command that shows why", async () => {
    const at = `https://127.0.0.1:${await freePort()}`;
    const [finding] = await checkPublicUrl(here, at, CALLERS);
    expect(finding && wrong(finding)).toEqual({ text: `${at} does not answer (ECONNREFUSED)`, fix: `curl -i ${at}/health` });
  });
});

describe("composition", () => {
  test("every complete port shows an adapter that a program of this checkout composes", () => {
    const bare = composedPorts(ROOT).filter(({ state: is, adapters }) => is === "complete" && adapters.length === 0);
    expect(bare).toEqual([]);
    expect(renderPorts(composedPorts(ROOT))).toMatch(/sandbox .*remote .*\(Worker\)/);
  });

  test("an adapter that met only stand-ins is marked, and the others are not", () => {
    const rows = stripVTControlCharacters(renderPorts(composedPorts(ROOT)));
    expect(rows).toContain("direct (Worker), litellm (Worker, not yet verified live), bifrost (Worker, not yet verified live)");
    expect(rows).toContain("postgres (Worker), onepassword (Worker, not yet verified live)");
  });
});

describe("report", () => {
  test("a red line ends in its command and the verdict counts them", () => {
    const findings = [checkNode("v18.0.0"), checkNode("v24.0.0")];
    const lines = renderGroup("Machine", findings).split("\n");
    expect(lines[1]).toMatch(/✗ Node +v18\.0\.0 is older than 22\.22 → npm start$/);
    expect(lines[2]).toMatch(/✓ Node +v24\.0\.0$/);
    expect(renderVerdict(findings)).toContain("1 thing is wrong");
  });

  test("the command exits 1 on red and makes no data folder", async () => {
    const port = await listen();
    const { code, stdout } = await runLauncher(["doctor", "--port", String(port), "--data-dir", state.dataDir]);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`✗ Port .*taken by pid ${process.pid} .* → npm start -- --port ${port + 1}\n`));
    expect(checkFolder(state).text).toContain("not used yet");
  });

  test("a variable that cannot be read is a red line too", async () => {
    const { code, stdout } = await runLauncher(["doctor", "--data-dir", state.dataDir], { PORT: "many" });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ Settings .*"many".* → unset PORT\n/);
  });
});
