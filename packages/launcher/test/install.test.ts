/** The very first step while it installs, in a checkout of its own with an npm that takes for ever. */
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ROOT } from "../src/paths.ts";
import { endProcessesLeft, processesOf } from "../src/processes-left.ts";

let checkout = "";
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "berth-install-"));
  const launcher = join(checkout, "packages", "launcher");
  mkdirSync(launcher, { recursive: true });
  copyFileSync(join(ROOT, "packages", "launcher", "berth.mjs"), join(launcher, "berth.mjs"));
  writeFileSync(join(checkout, "package-lock.json"), "{}");
});
afterEach(async () => {
  await endProcessesLeft(checkout);
  rmSync(checkout, { recursive: true, force: true });
});

/** @param npm what the npm in use does */
function start(npm: string): { child: ReturnType<typeof spawn>; ended: Promise<number | NodeJS.Signals | null>; output: () => string } {
  const script = join(checkout, "npm.cjs");
  writeFileSync(script, npm);
  const env = { ...process.env, npm_execpath: script, npm_command: "", INIT_CWD: checkout };
  const child = spawn(process.execPath, [join(checkout, "packages", "launcher", "berth.mjs"), "start"], { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  return { child, ended: new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal))), output: () => output };
}

/** Asked to end it goes on, as npm does for as long as it tidies up, and so does what it started. */
const STUBBORN = `
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
  if (process.argv[2] !== "below") {
    require("node:child_process").spawn(process.execPath, [__filename, "below"], { stdio: "inherit" });
  } else {
    require("node:fs").writeFileSync(__dirname + "/running", "");
  }
  setInterval(() => {}, 1000);`;

test.each(["SIGINT", "SIGTERM"] as const)("%s while packages are installed ends it at once with 130, one calm line and no process", async (signal) => {
  const { child, ended, output } = start(STUBBORN);
  while (!existsSync(join(checkout, "running"))) await delay(25);
  const asked = performance.now();
  child.kill(signal);
  expect(await ended).toBe(130);
  expect(performance.now() - asked).toBeLessThan(2_000);
  expect(output().split("\n").filter((line) => line.trim() !== "")).toEqual(["  · Installing dependencies …", expect.stringMatching(/^ {2}– Installing dependencies: stopped after \d+ s\. The same command begins it again\.$/)]);
  while (processesOf(checkout).length > 0) await delay(25);
});

test("an installation that fails says so with what npm said, and is no stop", async () => {
  const { ended, output } = start(`console.error("no space left"); process.exit(1);`);
  expect(await ended).toBe(1);
  expect(output()).toMatch(/✗ Installing dependencies .*\nno space left\n\nInstalling dependencies failed\. Fix what it says above/);
  expect(existsSync(join(checkout, "node_modules"))).toBe(false);
});
