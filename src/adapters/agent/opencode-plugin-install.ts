/**
 * OpenCode installs its plugin library beside its own configuration at each first start: some twenty megabytes from a package
 * registry and seconds of work, for plugins that a sandbox's configuration has none of. It leaves that be where the folder
 * looks as if it had been done. Folders of a repository are not touched: what a project asks for there is its own affair.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LIBRARY = { dependencies: { "@opencode-ai/plugin": "*" } };

/** Does nothing where somebody has put packages of their own. @param home of the agent */
export function forgoPluginInstall(home: string): void {
  const folder = join(home, ".config", "opencode");
  if (existsSync(join(folder, "package.json")) || existsSync(join(folder, "node_modules"))) return;
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(LIBRARY));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages: { "": LIBRARY } }));
}
