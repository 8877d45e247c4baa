/** What a folder of this machine is, before a session starts from it. */
import { realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, sep } from "node:path";
import type { FolderInfo } from "../../../../src/core/machine/local-machine.ts";
import { PortError, type PortErrorCode } from "../../../../src/core/kernel/port-error.ts";
import { askGit } from "./git-commands.ts";

function refuse(code: PortErrorCode, message: string, fix: string): never {
  throw new PortError({ port: "machine", operation: "inspectFolder", code, outcome: "not-applied", retry: "never", message, fix });
}

function expandHome(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}

export async function inspectFolder(path: string, dataDir: string, home = homedir()): Promise<FolderInfo> {
  const asked = expandHome(path, home);
  if (!isAbsolute(asked)) refuse("not-found", `${path} is not an absolute path.`, "Give the whole path, for example /home/you/project.");
  const real = await realpath(asked).catch(() => refuse("not-found", `There is no folder ${path}.`, "Check the spelling."));
  if (!(await stat(real)).isDirectory()) refuse("not-found", `${path} is a file.`, "Choose the folder it lies in.");
  const own = await realpath(dataDir).catch(() => dataDir);
  if (real === own || real.startsWith(own + sep)) refuse("permission-denied", `${path} is Berth's own data folder.`, "Choose a folder of yours.");
  const inside = await askGit(["-C", real, "rev-parse", "--is-inside-work-tree"], home);
  if (inside?.trim() !== "true") return { path: real, isRepository: false, branch: null, uncommitted: 0 };
  const [branch, status] = await Promise.all([
    askGit(["-C", real, "symbolic-ref", "--quiet", "--short", "HEAD"], home),
    askGit(["-C", real, "status", "--porcelain", "-z", "--no-renames"], home),
  ]);
  const uncommitted = (status ?? "").split("\0").filter((entry) => entry !== "").length;
  return { path: real, isRepository: true, branch: branch?.trim() || null, uncommitted };
}
