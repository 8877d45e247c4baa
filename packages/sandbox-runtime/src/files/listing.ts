/** What is in a folder of the work folder. */
import type { Dirent } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { FileEntry, FolderListing } from "@berth/protocol";
import { FileRefused, realInside } from "./inside.ts";

/** What one answer holds, a folder of many generated files included. */
const ENTRIES_MAX = 1_000;

/** @param path as `cleanPath` gives it @throws FileRefused */
export async function listFolder(workFolder: string, path: string): Promise<FolderListing> {
  const real = await realInside(workFolder, path);
  const found: Dirent[] = [];
  let truncated = false;
  try {
    for await (const entry of await opendir(real)) {
      truncated = found.length >= ENTRIES_MAX;
      if (truncated) break;
      found.push(entry);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") throw new FileRefused("conflict", "That is a file, not a folder.");
    throw error;
  }
  // One that is gone by now is not listed.
  const entries = (await Promise.all(found.map((entry) => describe(real, entry).catch(() => null)))).filter((entry) => entry !== null);
  return { path, entries: entries.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1)), truncated };
}

async function describe(folder: string, entry: Dirent): Promise<FileEntry> {
  const { size, mtime } = await lstat(join(folder, entry.name));
  const kind = entry.isFile() ? "file" : entry.isDirectory() ? "folder" : entry.isSymbolicLink() ? "link" : "other";
  return { name: entry.name, kind, ...(kind === "file" && { size }), modifiedAt: mtime.toISOString() };
}

function rank({ kind }: FileEntry): number {
  return kind === "folder" ? 0 : 1;
}
