/** A Node of a wanted major version: one on the PATH, or fetched by npm. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** @param folder where a fetched one is put @returns the folder that holds the program */
export function nodeFolder(major: number, folder: string): string {
  const found = (process.env["PATH"] ?? "").split(delimiter).find((path) => majorOf(join(path, "node")) === major);
  if (found !== undefined) return found;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  execFileSync("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", `node@${major}`], { stdio: "pipe", timeout: 120_000 });
  return join(realpathSync(folder), "node_modules", "node", "bin");
}

function majorOf(program: string): number | null {
  if (!existsSync(program)) return null;
  const version = execFileSync(program, ["--version"], { encoding: "utf8", timeout: 10_000 });
  return Number(/^v(\d+)\./.exec(version)?.[1] ?? NaN);
}
