/**
 * Bytes as blobs that are named by their own SHA-256: what was stored is proved when it is read, and the same content is
 * stored once. A stream is zipped and cut into pieces that one request can carry.
 */
import { createHash } from "node:crypto";
import { createGunzip, createGzip } from "node:zlib";
import { pipeline } from "node:stream/promises";
import { PassThrough, type Readable } from "node:stream";
import { z } from "zod";
import { LIMITS } from "@berth/protocol";

export const Piece = z.object({ name: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().nonnegative() });
export type Piece = z.infer<typeof Piece>;

export interface Blobs {
  /** Replaces. @throws CheckpointError */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Null when there is none. @throws CheckpointError */
  get(name: string): Promise<Uint8Array | null>;
  delete(name: string): Promise<void>;
  list(): Promise<readonly Piece[]>;
}

/** What was stored is not there any more, or is not what was stored. */
export class BrokenBlob extends Error {}

/** Most of the gain for a fraction of the time. */
const GZIP_LEVEL = 1;

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Zips and stores. @param onBytes told how much was stored so far; may throw to end it. @throws what `source` or `blobs` throw */
export async function storeArchive(source: AsyncIterable<Uint8Array>, blobs: Blobs, onBytes: (bytes: number) => void = () => {}): Promise<Piece[]> {
  const pieces: Piece[] = [];
  let held: Buffer[] = [];
  let size = 0;
  let total = 0;
  const store = async (): Promise<void> => {
    const bytes = Buffer.concat(held);
    held = [];
    size = 0;
    const name = sha256(bytes);
    await blobs.put(name, bytes);
    pieces.push({ name, bytes: bytes.length });
  };
  await pipeline(source as unknown as Readable, createGzip({ level: GZIP_LEVEL }), async (zipped: AsyncIterable<Buffer>) => {
    for await (const part of zipped) {
      total += part.length;
      onBytes(total);
      for (let rest = part; rest.length > 0; ) {
        const taken = rest.subarray(0, LIMITS.checkpointBlobBytesMax - size);
        held.push(taken);
        size += taken.length;
        rest = rest.subarray(taken.length);
        if (size === LIMITS.checkpointBlobBytesMax) await store();
      }
    }
    if (size > 0) await store();
  });
  return pieces;
}

/** Reads back and unzips, each piece proved before a byte of it is used. @throws BrokenBlob, CheckpointError */
export function readArchive(pieces: readonly Piece[], blobs: Blobs): AsyncIterable<Uint8Array> {
  const out = new PassThrough();
  pipeline(read(pieces, blobs), createGunzip(), out).catch((error: unknown) => out.destroy(error as Error));
  return out;
}

async function* read(pieces: readonly Piece[], blobs: Blobs): AsyncGenerator<Uint8Array> {
  let next: Promise<Uint8Array> | null = null;
  for (const [index, piece] of pieces.entries()) {
    const bytes: Uint8Array = await (next ?? proved(piece.name, blobs));
    const following = pieces[index + 1];
    // The next one is on its way while this one is unzipped.
    next = following ? proved(following.name, blobs) : null;
    next?.catch(() => {});
    yield bytes;
  }
}

/** @throws BrokenBlob when it is missing or is not what its name says */
export async function proved(name: string, blobs: Blobs): Promise<Uint8Array> {
  const bytes = await blobs.get(name);
  if (bytes === null) throw new BrokenBlob("a part of it is missing");
  if (sha256(bytes) !== name) throw new BrokenBlob("a part of it is damaged");
  return bytes;
}
