/**
 * Starting the runtime of a sandbox so that it outlives this process, and ending it with everything it started.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { Family } from "@berth/sandbox-runtime/processes/family";
import { childrenOf, identify, isAlive, signal, until, type ProcessIdentity } from "@berth/sandbox-runtime/processes/process-table";
import type { CommandLine } from "../session-folders/run.ts";

export interface StartedRuntime {
  readonly leader: ProcessIdentity;
  /** First process of the sandbox's own process namespace; absent where there is none. */
  readonly init?: ProcessIdentity;
}

export interface StartRequest {
  readonly line: CommandLine;
  /** Outside of what the sandbox sees, so that it cannot make a link of it. */
  readonly logPath: string;
  /** Bubblewrap writes the pid of the sandbox's first process to file descriptor 3. */
  readonly readsInit: boolean;
  /** It is told by its input whom it works for; else it has none. */
  readonly onInput?: (input: Writable) => void;
  /** Called as soon as the process exists, before anything else can happen. */
  readonly onLeader: (leader: ProcessIdentity) => void;
  readonly onExit: (exitCode: number | null, signalName: string | null) => void;
}

/** After a polite request, before everything is killed. */
const GRACE_MS = 5_000;
const KILL_MS = 5_000;
const INIT_MS = 10_000;

export interface RuntimeLink {
  readonly url: string;
  readonly token: string;
  readonly epoch: number;
  readonly sessionId: string;
  readonly orgId: string;
  readonly workFolder: string;
  readonly home: string;
  readonly opencodePath: string;
}

/**
 * Hands the token over by a file that the runtime removes once read: an environment and arguments stay readable for as
 * long as the process lives. Made anew and never followed, since the folder belongs to the sandbox.
 */
export function writeLink(runtimeFolder: string, link: RuntimeLink): void {
  removeLink(runtimeFolder);
  writeFileSync(linkPath(runtimeFolder), JSON.stringify(link), { mode: 0o600, flag: "wx" });
}

/** For a runtime that ended before it read it. */
export function removeLink(runtimeFolder: string): void {
  rmSync(linkPath(runtimeFolder), { force: true, recursive: true });
}

export function linkPath(runtimeFolder: string): string {
  return join(runtimeFolder, "link.json");
}

/** @throws the system's own error when the program cannot be started */
export async function startRuntime({ line, logPath, readsInit, onInput, onLeader, onExit }: StartRequest): Promise<StartedRuntime> {
  const log = openSync(logPath, "a", 0o600);
  try {
    const stdio: ("ignore" | "pipe" | number)[] = [onInput ? "pipe" : "ignore", log, log, ...(readsInit ? ["pipe" as const] : [])];
    const child = spawn(line.file, line.args, { cwd: line.cwd, env: { ...line.environment }, detached: true, stdio });
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    child.once("exit", onExit);
    child.unref();
    if (onInput && child.stdin) {
      // What breaks off shows in the process itself.
      child.stdin.on("error", () => undefined);
      (child.stdin as Socket).unref();
      onInput(child.stdin);
    }
    const leader = child.pid === undefined ? null : identify(child.pid);
    if (!leader) return await failed;
    onLeader(leader);
    if (!readsInit) return { leader };
    const init = await Promise.race([readInit(child.stdio[3] as Readable), failed]);
    if (!init) return { leader };
    // Bubblewrap tells of the namespace before the runtime is in it; until then there is nothing to ask to end.
    await until(() => childrenOf(init.pid).length > 0 || !isAlive(init), INIT_MS, 5);
    return { leader, init };
  } finally {
    closeSync(log);
  }
}

/** Null when bubblewrap ended before it had a sandbox; its log says why. */
function readInit(pipe: Readable): Promise<ProcessIdentity | null> {
  return new Promise((resolve) => {
    let text = "";
    const finish = (): void => {
      clearTimeout(timer);
      pipe.destroy();
      const pid = /"child-pid":\s*(\d+)/.exec(text)?.[1];
      resolve(pid === undefined ? null : identify(Number(pid)));
    };
    const timer = setTimeout(finish, INIT_MS);
    pipe.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      if (text.includes("}")) finish();
    });
    pipe.once("end", finish);
    pipe.once("error", finish);
  });
}

/** Ends the runtime and all it started. @returns false when something survived */
export async function endRuntime({ leader, init }: Partial<StartedRuntime>, marker: string, graceMs = GRACE_MS): Promise<boolean> {
  const family = new Family({ leader: leader ?? null, marker });
  if (!init) family.note();
  if (init && isAlive(init)) for (const pid of childrenOf(init.pid)) signal(pid, "SIGTERM");
  else if (leader && isAlive(leader)) signal(leader.pid, "SIGTERM");
  await until(() => !isAlive(leader), graceMs);
  // Under a process namespace the first process takes all others with it; elsewhere each one is looked for.
  if (init && isAlive(init)) signal(init.pid, "SIGKILL");
  const isEmpty = await until(() => !isAlive(init), KILL_MS);
  return (await family.end(KILL_MS)) && isEmpty;
}
