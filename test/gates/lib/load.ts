/** A module of the tree under a gate, which may be a fixture. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export async function load<T>(root: string, path: string): Promise<T> {
  return (await import(/* @vite-ignore */ pathToFileURL(join(root, path)).href)) as T;
}
