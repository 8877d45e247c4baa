/**
 * The first step of every command. Runs on Node 18 or newer with nothing installed: fetches a newer Node when this one is
 * too old for workerd's tools, installs the dependencies when the lockfile changed, and goes on in TypeScript under it.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Node 22.22 is the oldest that testcontainers takes, and runs TypeScript as it is. */
const NODE_OLDEST = [22, 22];
const NODE_FETCHED = "24.21.0";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const toolchain = join(root, ".berth", "toolchain");

function isNewEnough(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return major > NODE_OLDEST[0] || (major === NODE_OLDEST[0] && minor >= NODE_OLDEST[1]);
}

/** Runs a long step, telling its elapsed time; on a terminal the line counts up. Exits with the step's output when it fails. */
function step(title, command, args, options = {}) {
  return new Promise((resolve) => {
    const started = Date.now();
    const elapsed = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
    const live = process.stderr.isTTY;
    if (!live) process.stderr.write(`  · ${title} …\n`);
    const show = () => process.stderr.write(`\r\x1b[2K  · ${title} … ${elapsed()}`);
    const timer = live ? setInterval(show, 500) : null;
    if (live) show();
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    const finish = (ok) => {
      if (timer) clearInterval(timer);
      process.stderr.write(`${live ? "\r\x1b[2K" : ""}  ${ok ? "✓" : "✗"} ${title} (${elapsed()})\n`);
      if (!ok) {
        process.stderr.write(`${output.trim()}\n\n${title} failed. Fix what it says above and run the same command again.\n`);
        process.exit(1);
      }
      resolve(output);
    };
    child.on("error", (error) => {
      output += error.message;
      finish(false);
    });
    child.on("close", (code) => finish(code === 0));
  });
}

/** npm as a [command, leading arguments] pair; under `npm start` the running npm is used, so that no other is needed. */
function npm(node) {
  const cli = process.env.npm_execpath;
  return cli && /\.c?js$/.test(cli) ? [node, [cli]] : ["npm", []];
}

async function ensureNode() {
  if (isNewEnough(process.version)) return process.execPath;
  const fetched = join(toolchain, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  const answer = existsSync(fetched) ? spawnSync(fetched, ["--version"], { encoding: "utf8" }).stdout ?? "" : "";
  if (answer.trim() === `v${NODE_FETCHED}`) return fetched;
  mkdirSync(toolchain, { recursive: true });
  writeFileSync(join(toolchain, "package.json"), JSON.stringify({ private: true }));
  const [command, args] = npm(process.execPath);
  await step(`Fetching Node ${NODE_FETCHED} (this one is ${process.version})`, command, [
    ...args, "install", "--prefix", toolchain, "--no-audit", "--no-fund", `node@${NODE_FETCHED}`,
  ]);
  return fetched;
}

async function ensureInstalled(node) {
  const lockfile = readFileSync(join(root, "package-lock.json"));
  const wanted = createHash("sha256").update(lockfile).digest("hex");
  const marker = join(root, "node_modules", ".berth-lockfile");
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  const [command, args] = npm(node);
  const path = `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}`;
  await step("Installing dependencies", command, [...args, "ci", "--no-audit", "--no-fund"], {
    env: { ...process.env, PATH: path, npm_config_update_notifier: "false" },
  });
  writeFileSync(marker, wanted);
}

const node = await ensureNode();
await ensureInstalled(node);

const child = spawn(node, ["--disable-warning=ExperimentalWarning", join(root, "packages", "launcher", "src", "main.ts"), ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  stdio: "inherit",
  env: { ...process.env, PATH: `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}` },
});
// Ctrl-C reaches the whole foreground group; the child ends in its own time and this process waits for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
