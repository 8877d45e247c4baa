/** Git on this machine, outside any sandbox: never asks, never runs a hook, never gives up its locks for upkeep. */
import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { refusal } from "./errors.ts";
import { commandMarker } from "./folders.ts";
import { run, type RunResult } from "./run.ts";

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Git = (args: readonly string[], options?: { readonly input?: string }) => Promise<GitResult>;

/** Switched off wherever git runs on an agent's work. */
export const NO_HOOKS = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false"];

/** A large repository takes minutes to clone; a hung one must end. */
export const GIT_TIMEOUT_MS = 300_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

export function toGitResult({ exitCode, stdout, stderr }: RunResult): GitResult {
  return { exitCode, stdout: stdout.toString("utf8"), stderr: stderr.toString("utf8") };
}

/** @throws PortError when git is missing, takes too long or is canceled */
export async function git(args: readonly string[], options: { readonly signal?: AbortSignal; readonly inputPath?: string } = {}): Promise<GitResult> {
  const id = randomUUID();
  const environment = { PATH: "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin", HOME: homedir(), GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", BERTH_COMMAND_ID: id };
  const line = { file: "git", args: [...NO_HOOKS, ...args], cwd: "/", environment };
  const limits = { timeoutMs: GIT_TIMEOUT_MS, outputBytesMax: OUTPUT_BYTES_MAX, marker: commandMarker(id) };
  const result = await run(line, { ...limits, ...options }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw refusal("create", "git is not installed on this machine.", { code: "failed-precondition", fix: "Install git." });
  });
  if (result.ended === "canceled") throw refusal("create", "The sandbox was stopped while its work folder was made.", { code: "canceled" });
  if (result.ended === "timed-out") throw refusal("create", "git took too long.", { code: "deadline-exceeded", outcome: "unknown" });
  return toGitResult(result);
}

/** Its output, or a refusal that says what git said. */
export async function requireGit(operation: string, running: Promise<GitResult>): Promise<string> {
  const { exitCode, stdout, stderr } = await running;
  if (exitCode === 0) return stdout;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  throw refusal(operation, `git failed: ${said === "" ? `exit code ${exitCode}` : said}`, { code: "failed-precondition", outcome: "unknown" });
}
