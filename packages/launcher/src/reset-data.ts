import { rmSync } from "node:fs";
import { join } from "node:path";

/** Removes sessions, sandboxes, accounts and history of an instance that does not run; with `secrets` its keys too. */
export function resetData(dataDir: string, { secrets }: { readonly secrets: boolean }): void {
  const gone = ["postgres", "postgres.new", "worker", "sandboxes", "containers", ...(secrets ? ["logs", "secrets.json"] : [])];
  for (const name of gone) rmSync(join(dataDir, name), { recursive: true, force: true });
}
