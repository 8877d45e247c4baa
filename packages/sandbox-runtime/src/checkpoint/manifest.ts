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
  const parsed = Manifest.safeParse(JSON.parse(Buffer.from(await proved(id.slice(PREFIX.length), blobs)).toString("utf8")));
  if (!parsed.success) throw new BrokenBlob("it was made by another version");
  return { id, manifest: parsed.data };
}

/** Every blob that is needed to restore it. */
export function blobsOf({ id, manifest: { layers, memory } }: Saved): readonly string[] {
  return [id.slice(PREFIX.length), ...[...layers, memory].flatMap(({ pieces }) => pieces.map(({ name }) => name))];
}

export function storedBytes(archives: readonly z.infer<typeof Archive>[]): number {
  return archives.reduce((sum, { pieces }) => sum + pieces.reduce((total, { bytes }) => total + bytes, 0), 0);
}
