/**
 * What the runtime knows of the folder it works in, in two files of the agent's home. The mark says that a tree is alive, so
 * that nothing is ever restored over it. The notes let a later runtime go on with the chain; without them it begins a new one.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Manifest, type Saved } from "./manifest.ts";
import type { Entry, Tree } from "./tree.ts";

/** The last checkpoint whose content the folder has, null while it has none; and the newest epoch that worked in it. */
const Mark = z.object({ checkpoint: z.string().nullable(), epoch: z.int().default(Number.MAX_SAFE_INTEGER) });
export type Mark = z.infer<typeof Mark>;

/** The newest checkpoint with what the folder was like then. */
export interface Base extends Saved {
  readonly tree: Tree;
  /** Of the first layer; null when it is not known any more. */
  readonly wholeTree: Tree | null;
  readonly fingerprint: string;
}

const Notes = z.object({ id: z.string(), manifest: Manifest, fingerprint: z.string(), tree: z.array(z.tuple([z.string(), z.custom<Entry>()])) });

export class KeptState {
  readonly #folder: string;
  readonly #epoch: number;
  readonly #mark: string;
  readonly #notes: string;

  constructor(folder: string, sessionId: string, epoch: number) {
    this.#folder = folder;
    this.#epoch = epoch;
    this.#mark = join(folder, `${sessionId}.mark.json`);
    this.#notes = join(folder, `${sessionId}.notes.json`);
  }

  /** Null for a folder that nobody worked in yet. */
  readMark(): Mark | null {
    const mark = Mark.safeParse(readJson(this.#mark));
    if (mark.success) return mark.data;
    return exists(this.#mark) ? { checkpoint: null, epoch: Number.MAX_SAFE_INTEGER } : null;
  }

  /** @throws the system's error */
  mark(checkpoint: string | null): void {
    this.#write(this.#mark, { checkpoint, epoch: this.#epoch } satisfies Mark);
  }

  /** A later epoch works here from now on. On a full disk the next note says so: a session must not end for that. */
  takeOver({ checkpoint }: Mark): void {
    try {
      this.mark(checkpoint);
    } catch {
      // The mark of before still says that the tree is alive.
    }
  }

  readNotes(): Base | null {
    const notes = Notes.safeParse(readJson(this.#notes));
    if (!notes.success || notes.data.id !== this.readMark()?.checkpoint) return null;
    return { ...notes.data, tree: new Map(notes.data.tree), wholeTree: null };
  }

  /** Notes of an earlier checkpoint would lead to blobs that are gone. @throws the system's error when they cannot be removed either */
  async note({ id, manifest, fingerprint, tree }: Base): Promise<void> {
    try {
      // They may be large and are worth little: the mark says whether they are those of its checkpoint.
      await writeFile(`${this.#notes}.next`, JSON.stringify({ id, manifest, fingerprint, tree: [...tree] }), { mode: 0o600 });
      renameSync(`${this.#notes}.next`, this.#notes);
      this.mark(id);
    } catch {
      rmSync(this.#notes, { force: true });
    }
  }

  #write(path: string, value: unknown): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(`${path}.next`, JSON.stringify(value), { mode: 0o600, flush: true });
    renameSync(`${path}.next`, path);
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

/** A mark that cannot be read is still one. */
function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}
