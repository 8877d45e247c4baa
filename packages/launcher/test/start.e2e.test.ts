/** `npm start` when it is refused, interrupted, killed and started again, with its real processes. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LocalState } from "../src/local-state.ts";
import { ROOT } from "../src/paths.ts";
import { processesOf } from "../src/processes-left.ts";
import { endProcess, startTimeOf } from "../src/process-table.ts";
import { PROCESSES, spawnBerth, startInstance } from "./instance.ts";
import { runLauncher } from "./run-launcher.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-start-"));
  chmodSync(dir, 0o711);
});
afterEach(async () => {
  for (const { pid } of processesOf(dir)) await endProcess(pid, 0, false);
  rmSync(dir, { recursive: true, force: true });
});

/** Waits until nothing of the folder runs; the test's own limit bounds it. */
async function untilGone(): Promise<void> {
  while (processesOf(dir).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function healthOf(url: string): Promise<number> {
  return (await fetch(`${url}/health`)).status;
}

/** Needs the Worker and the database, and a key of the first start. */
async function listsSessions(url: string): Promise<number> {
  return (await fetch(`${url}/v1/sessions`, { headers: { authorization: `Bearer ${new LocalState(dir).secrets().apiKey}` } })).status;
}

describe("refused in words, with exit code 1 and nothing started", () => {
  test("a taken port", async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const { code, stderr } = await runLauncher(["start", "--port", String(port), "--data-dir", join(dir, "data")]);
    await new Promise((resolve) => server.close(resolve));
    expect(code).toBe(1);
    expect(stderr).toContain(`Port ${port} is taken by pid ${process.pid}`);
    expect(stderr).toContain("--port");
    expect(stderr).not.toContain("    at ");
    expect(processesOf(dir)).toEqual([]);
  });

  test("damaged secrets, which --reset replaces", async () => {
    writeFileSync(join(dir, "secrets.json"), "");
    const { code, stderr } = await runLauncher(["start", "--port", "0", "--data-dir", dir]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/secrets\.json is damaged/);
    const again = await startInstance(dir, { args: ["--reset"] });
    expect(await healthOf(again.url)).toBe(200);
    again.kill("SIGTERM");
    expect(await again.ended).toBe(0);
  });

  test("a data folder that cannot be made", async () => {
    writeFileSync(join(dir, "file"), "");
    const { code, stderr } = await runLauncher(["start", "--port", "0", "--data-dir", join(dir, "file", "data")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/--data-dir.* is not a folder.* \(ENOTDIR\)/);
  });

  test("a database that does not answer, told without its password", async () => {
    const { code, stderr } = await runLauncher(["start", "--port", "0", "--data-dir", dir, "--database-url", "postgres://someone:example-password@127.0.0.1:1/none"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/The database at 127\.0\.0\.1:1\/none could not be brought up to date: .*ECONNREFUSED/);
    expect(stderr).not.toContain("example-password");
    expect(stderr).not.toContain("    at ");
    expect(processesOf(dir)).toEqual([]);
  });
});

describe("an instance", () => {
  test("shows steps and addresses only, refuses a second one on its folder, and ends on Ctrl-C with everything it started", async () => {
    const instance = await startInstance(dir);
    const lines = instance.output().split("\n").filter((line) => line.trim() !== "");
    expect(lines.filter((line) => !/^  ([✓·] |  |Berth is ready|Ctrl-C)/.test(line))).toEqual([]);

    const second = await runLauncher(["start", "--port", "0", "--data-dir", dir]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`Berth already runs from ${dir}`);
    expect(second.stderr).toContain(instance.url);
    const link = /To sign in, open: {2}(\S+)/.exec(second.stderr)?.[1] ?? "";
    expect((await fetch(link, { redirect: "manual" })).status).toBeLessThan(400);
    expect(await healthOf(instance.url)).toBe(200);

    const tree = instance.tree();
    expect(tree.length).toBeGreaterThan(4);
    instance.kill("SIGINT");
    instance.kill("SIGINT"); // a second Ctrl-C does not cut it short
    expect(await instance.ended).toBe(0);
    await untilGone();
    expect(tree.filter((pid) => startTimeOf(pid) !== null)).toEqual([]);
    expect(new LocalState(dir).running()).toBeNull();
  });

  test("whose launcher was killed for good is started again over what it left, with its data", async () => {
    const first = await startInstance(dir);
    // Everything that could tidy up dies at once; PostgreSQL, workerd and the others stay.
    const launcher = new LocalState(dir).running()?.pid ?? 0;
    process.kill(launcher, "SIGKILL");
    first.kill("SIGKILL");
    await first.ended;
    expect(new LocalState(dir).leftovers().map(({ name }) => name).sort()).toEqual(["database", "demo-model", "sandbox-host", "worker"]);

    const second = await startInstance(dir);
    expect(second.output()).toContain("Ending what an earlier start left behind");
    expect(await healthOf(second.url)).toBe(200);
    expect(await listsSessions(second.url)).toBe(200);
    second.kill("SIGTERM");
    expect(await second.ended).toBe(0);
    await untilGone();
  });

  test("ends by itself when only its first step was killed, and the next start waits for it", async () => {
    const first = await startInstance(dir);
    first.kill("SIGKILL");
    const second = await startInstance(dir);
    expect(await healthOf(second.url)).toBe(200);
    second.kill("SIGTERM");
    expect(await second.ended).toBe(0);
    await untilGone();
  });

  test("survives the death of each of its parts", async () => {
    const instance = await startInstance(dir);
    const state = new LocalState(dir);
    for (const name of ["worker", "database", "sandbox-host", "demo-model"]) {
      const pid = state.leftoverChild(name) ?? 0;
      process.kill(pid, "SIGKILL");
      while ((state.leftoverChild(name) ?? pid) === pid) await new Promise((resolve) => setTimeout(resolve, 25));
    }
    while ((await listsSessions(instance.url).catch(() => 0)) !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
    instance.kill("SIGTERM");
    expect(await instance.ended).toBe(0);
    await untilGone();
  });

  test("that is interrupted while it starts leaves nothing", async () => {
    const { child, output } = spawnBerth(["start", "--port", "0", "--data-dir", dir], PROCESSES);
    while (!existsSync(join(dir, "children-database.json"))) await new Promise((resolve) => setTimeout(resolve, 25));
    const ended = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGINT");
    expect(await ended, output()).toBe(130);
    await untilGone();
  });

  test("whose database was never finished is created anew", async () => {
    mkdirSync(join(dir, "postgres.new"));
    writeFileSync(join(dir, "postgres.new", "PG_VERSION"), "18");
    const instance = await startInstance(dir);
    expect(await healthOf(instance.url)).toBe(200);
    instance.kill("SIGTERM");
    expect(await instance.ended).toBe(0);
  });
});

test("npm run dev starts the part again whose source changed, and says so", async () => {
  const instance = await startInstance(dir, { command: "dev" });
  const state = new LocalState(dir);
  const before = state.leftoverChild("demo-model");
  const source = join(ROOT, "packages", "demo-model", "src", "main.ts");
  const { atime } = statSync(source);
  while (!instance.output().includes("restarted demo-model")) {
    // Again and again, since nothing tells from which moment on changes are seen.
    utimesSync(source, atime, new Date());
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(instance.output()).toMatch(/packages\/demo-model\/src\/main\.ts → .*restarted demo-model/);
  expect(state.leftoverChild("demo-model")).not.toBe(before);
  instance.kill("SIGTERM");
  expect(await instance.ended).toBe(0);
  await untilGone();
});
