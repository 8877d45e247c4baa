/**
 * From `git clone` to the first output of a command in the page: a fresh clone of this checkout's last commit, empty
 * caches, a home folder of its own, `npm start`, the printed sign-in link in Chromium, a `!bash` prompt whose answer only
 * the sandbox can compute. `node test/bench/first-delta.ts [--node 20] [--runs 3]`.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { openBrowser } from "../e2e/support/browser.ts";
import { processesOf } from "../e2e/support/processes.ts";
import { eventually } from "../e2e/support/waiting.ts";
import { nodeFolder } from "./node-version.ts";
import { median } from "./row.ts";

export interface FirstDelta {
  readonly nodeMajor: number;
  readonly seconds: number;
  /** What took how long, in the order in which it ended. */
  readonly steps: readonly { readonly name: string; readonly seconds: number }[];
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START_MS = 300_000;
const TURN_MS = 120_000;
const STOP_MS = 30_000;
/** What tools keep in the temporary folder for all of their runs: Node's compile cache, OpenCode, Wrangler's look for updates. */
const TOOL_CACHES = ["node-compile-cache", "opencode", "update-check"];

/** Variables that say how this machine reaches a registry; everything else of the environment stays out. */
const PASSED_ON = /^(PATH|LANG|LC_ALL|TERM|CHROMIUM|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|GIT_SSL_CAINFO|(https?|no|all)_proxy|npm_config_(registry|globalconfig|cafile))$/i;

/** @throws Error when a step fails or takes longer than anyone waits, or when a process or temporary file is left */
export async function measureFirstDelta(nodeMajor: number): Promise<FirstDelta> {
  const room = mkdtempSync(join(tmpdir(), "berth-first-"));
  const at = (name: string): string => join(room, name);
  const image = `${basename(room).toLowerCase()}:latest`;
  try {
    for (const name of ["home", "cache", "tmp"]) mkdirSync(at(name));
    const npmrc = join(homedir(), ".npmrc");
    if (existsSync(npmrc)) copyFileSync(npmrc, join(at("home"), ".npmrc"));
    const path = [nodeFolder(nodeMajor, at("node")), process.env["PATH"] ?? ""].join(delimiter);
    // As for a newcomer whose machine has an engine and no image: the first session is a process, while the image is built.
    const env = { ...machineEnv(), PATH: path, HOME: at("home"), TMPDIR: at("tmp"), npm_config_cache: at("cache"), SANDBOX_IMAGE: image };

    const clock = startClock();
    execFileSync("git", ["clone", "--quiet", pathToFileURL(ROOT).href, at("berth")], { env, stdio: "pipe", timeout: 60_000 });
    clock.lap("clone");
    const start = runStart(at("berth"), at("data"), env, clock);
    try {
      const link = await start.signInLink;
      clock.lap("npm start");
      await seeFirstDelta(link, clock);
      const seconds = clock.total();
      await start.interrupt();
      clock.lap("Ctrl-C to the end");
      await expectNothingLeft(room, at("tmp"));
      return { nodeMajor, seconds, steps: clock.steps };
    } finally {
      start.child.kill("SIGTERM");
    }
  } finally {
    for (const { pid } of processesOf(room)) end(pid);
    rmSync(room, { recursive: true, force: true, maxRetries: 5 });
    // Hardly ever there, since Ctrl-C comes long before.
    spawnSync("docker", ["image", "rm", "--force", image], { stdio: "ignore" });
  }
}

interface Clock {
  readonly steps: { name: string; seconds: number }[];
  add(name: string, seconds: number): void;
  /** Since the lap before, or the beginning. */
  lap(name: string): void;
  total(): number;
}

function startClock(): Clock {
  const began = performance.now();
  let last = began;
  const steps: Clock["steps"] = [];
  const rounded = (ms: number): number => Math.round(ms / 100) / 10;
  return {
    steps,
    add: (name, seconds) => steps.push({ name, seconds }),
    lap: (name) => {
      steps.push({ name, seconds: rounded(performance.now() - last) });
      last = performance.now();
    },
    total: () => rounded(performance.now() - began),
  };
}

interface Start {
  readonly child: ChildProcess;
  readonly signInLink: Promise<string>;
  /** As Ctrl-C on a terminal does: to the whole foreground group. */
  interrupt(): Promise<void>;
}

function runStart(checkout: string, dataDir: string, env: NodeJS.ProcessEnv, clock: Clock): Start {
  const child = spawn("npm", ["start", "--", "--port", "0", "--data-dir", dataDir], { cwd: checkout, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const link = Promise.withResolvers<string>();
  const exit = Promise.withResolvers<void>();
  const timer = setTimeout(() => link.reject(new Error(`no sign-in link after ${START_MS} ms:\n${output}`)), START_MS);
  let output = "";
  const read = (chunk: Buffer): void => {
    output += chunk;
    for (const [, name, seconds] of String(chunk).matchAll(/✓ (.+) \(([\d.]+) s\)/g)) clock.add(`  ${name}`, Number(seconds));
    const found = /Sign in\s+(http\S+)/.exec(output)?.[1];
    if (found) link.resolve(found);
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  child.on("error", link.reject);
  child.on("exit", (code) => {
    link.reject(new Error(`npm start ended with ${code}:\n${output}`));
    exit.resolve();
  });
  return {
    child,
    signInLink: link.promise.finally(() => clearTimeout(timer)),
    interrupt: async () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
      const tooLate = AbortSignal.timeout(STOP_MS);
      tooLate.addEventListener("abort", () => exit.reject(new Error(`npm start still runs ${STOP_MS} ms after Ctrl-C:\n${output}`)));
      await exit.promise;
    },
  };
}

async function seeFirstDelta(link: string, clock: Clock): Promise<void> {
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(TURN_MS);
    await page.goto(link);
    const composer = page.getByTestId("composer");
    await composer.waitFor();
    clock.lap("page");
    const [a, b] = [randomInt(1_000, 10_000), randomInt(1_000, 10_000)];
    await composer.fill(`!bash echo first-light-$((${a}*${b}))`);
    // The button waits for the list of models, which a press of Enter would not.
    await page.getByTestId("send").click();
    const output = page.getByTestId("transcript").getByText(`first-light-${a * b}`).first();
    await output.waitFor().catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await page.locator("body").innerText()}`);
    });
    clock.lap("prompt to output");
  } finally {
    await browser.close();
  }
}

async function expectNothingLeft(room: string, tmp: string): Promise<void> {
  await eventually("no process is left", () => {
    const left = processesOf(room);
    return left.length === 0 ? true : left.map(({ pid, command }) => `${pid} ${command}`).join("; ");
  }, 10_000);
  const files = readdirSync(tmp).filter((name) => !TOOL_CACHES.includes(name));
  if (files.length > 0) throw new Error(`temporary files are left: ${files.join(", ")}`);
}

function machineEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name)));
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}

function flag(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const nodeMajor = flag("node", 20);
  const measured: number[] = [];
  for (let run = 0; run < flag("runs", 1); run++) {
    const { seconds, steps } = await measureFirstDelta(nodeMajor);
    measured.push(seconds);
    console.log(steps.map(({ name, seconds: took }) => `${took.toFixed(1).padStart(7)} s  ${name}`).join("\n"));
    console.log(`clone to first delta: ${seconds} s (node ${nodeMajor})`);
  }
  if (measured.length > 1) console.log(`median of ${measured.length}: ${median(measured)} s (node ${nodeMajor})`);
}
