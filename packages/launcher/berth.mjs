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

const POLL_MS = 500;
const began = Date.now();

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const toolchain = join(root, ".berth", "toolchain");
const fetchedNode = join(toolchain, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
const marker = join(root, "node_modules", ".berth-lockfile");

/** The command, once it runs; signals are its business from then on. */
let current = null;
/** Ends the step that runs now. What it leaves half done is done anew by the next start, so there is nothing to wait for. */
let endStep = null;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // Ctrl-C on a terminal reaches the whole foreground group by itself.
    if (current && (signal !== "SIGINT" || !process.stdin.isTTY)) current.kill(signal);
    if (current) return;
    endStep?.();
    process.exit(130);
  });
}

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
    // Under `npm --silent` the inner npm would fail without a word.
    const env = { ...(options.env ?? process.env), npm_config_loglevel: "warn", npm_config_update_notifier: "false" };
    // In a group of its own, which can be ended at once with all that npm started: npm itself takes its time, and calls it an error.
    const ownGroup = process.platform !== "win32";
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env, detached: ownGroup });
    endStep = () => {
      endStep = null;
      if (ownGroup) endGroup(child);
      else child.kill("SIGKILL");
      if (timer) clearInterval(timer);
      process.stderr.write(`${live ? "\r\x1b[2K" : ""}  – ${title}: stopped after ${elapsed()}. The same command begins it again.\n`);
    };
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
    child.on("close", (code) => {
      endStep = null;
      finish(code === 0);
    });
  });
}

function endGroup(leader) {
  if (leader.pid === undefined) return; // never started
  try {
    process.kill(-leader.pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** npm as a [command, leading arguments] pair; under `npm start` the running npm is used, so that no other is needed. */
function npm(node) {
  const cli = process.env.npm_execpath;
  return cli && /\.c?js$/.test(cli) ? [node, [cli]] : ["npm", []];
}

async function ensureNode() {
  if (isNewEnough(process.version)) return process.execPath;
  if (hasFetchedNode()) return fetchedNode;
  mkdirSync(toolchain, { recursive: true });
  writeFileSync(join(toolchain, "package.json"), JSON.stringify({ private: true }));
  const [command, args] = npm(process.execPath);
  await step(`Fetching Node ${NODE_FETCHED} (this one is ${process.version})`, command, [
    ...args, "install", "--prefix", toolchain, "--no-audit", "--no-fund", `node@${NODE_FETCHED}`,
  ]);
  return fetchedNode;
}

function hasFetchedNode() {
  if (!existsSync(fetchedNode)) return false;
  return (spawnSync(fetchedNode, ["--version"], { encoding: "utf8" }).stdout ?? "").trim() === `v${NODE_FETCHED}`;
}

function lockfileHash() {
  return createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest("hex");
}

function isInstalled() {
  return existsSync(marker) && readFileSync(marker, "utf8") === lockfileHash();
}

async function ensureInstalled(node) {
  if (isInstalled()) return;
  const [command, args] = npm(node);
  const path = `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}`;
  await step("Installing dependencies", command, [...args, "ci", "--no-audit", "--no-fund"], {
    env: { ...process.env, PATH: path },
  });
  writeFileSync(marker, lockfileHash());
}

/** The doctor only looks. Before anything is installed this is all there is to say. */
function diagnoseBare() {
  const lines = [];
  if (!isNewEnough(process.version) && !hasFetchedNode()) {
    lines.push(`✗ Node          ${process.version} is older than ${NODE_OLDEST.join(".")}; a newer one is fetched by: npm start`);
  }
  if (!isInstalled()) lines.push("✗ Dependencies  not installed as the lockfile says; they are by: npm start");
  if (lines.length === 0) return;
  console.log(`\n  Berth doctor\n\n${lines.map((line) => `    ${line}`).join("\n")}\n\n  The rest can be told once these are green.\n`);
  process.exit(1);
}

/**
 * npm does not end its child when it is killed for good, so this process looks whether npm is still there: its parent, or
 * the parent of the shell between the two. Without npm above it nobody's absence means anything (nohup, a service manager).
 */
function endWithNpm(child) {
  if (!process.env.npm_command) return;
  const above = lineage();
  const timer = setInterval(() => {
    if (lineage() !== above) child.kill("SIGTERM");
  }, POLL_MS);
  timer.unref();
}

function lineage() {
  const parent = process.ppid;
  try {
    const stat = readFileSync(`/proc/${parent}/stat`, "utf8");
    const isShell = /\((ba|da|z)?sh\)/.test(stat);
    return isShell ? `${parent} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]}` : `${parent}`;
  } catch {
    return `${parent}`;
  }
}

if (process.argv[2] === "doctor") diagnoseBare();
const node = await ensureNode();
await ensureInstalled(node);

const child = spawn(node, ["--disable-warning=ExperimentalWarning", join(root, "packages", "launcher", "src", "main.ts"), ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  // The channel carries nothing: its end tells the child that this process is gone, however it went.
  stdio: ["inherit", "inherit", "inherit", "ipc"],
  env: { ...process.env, BERTH_BEGAN_MS: String(began), PATH: `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}` },
});
current = child;
endWithNpm(child);
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
