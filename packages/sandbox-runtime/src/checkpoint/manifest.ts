/** What a checkpoint consists of. Its id is made of its own SHA-256, so that a damaged one is known by itself. */
import { z } from "zod";
import type { Checkpoint } from "@berth/protocol";
import { BrokenBlob, Piece, proved, sha256, type Blobs } from "./archive.ts";

const Archive = z.object({ pieces: z.array(Piece) });

export const Manifest = z.object({
  version: z.literal(1),
  epoch: z.int(),
  savedAtMs: z.int(),
  /** The one before, which is kept in case that this one cannot be restored. */
  previous: z.string().nullable(),
  files: z.int(),
  bytes: z.int(),
  /** Oldest first: the first is whole, each other one holds what changed. */
  layers: z.array(Archive),
  /** The agent's own, whole. */
  memory: Archive,
  /** Names that could not be saved, some of them. */
  leftOut: z.array(z.string()),
});
export type Manifest = z.infer<typeof Manifest>;

const PREFIX = "cp_";

export interface Saved {
  readonly id: string;
  readonly manifest: Manifest;
}

export function checkpointOf({ id, manifest: { files, bytes } }: Saved): Checkpoint {
  return { id, files, bytes };
}

export async function storeManifest(manifest: Manifest, blobs: Blobs): Promise<Saved> {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const name = sha256(bytes);
  await blobs.put(name, bytes);
  return { id: PREFIX + name, manifest };
}

/** @throws BrokenBlob, CheckpointError */
export async function readManifest(id: string, blobs: Blobs): Promise<Saved> {
  if (!/^cp_[0-9a-f]{64}$/.test(id)) throw new BrokenBlob("its name is not one of ours");
  const parsed = Manifest.safeParse(parse(await proved(id.slice(PREFIX.length), blobs)));
  if (!parsed.success) throw new BrokenBlob("it was made by another version");
  return { id, manifest: parsed.data };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return null;
  }
}

/** A manifest of a long chain is far smaller. */
const MANIFEST_BYTES_MAX = 256 * 1024;

/** The newest that is stored besides these, looked for by content; for when the one that names it cannot be read. */
export async function findManifest(blobs: Blobs, besides: readonly string[]): Promise<Saved | null> {
  const found: Saved[] = [];
  for (const { name, bytes } of await blobs.list()) {
    const id = PREFIX + name;
    if (bytes > MANIFEST_BYTES_MAX || besides.includes(id)) continue;
    const saved = await readManifest(id, blobs).catch(() => null);
    if (saved) found.push(saved);
  }
  return found.toSorted((a, b) => b.manifest.savedAtMs - a.manifest.savedAtMs)[0] ?? null;
}

/** Every blob that is needed to restore it. */
export function blobsOf({ id, manifest: { layers, memory } }: Saved): readonly string[] {
  return [id.slice(PREFIX.length), ...[...layers, memory].flatMap(({ pieces }) => pieces.map(({ name }) => name))];
}

export function storedBytes(archives: readonly z.infer<typeof Archive>[]): number {
  return archives.reduce((sum, { pieces }) => sum + pieces.reduce((total, { bytes }) => total + bytes, 0), 0);
}
