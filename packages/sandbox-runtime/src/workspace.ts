/** What the work starts from, as git sees the work folder. */
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";

export async function inspectWorkspace(workFolder: string): Promise<{ readonly branch?: string; readonly base?: string }> {
  await access(workFolder);
  const branch = await git(workFolder, "symbolic-ref", "--short", "HEAD");
  const base = await git(workFolder, "rev-parse", "--verify", "--quiet", "HEAD");
  return { ...(branch !== null && { branch }), ...(base !== null && { base }) };
}

/** Null when git is not there, the folder is no repository, or it has no commit yet. */
function git(workFolder: string, ...args: readonly string[]): Promise<string | null> {
  // The sandbox's user need not own the folder the host prepared.
  const command = ["-c", "safe.directory=*", "-C", workFolder, ...args];
  return new Promise((resolve) => {
    execFile("git", command, { timeout: 10_000 }, (error, stdout) => resolve(error ? null : stdout.trim() || null));
  });
}
