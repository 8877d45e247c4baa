/** The files of a tree, for gates: what people wrote, without what is installed, built, or broken on purpose. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SKIPPED = new Set(["node_modules", "dist"]);
const MUTANTS = "test/gates/mutants";

/** Paths from `root`, with `/`, sorted. @param under folders or files to look in; absent ones are passed over */
export function listFiles(root: string, under: readonly string[], wanted: RegExp): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (SKIPPED.has(entry.name) || entry.name.startsWith(".") || path === MUTANTS) continue;
      if (entry.isDirectory()) visit(path);
      else if (wanted.test(path)) found.push(path);
    }
  };
  for (const folder of under) if (existsSync(join(root, folder))) visit(folder);
  return found.sort();
}

export function read(root: string, path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export function has(root: string, path: string): boolean {
  return existsSync(join(root, path));
}

/** Everything that is code, and where it lives. */
export const CODE_FOLDERS = ["src", "routes", "packages", "test"] as const;
export const CODE = /\.(ts|tsx|mjs)$/;
export const TEST_CODE = /(\.test\.ts|\.contract\.ts|\.testkit\.ts|\/testing\.ts)$|\/testing\/|^test\/|^packages\/[^/]+\/test\/|^packages\/testkit\//;
