/** Making the folder that an instance keeps its state in, and what to say when it cannot be one. */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * One level after the other: Node's own way to make parents too never ends where a file system says that a folder which is there is
 * not, as below /proc.
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !isFolder(path)) throw error;
  }
}

/** @throws Error `ENOTDIR` for what is there and is none */
function isFolder(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === false) throw Object.assign(new Error(`${path} is not a folder`), { code: "ENOTDIR" });
  return found !== undefined;
}

/** What is wrong, and the way round it. */
export function folderProblem(path: string, { code = "", message }: Pick<NodeJS.ErrnoException, "code" | "message">): string {
  const another = "use another one:  npm start -- --data-dir DIR";
  const named = `The data folder ${path} (--data-dir, DATA_DIR)`;
  if (code === "EACCES" || code === "EPERM") return `${named} cannot be written (${code}).\nMake it yours:  sudo chown -R "$(id -un)" ${path}\nor ${another}`;
  const why: Readonly<Record<string, string>> = {
    ENOTDIR: "is not a folder, or below something that is none",
    EROFS: "is on a file system that can only be read",
    ENOSPC: "is on a disk that is full",
    ENOENT: "is where no folder can be made",
  };
  return `${named} ${why[code] ?? "cannot be written"} (${code || message}).\nInstead ${another}`;
}
