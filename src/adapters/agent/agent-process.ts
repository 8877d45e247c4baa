/** The process of an agent as its adapter holds it: started in a group of its own, and ended with everything it started. */
import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { Family } from "@berth/sandbox-runtime/processes/family";
import { LINUX } from "@berth/sandbox-runtime/processes/process-table";

export interface AgentProcessOptions {
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly string[];
  readonly workFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** `NAME=value` of its environment, where the value is no other process's. */
  readonly marker: string;
  /** Whether it reads what is written to it; else it finds nothing there. */
  readonly takesInput: boolean;
}

export interface AgentProcess {
  readonly child: ChildProcess;
  /** Resolves when the process is gone, however that came, and with it whatever its tools left running; rejects when it could not be started. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

const STOP_GRACE_MS = 2_000;
const STRAGGLERS_END_MS = 5_000;

/**
 * The agent leads a process group of its own. The watcher beside it reads from a pipe whose other end only we hold: when
 * we go, however suddenly, it ends the group, so that no agent works on without anybody to answer to.
 */
const LAUNCH = `( trap '' TERM; cat <&3; kill -s TERM -- -$$; sleep 2; kill -s KILL -- -$$ ) </dev/null >/dev/null 2>&1 &
exec "$@" 3<&-`;

export function startAgentProcess({ command, workFolder, environment, marker, takesInput }: AgentProcessOptions): AgentProcess {
  const input = takesInput ? "pipe" : "ignore";
  const child = spawn("/bin/sh", ["-c", LAUNCH, "agent", ...command], { cwd: workFolder, env: { ...environment }, detached: true, stdio: [input, "pipe", "pipe", "pipe"] });
  const pipes = [child.stdin, child.stdio[3]];
  // Writing to a process that is gone must not end us.
  for (const pipe of pipes) pipe?.on("error", () => {});
  const gone = new Promise<void>((resolve, reject) => {
    child.once("exit", () => resolve());
    child.once("error", reject);
  });
  const exited = gone.then(() => {
    for (const pipe of pipes) pipe?.destroy();
    return endStragglers(marker);
  });
  // What could not be started is told by whoever waits for it.
  exited.catch(() => {});
  return { child, exited, stop: () => stopGroup(child, gone).then(() => exited) };
}

/**
 * Ends what the agent's tools left running. They lead process groups of their own and outlive the agent; what they still
 * have of it is its environment. Where there is no /proc, the sandbox's own end has to do.
 */
async function endStragglers(marker: string): Promise<void> {
  if (LINUX) await new Family({ leader: null, marker }).end(STRAGGLERS_END_MS);
}

async function stopGroup(child: ChildProcess, gone: Promise<void>): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  signalGroup(pid, "SIGTERM");
  const grace = new AbortController();
  await Promise.race([gone, delay(STOP_GRACE_MS, undefined, { signal: grace.signal }).catch(() => {})]);
  grace.abort();
  // The leader may be gone while the watcher or a tool of the agent still runs.
  signalGroup(pid, "SIGKILL");
  await gone;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Already gone.
  }
}
