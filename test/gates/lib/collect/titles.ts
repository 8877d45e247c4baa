/** The titles of a tree's tests, collected by importing the files beside stand-ins for the test runner and the platform. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { listFiles } from "../files.ts";

const MAIN = fileURLToPath(new URL("./main.mjs", import.meta.url));

export interface TestTitle {
  readonly file: string;
  /** Names of the suites around it, outermost first, joined by ` > `. */
  readonly suite: string;
  readonly title: string;
}

export interface CollectedTitles {
  readonly titles: readonly TestTitle[];
  readonly unreadable: readonly { readonly file: string; readonly why: string }[];
}

const collected = new Map<string, Promise<CollectedTitles>>();

/** Once per tree and process. */
export function collectTitles(root: string): Promise<CollectedTitles> {
  const known = collected.get(root);
  if (known) return known;
  const titles = collect(root, listFiles(root, ["src", "routes", "packages", "test"], /\.test\.ts$/));
  collected.set(root, titles);
  return titles;
}

async function collect(root: string, files: readonly string[]): Promise<CollectedTitles> {
  const child = spawn(process.execPath, ["--no-warnings", MAIN, root, ...files], { cwd: root, stdio: ["ignore", "ignore", "pipe", "pipe"], timeout: 110_000 });
  const [answer, errors] = await Promise.all([text(child.stdio[3] as Readable), text(child.stderr as Readable)]);
  if (answer === "") throw new Error(`titles could not be collected in ${root}:\n${errors}`);
  return JSON.parse(answer) as CollectedTitles;
}

/** `[ABC12]` and `[port:operation:what]` in a title. */
export function citationsIn(title: string): string[] {
  return [...title.matchAll(/\[([A-Z]{2,}\d+|[a-z-]+:[A-Za-z-]+:[a-z0-9-]+)\]/g)].map(([, id]) => id ?? "");
}
