/** Removes a folder that a stranger filled, or what is in it: also what was made unwritable, and never through a link. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

function makeWritable(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name));
  }
}

export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if ((code !== "EACCES" && code !== "EPERM") || !lstatSync(path).isDirectory()) throw error;
    makeWritable(path);
    rmSync(path, { recursive: true, force: true });
  }
}

/** The folder itself stays, as it may be mounted somewhere; made when it is not there. */
export function emptyFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) removeTree(join(path, name));
}
