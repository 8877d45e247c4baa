/** Changes source text as it is loaded: small limits for small worlds, and bugs put in on purpose. */
import { registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { resolve } from "node:path";

export interface Patch {
  readonly id: string;
  readonly title: string;
  /** From the root of the checkout. */
  readonly file: string;
  /** Must be there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What stands in the way of the same bug elsewhere. */
  readonly also?: readonly Change[];
}

export type Change = Pick<Patch, "id" | "file" | "find" | "replace">;

export function changesOf(patch: Patch): readonly Change[] {
  return [patch, ...(patch.also ?? [])];
}

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");

/** From here on modules are loaded with these changes. @throws when what is to be replaced is not there once */
export function applyPatches(patches: readonly Patch[]): void {
  const byUrl = new Map<string, Change[]>();
  for (const patch of patches.flatMap(changesOf)) {
    const url = pathToFileURL(resolve(ROOT, patch.file)).href;
    byUrl.set(url, [...(byUrl.get(url) ?? []), patch]);
  }
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const wanted = byUrl.get(url.split("?")[0] ?? url);
      if (!wanted) return loaded;
      return { ...loaded, source: wanted.reduce(replaced, String(loaded.source)) };
    },
  });
}

/** @throws when the text is not there exactly once */
export function replaced(source: string, { id, file, find, replace }: Change): string {
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`${id}: what it replaces is ${places} times in ${file}`);
  return source.replace(find, () => replace);
}
