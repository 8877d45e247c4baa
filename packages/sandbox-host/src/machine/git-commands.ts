/** Short questions to git on this machine. Null when git is missing or says no. */
import { execFile } from "node:child_process";

const TIMEOUT_MS = 10_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** @param home whose global configuration is read */
export function askGit(args: readonly string[], home: string): Promise<string | null> {
  const env = { PATH: "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin", HOME: home, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" };
  const quiet = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];
  return new Promise((resolve) => {
    execFile("git", [...quiet, ...args], { cwd: "/", env, timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout) => resolve(error ? null : stdout));
  });
}
