/**
 * What a folder holds, by looking at every name in it: cheap enough to be done every few seconds, and without watches,
 * which miss changes and run out. A name is the string of its bytes (latin1), since a file's name need not be UTF-8.
 */
import { lstatSync, readdirSync, readlinkSync, type BigIntStats } from "node:fs";

export interface Entry {
  readonly kind: "file" | "folder" | "link";
  /** Permission bits. */
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  /** Of another value whenever the content may be another. */
  readonly stamp: string;
  /** Where a link points. */
  readonly target?: string;
}

/** By path below the folder, without it; parents before what is in them. */
export type Tree = ReadonlyMap<string, Entry>;

export interface Walked {
  readonly tree: Tree;
  /** Names that could not be looked at, or are neither file, folder nor link. */
  readonly leftOut: readonly string[];
}

export class TooManyFiles extends Error {}

/** The thread is given back this often, so that what the agent says is passed on meanwhile. */
const SLICE_MS = 8;

/** @throws TooManyFiles past `filesMax` names; the system's error when the folder itself cannot be read */
export async function walk(root: string, filesMax: number): Promise<Walked> {
  const tree = new Map<string, Entry>();
  const leftOut: string[] = [];
  const pause = slices();
  const waiting = [""];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const below: string[] = [];
    for (const name of namesIn(root, folder, leftOut)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const entry = look(root, path, leftOut);
      if (entry === null) continue;
      tree.set(path, entry);
      if (tree.size > filesMax) throw new TooManyFiles(`more than ${filesMax} files`);
      if (entry.kind === "folder") below.push(path);
      await pause();
    }
    waiting.push(...below.reverse());
  }
  return { tree, leftOut };
}

/** Awaited between small pieces of synchronous work. */
export function slices(): () => Promise<void> | undefined {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < SLICE_MS) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        sinceMs = performance.now();
        resolve();
      }),
    );
  };
}

/** The path as the system takes it. */
export function at(root: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(path === "" ? root : `${root}/`), Buffer.from(path, "latin1")]);
}

function namesIn(root: string, folder: string, leftOut: string[]): readonly string[] {
  try {
    return readdirSync(at(root, folder), { encoding: "latin1" }).sort();
  } catch (error) {
    if (folder === "") throw error;
    if (!isGone(error)) leftOut.push(folder);
    return [];
  }
}

/** Null for what is gone meanwhile or cannot be kept. */
function look(root: string, path: string, leftOut: string[]): Entry | null {
  const place = at(root, path);
  try {
    const stats = lstatSync(place, { bigint: true });
    if (stats.isSymbolicLink()) return linkOf(stats, readlinkSync(place, { encoding: "latin1" }));
    if (stats.isDirectory()) return folderOf(stats);
    if (stats.isFile()) return fileOf(stats);
    leftOut.push(path);
    return null;
  } catch (error) {
    if (!isGone(error)) leftOut.push(path);
    return null;
  }
}

export function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The time of change cannot be set by a program, so that a file written and dated back is seen as well. */
export function fileOf({ mode, size, mtimeNs, ctimeNs, ino }: BigIntStats): Entry {
  return { kind: "file", mode: Number(mode) & 0o7777, size: Number(size), mtimeMs: Number(mtimeNs / 1_000_000n), stamp: `${mtimeNs}.${ctimeNs}.${ino}` };
}

/** A folder's times move with what is in it, which is looked at by itself. */
function folderOf({ mode }: BigIntStats): Entry {
  return { kind: "folder", mode: Number(mode) & 0o7777, size: 0, mtimeMs: 0, stamp: "" };
}

function linkOf({ mtimeNs }: BigIntStats, target: string): Entry {
  return { kind: "link", mode: 0o777, size: 0, mtimeMs: Number(mtimeNs / 1_000_000n), stamp: "", target };
}

export interface Changes {
  /** New or different, parents first. */
  readonly changed: readonly string[];
  /** Gone, the top of each. */
  readonly removed: readonly string[];
}

/** What leads from one tree to the other. */
export function compare(before: Tree, after: Tree): Changes {
  const changed = [...after].filter(([path, entry]) => !isSame(before.get(path), entry)).map(([path]) => path);
  const gone = new Set([...before.keys()].filter((path) => !after.has(path)));
  const removed = [...gone].filter((path) => !path.includes("/") || !gone.has(path.slice(0, path.lastIndexOf("/"))));
  return { changed, removed };
}

function isSame(a: Entry | undefined, b: Entry): boolean {
  return a !== undefined && a.kind === b.kind && a.mode === b.mode && a.size === b.size && a.stamp === b.stamp && a.target === b.target;
}
