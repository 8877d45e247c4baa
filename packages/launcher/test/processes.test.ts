/** What the launcher knows about processes and ports, on real ones. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endOrphanPostgres } from "../src/orphan-postgres.ts";
import { bindError, portHolder, refuseTakenPort } from "../src/port-holder.ts";
import { descendantsOf, endProcess, startTimeOf } from "../src/process-table.ts";
import { endProcessesLeft, processesOf } from "../src/processes-left.ts";

const WAIT = "console.log(1); setInterval(() => {}, 1000)";
const pids: number[] = [];
let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-processes-"));
});
afterEach(async () => {
  for (const pid of pids.splice(0)) await endProcess(pid, 0, false);
  rmSync(dir, { recursive: true, force: true });
});

async function started(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn(process.execPath, ["-e", ...args], { stdio: ["ignore", "pipe", "ignore"], env, detached: true });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  pids.push(child.pid ?? 0);
  return child.pid ?? 0;
}

test("a taken port is refused with its holder and both ways on, a free one is not", async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await expect(refuseTakenPort({ port, args: [] })).rejects.toThrow(
    new RegExp(`Port ${port} is taken by pid ${process.pid} \\(.*\\)\\.\n.*kill ${process.pid}\n.*npm start -- --port ${port + 1}`),
  );
  await new Promise((resolve) => server.close(resolve));
  await expect(refuseTakenPort({ port, args: [] })).resolves.toBeUndefined();
  expect(portHolder(port)).toBeNull();
  expect(await bindError(port)).toBeNull();
});

test("a port of another Berth is told with its address and the launcher that ends it, and the user's own arguments are kept", async () => {
  const launcher = join(dir, "packages", "launcher", "src");
  mkdirSync(launcher, { recursive: true });
  // As the launcher has its Worker below it, which has the port.
  const worker = `const health = JSON.stringify({ status: "ok", version: "0.1.0", sandboxes: [], demoModel: true });
    const server = require("node:http").createServer((_request, response) => response.setHeader("content-type", "application/json").end(health));
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  writeFileSync(join(launcher, "main.ts"), `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(worker)}], { stdio: "inherit" });`);
  const child = spawn(process.execPath, ["--input-type=commonjs", "-e", `require(${JSON.stringify(join(launcher, "main.ts"))})`, join(launcher, "main.ts")], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, TMPDIR: dir } });
  const port = await new Promise<number>((resolve) => child.stdout.once("data", (line: Buffer) => resolve(Number(line))));
  pids.push(...descendantsOf(child.pid ?? 0), child.pid ?? 0);
  const args = ["--port", String(port), "--sandbox-backend=docker", "--data-dir", "/data/of mine", "--database-url", "postgres://berth:example-password@127.0.0.1/berth"];
  const refused = await refuseTakenPort({ port, args }).then(() => "", (error: Error) => error.message);
  expect(refused).toBe(
    `Port ${port} is taken by Berth itself, which runs already at http://127.0.0.1:${port} (pid ${child.pid}) from another data folder.\n` +
      `Either use that one, stop it:  kill ${child.pid}\n` +
      `or start Berth on another one:  npm start -- --sandbox-backend=docker --data-dir '/data/of mine' --database-url postgres://berth:…@127.0.0.1/berth --port ${port + 1}`,
  );
});

test("processes are found by a folder in their arguments or environment, and ended when they stay", async () => {
  const byArgument = await started([WAIT, dir]);
  const byVariable = await started([WAIT], { TMPDIR: dir });
  expect(processesOf(dir).map(({ pid }) => pid).sort()).toEqual([byArgument, byVariable].sort());
  const left = await endProcessesLeft(dir);
  expect(left.map(({ pid }) => pid).sort()).toEqual([byArgument, byVariable].sort());
  expect(processesOf(dir)).toEqual([]);
}, 15_000);

test("a PostgreSQL without supervisor is asked to shut down fast", async () => {
  const pid = await started(["process.on('SIGINT', () => process.exit(0)); console.log(1); setInterval(() => {}, 1000)", "postgres"]);
  mkdirSync(join(dir, "postgres"));
  writeFileSync(join(dir, "postgres", "postmaster.pid"), `${pid}\n${dir}\n1\n5432\n`);
  await endOrphanPostgres(join(dir, "postgres"));
  expect(startTimeOf(pid)).toBeNull();
});
