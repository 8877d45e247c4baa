/** A person's repository on this machine, as suites of the sandbox contract start sessions from. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContractFolder } from "../../ports/sandbox/sandbox-kit.contract.ts";

export function gitIn(folder: string, ...args: string[]): string {
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", GIT_AUTHOR_NAME: "A", GIT_AUTHOR_EMAIL: "a@example.com", GIT_COMMITTER_NAME: "A", GIT_COMMITTER_EMAIL: "a@example.com" };
  return execFileSync("git", ["-C", folder, ...args], { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

export function makeGitFolder(root: string): ContractFolder {
  const path = join(root, `folder-${readdirSync(root).length}`);
  mkdirSync(path);
  gitIn(path, "init", "--quiet", "--initial-branch=main");
  writeFileSync(join(path, "README.md"), "hello\n");
  gitIn(path, "add", ".");
  gitIn(path, "commit", "--quiet", "-m", "First");
  return {
    path,
    read: (branch, file) => {
      try {
        return execFileSync("git", ["-C", path, "show", `${branch}:${file}`], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      } catch {
        return null;
      }
    },
    commitElsewhere: (branch) => {
      const commit = gitIn(path, "commit-tree", "main^{tree}", "-p", "main", "-m", "Theirs");
      gitIn(path, "update-ref", `refs/heads/${branch}`, commit);
    },
  };
}
