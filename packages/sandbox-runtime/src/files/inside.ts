/** Paths as people name them, kept in the work folder: no link and no `..` leads out of it. */
import { constants } from "node:fs";
import { mkdir, open, realpath, type FileHandle } from "node:fs/promises";
import { dirname, join, normalize, relative, sep } from "node:path";
import type { FilesHead } from "@berth/protocol";

type Refusal = Extract<FilesHead, { is: "refused" }>;

export class FileRefused extends Error {
  readonly problem: Refusal["problem"];

  constructor(problem: Refusal["problem"], detail: string) {
    super(detail);
    this.name = "FileRefused";
    this.problem = problem;
  }
}

const PATH_UNITS_MAX = 4_096;
const OUTSIDE = "That path leads out of the work folder.";

/** The path without `.`, `..` and doubled separators; empty for the work folder. @throws FileRefused */
export function cleanPath(path: string): string {
  if (path.length > PATH_UNITS_MAX || path.includes("\0")) throw new FileRefused("invalid-field", "That is no path.");
  const clean = normalize(path === "" ? "." : path).replace(/\/+$/, "");
  if (clean.startsWith("/") || clean === ".." || clean.startsWith(`..${sep}`)) throw new FileRefused("forbidden", OUTSIDE);
  return clean === "." ? "" : clean;
}

/** Where it really is, all links followed. @throws FileRefused */
export async function realInside(workFolder: string, path: string): Promise<string> {
  const root = await realpath(workFolder);
  const real = await realpath(join(root, path)).catch(refuseMissing);
  return requireInside(root, real);
}

/** Opened for reading, and still inside when it is. @throws FileRefused */
export async function openInside(workFolder: string, path: string): Promise<FileHandle> {
  const real = await realInside(workFolder, path);
  // Without waiting for whoever may write to a pipe.
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(refuseMissing);
  return handle;
}

/** The folder that a file is to be in, made where it is not there. @throws FileRefused */
export async function folderInside(workFolder: string, path: string): Promise<string> {
  const root = await realpath(workFolder);
  const folder = dirname(path);
  // What exists of it may be a link; nothing is made before that is known.
  for (let there = folder; ; there = dirname(there)) {
    const real = await realpath(join(root, there)).catch(() => null);
    if (real === null) continue;
    requireInside(root, real);
    await mkdir(join(real, relative(there, folder)), { recursive: true }).catch(() => {
      throw new FileRefused("conflict", "There is a file where a folder of that path would be.");
    });
    return requireInside(root, await realpath(join(real, relative(there, folder))));
  }
}

function requireInside(root: string, real: string): string {
  if (real !== root && !real.startsWith(root + sep)) throw new FileRefused("forbidden", OUTSIDE);
  return real;
}

function refuseMissing(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") throw new FileRefused("not-found", "There is nothing at that path.");
  if (code === "EACCES" || code === "EPERM") throw new FileRefused("forbidden", "The sandbox itself may not read that.");
  if (code === "ELOOP") throw new FileRefused("forbidden", OUTSIDE);
  throw error;
}
