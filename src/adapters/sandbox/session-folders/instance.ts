/** Names the data folder of one host, so that two hosts on a machine never take each other's sandboxes for their own. */
import { createHash } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";

const DIGITS = 12;

/** The same however the folder is reached; it is made where it is missing. */
export function instanceOf(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return createHash("sha256").update(realpathSync(dataDir)).digest("hex").slice(0, DIGITS);
}
