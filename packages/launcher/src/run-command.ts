/** Runs another command of the launcher in a process of its own. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./paths.ts";

const MAIN = join(ROOT, "packages", "launcher", "src", "main.ts");

export function runCommand(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  { capture = false } = {},
): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...command], {
      cwd: ROOT,
      stdio: ["ignore", capture ? "pipe" : "inherit", "inherit"],
      env: { ...process.env, ...env },
    });
    let stdout = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, stdout }));
  });
}
