/** Tells two versions of a file apart; what is no file of this machine is told by its name. */
import { statSync } from "node:fs";

export function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? path : `${path}:${found.ino}:${found.size}:${found.mtimeNs}`;
}
