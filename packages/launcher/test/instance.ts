/** `npm start` as a real process tree, in a folder of its own, through the very first step. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { checkInstalled } from "../src/doctor/machine.ts";
import { descendantsOf } from "../src/process-table.ts";
import { ROOT } from "../src/paths.ts";

const READY_MS = 120_000;
/** What the machine has of Docker is no matter of most tests. */
export const PROCESSES: Readonly<Record<string, string>> = { SANDBOX_BACKEND: "process" };

export interface Instance {
  /** Of the first step; the launcher proper is below it. */
  readonly pid: number;
  readonly url: string;
  readonly output: () => string;
  /** Pids of everything below, as of now. */
  tree(): number[];
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** @throws Error when the first step would install, which under a test would pull the packages from below others */
export function spawnBerth(args: readonly string[], env: Readonly<Record<string, string>> = {}): { child: ChildProcess; output: () => string } {
  if (checkInstalled(ROOT).status !== "ok") throw new Error("the packages are not as the lockfile says; run the tests by npm test");
  const child = spawn(process.execPath, [join(ROOT, "packages", "launcher", "berth.mjs"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", npm_command: "", ...env },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return { child, output: () => text };
}

/** @throws Error with its output when it ends or is not ready in time */
export async function startInstance(dataDir: string, { command = "start", args = [] as readonly string[], env = PROCESSES } = {}): Promise<Instance> {
  const { child, output } = spawnBerth([command, "--port", "0", "--data-dir", dataDir, ...args], env);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready:\n${output()}`)), READY_MS);
    const look = (): void => {
      const match = /Page +(http\S+)[\s\S]*Ctrl-C/.exec(output());
      if (match?.[1] === undefined) return;
      clearTimeout(timer);
      resolve(match[1]);
    };
    child.stdout?.on("data", look);
    void ended.then(() => {
      clearTimeout(timer);
      reject(new Error(`ended before it was ready:\n${output()}`));
    });
  });
  const pid = child.pid ?? 0;
  return { pid, url, output, ended, tree: () => descendantsOf(pid), kill: (signal) => void child.kill(signal) };
}
