/** A sandbox that is gone with everything that was in it, and what the next one has. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { processesOfSandbox, signalAll } from "../kill/victims.ts";
import type { TestStack } from "../support/stack.ts";

export type Backend = "docker" | "process";

export function sandboxFolder(stack: Pick<TestStack, "dataDir">, sessionId: string): string {
  return foldersOf(stack, sessionId, "process");
}

/** All that a backend has of the session on this machine's disk. */
export function foldersOf({ dataDir }: Pick<TestStack, "dataDir">, sessionId: string, backend: Backend): string {
  return join(dataDir, backend === "docker" ? "containers" : "sandboxes", sessionId);
}

/**
 * The folder goes with all that the backend knows of it, then every process gets SIGKILL. They stand still meanwhile, so
 * that nobody notices before it is done: a session may have its next sandbox a moment later, in the same place.
 */
export function destroySandbox(stack: TestStack, sessionId: string): void {
  const stopped = new Set<number>();
  for (let before = -1; stopped.size > before; ) {
    before = stopped.size;
    const pids = processesOfSandbox(sessionId).map(({ pid }) => pid);
    signalAll(pids, "SIGSTOP");
    for (const pid of pids) stopped.add(pid);
  }
  rmSync(sandboxFolder(stack, sessionId), { recursive: true, force: true, maxRetries: 10 });
  signalAll([...stopped], "SIGKILL");
}

/** What SQLite says of the agent's database as it lies there. */
export function checkMemory(stack: TestStack, sessionId: string): string {
  const database = new DatabaseSync(join(sandboxFolder(stack, sessionId), "home/.local/share/opencode/opencode.db"), { readOnly: true });
  try {
    return String(database.prepare("PRAGMA integrity_check").get()?.["integrity_check"]);
  } finally {
    database.close();
  }
}

/** Every name below the work folder with its kind, mode, length and content; `.git` too, but for what git writes by looking. */
export function listing(stack: TestStack, sessionId: string, backend: Backend = "process"): string[] {
  const work = join(foldersOf(stack, sessionId, backend), "work");
  const script = "find . -path ./.git/index -prune -o -type f -printf '%y %m %p ' -exec sha256sum {} \\; -o -printf '%y %m %p %l\\n' | sort";
  return execFileSync("/bin/sh", ["-c", script], { cwd: work, encoding: "utf8" }).trim().split("\n");
}

/** The last number that was written; 0 when there is none. */
export function lastLine(stack: TestStack, sessionId: string, name: string): number {
  try {
    return Number(readFileSync(join(sandboxFolder(stack, sessionId), "work", name), "utf8").trim().split("\n").at(-1));
  } catch {
    return 0;
  }
}
