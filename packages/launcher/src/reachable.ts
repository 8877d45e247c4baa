/**
 * PostgreSQL refuses to run as root, so under root it runs as a user of its own, who must be able to pass through the
 * folders above the checkout and the data. Passing through is all that is given: not listing, not reading.
 */
import { chmodSync, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";

const OTHERS_PASS = 0o001;

export function letOthersPassTo(path: string): void {
  if (process.getuid?.() !== 0) return;
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (!existsSync(folder)) continue;
    const { mode } = statSync(folder);
    if ((mode & OTHERS_PASS) !== 0) continue;
    chmodSync(folder, (mode & 0o7777) | OTHERS_PASS);
    process.stderr.write(`  · running as root: PostgreSQL's own user may now pass through ${folder} (chmod o+x)\n`);
  }
}
