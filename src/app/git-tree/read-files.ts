/** The names of a repository's files at its own branch, and the text of a few, read from its host: no clone, no sandbox. */
import { hexOf } from "../../core/kernel/hex.ts";
import { fetchObjects, readHead, readOffer, type Host } from "./fetch-objects.ts";
import type { GitObject } from "./pack.ts";
import { TreeError } from "./tree-error.ts";

export interface FilesRead {
  readonly commit: string;
  readonly paths: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
}

const FILES_MAX = 100_000;
/** The same folder may be in a tree a thousand times, and in each of those a thousand more: a few bytes are a walk without end. */
const FOLDERS_MAX = 20_000;
/** Longer ones are not what tells how a repository is set up. */
const TEXT_BYTES_MAX = 256 * 1024;
const NAME_BYTES = 20;

/** @param wanted paths at the root whose text is read. @throws TreeError; PortError of the source control */
export async function readFiles(host: Host, wanted: readonly string[]): Promise<FilesRead> {
  const { canFilter } = await readOffer(host);
  const commit = await readHead(host);
  const objects = await fetchObjects(host, [commit], { depth: 1, withoutFiles: canFilter });
  const files = filesOf(objects, rootOf(objects.get(commit)));
  const asked = wanted.flatMap((path) => (files.has(path) ? [[path, files.get(path) ?? ""] as const] : []));
  const missing = [...new Set(asked.map(([, name]) => name))].filter((name) => !objects.has(name));
  const more = missing.length === 0 ? objects : await fetchObjects(host, missing, { withoutFiles: false });
  const texts = asked.flatMap(([path, name]) => {
    const bytes = (objects.get(name) ?? more.get(name))?.bytes;
    return bytes === undefined || bytes.length > TEXT_BYTES_MAX ? [] : [[path, new TextDecoder().decode(bytes)] as const];
  });
  return { commit, paths: [...files.keys()], texts: new Map(texts) };
}

function rootOf(commit: GitObject | undefined): string {
  const root = commit?.type === "commit" ? /^tree ([0-9a-f]{40})\n/.exec(new TextDecoder().decode(commit.bytes.subarray(0, 46)))?.[1] : undefined;
  return root ?? notThere();
}

/** Names of their content by path, folder by folder. Links and submodules are no files of its own. */
function filesOf(objects: ReadonlyMap<string, GitObject>, root: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const folders = [{ name: root, path: "" }];
  for (const { name, path } of folders) {
    if (folders.length > FOLDERS_MAX) throw new TreeError("too-large", `has more than ${FOLDERS_MAX} folders`);
    look(objects.get(name), path, { file: (at, of) => files.set(at, of), folder: (at, of) => folders.push({ name: of, path: at }) });
    if (files.size > FILES_MAX) throw new TreeError("too-large", `has more than ${FILES_MAX} files`);
  }
  return files;
}

interface Found {
  file(path: string, name: string): void;
  folder(path: string, name: string): void;
}

function look(tree: GitObject | undefined, folder: string, found: Found): void {
  if (tree?.type !== "tree") return notThere();
  for (let at = 0; at < tree.bytes.length; ) {
    const space = tree.bytes.indexOf(0x20, at);
    const end = tree.bytes.indexOf(0, space);
    if (space < 0 || end < 0 || end + NAME_BYTES >= tree.bytes.length + 1) return notThere();
    const mode = new TextDecoder().decode(tree.bytes.subarray(at, space));
    const path = folder + new TextDecoder().decode(tree.bytes.subarray(space + 1, end));
    at = end + 1 + NAME_BYTES;
    const of = hexOf(tree.bytes.subarray(end + 1, at));
    if (mode === "40000") found.folder(`${path}/`, of);
    else if (mode.startsWith("100")) found.file(path, of);
  }
}

function notThere(): never {
  throw new TreeError("broken", "left out a part of the tree");
}
