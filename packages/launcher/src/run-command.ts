/** Runs a program of the checkout in a process of its own; what it prints is kept, and shown too unless `quiet`. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./paths.ts";

const MAIN = "packages/launcher/src/main.ts";

/** Another command of the launcher. */
export function runCommand(command: readonly string[], env: Readonly<Record<string, string>>, options: { quiet?: boolean } = {}): Promise<{ code: number; stdout: string }> {
  return runScript([MAIN, ...command], env, options);
}

/** `script` is relative to the root of the checkout. */
export function runScript(
  [script, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  { quiet = false } = {},
): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, script), ...args], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      if (!quiet) process.stdout.write(chunk);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, stdout }));
  });
}
