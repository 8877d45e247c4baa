/**
 * `npm run dev`: like `npm start`, and when a source changes, what is made of it is built again and the parts that run it
 * start again. Sessions and their sandboxes go on.
 */
import { watch } from "node:fs";
import { join } from "node:path";
import { buildAll, type BuiltPart } from "../build.ts";
import { ROOT } from "../paths.ts";
import { endBelow } from "../process-table.ts";
import { UserError } from "../progress.ts";
import { readSettings } from "../settings.ts";
import type { Stack } from "../stack.ts";
import { serve } from "./start.ts";

/** Editors and `git checkout` write many files at once; they are taken together. */
const BURST_MS = 250;

export async function run(args: readonly string[]): Promise<number> {
  const code = await serve(readSettings(args, process.env), (stack, ended) => reload(stack, ended));
  // A build may still run; nobody waits for it.
  endBelow(process.pid);
  process.exit(code);
}

async function reload(stack: Stack, ended: AbortSignal): Promise<void> {
  console.log("  Watching the sources.\n");
  for await (const changed of changes(["src", "routes", "packages"], ended)) {
    const files = changed.length === 1 ? changed[0] : `${changed[0]} and ${changed.length - 1} more`;
    try {
      const built = await buildAll();
      if (ended.aborted) return;
      const restarted = partsToRestart(changed, built);
      for (const name of restarted) await stack.restart(name);
      console.log(`  ${files} → ${told(built, restarted)}`);
    } catch (error) {
      // The parts that run are still those of the last good state.
      console.error(error instanceof UserError ? `  ${files} →\n${error.message}` : error);
    }
  }
}

/** Names of supervised parts whose program is older than what changed. */
export function partsToRestart(changed: readonly string[], built: readonly BuiltPart[]): readonly string[] {
  const under = (...folders: string[]): boolean => changed.some((file) => folders.some((folder) => file.startsWith(folder)));
  return [
    ...(under("packages/demo-model/src/") ? ["demo-model"] : []),
    ...(under("packages/sandbox-host/src/", "src/compose/host", "src/adapters/sandbox/", "packages/protocol/src/") ? ["sandbox-host"] : []),
    // The page's files are read when the Worker starts.
    ...(built.includes("worker") || built.includes("chat") ? ["worker"] : []),
  ];
}

function told(built: readonly BuiltPart[], restarted: readonly string[]): string {
  const parts = [
    ...(built.length > 0 ? [`built ${built.join(", ")}`] : []),
    ...(restarted.length > 0 ? [`restarted ${restarted.join(", ")}`] : []),
    ...(built.includes("runtime") ? ["new sandboxes get the new runtime"] : []),
  ];
  return parts.length === 0 ? "nothing that runs is made of it" : parts.join("; ");
}

/** Changed files below the folders, relative to the checkout, in bursts. */
async function* changes(folders: readonly string[], ended: AbortSignal): AsyncGenerator<readonly string[]> {
  const pending = new Set<string>();
  let wake = (): void => undefined;
  let due = false;
  let timer: NodeJS.Timeout | undefined;
  for (const folder of folders) {
    const watcher = watch(join(ROOT, folder), { recursive: true, signal: ended }, (_event, name) => {
      if (name === null || /(^|\/)(node_modules|dist)(\/|$)/.test(name) || /\.test\.ts$|~$/.test(name)) return;
      pending.add(`${folder}/${name}`);
      timer ??= setTimeout(() => {
        timer = undefined;
        due = true; // also when nobody waits, because a build runs
        wake();
      }, BURST_MS);
    });
    watcher.on("error", () => undefined); // a folder that went away while it was watched
  }
  while (!ended.aborted) {
    if (!due) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        ended.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    due = false;
    const burst = [...pending];
    pending.clear();
    if (burst.length > 0) yield burst;
  }
}
