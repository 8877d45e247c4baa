/**
 * One layer of a checkpoint as a tar: what changed since the layer before, and the names that are gone. Tools go on writing
 * meanwhile, so a file is read until it stayed as it was, twice at most; then its entry has what was read and the next layer
 * has it again.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { pack as createPack, type Pack } from "tar-stream";
import { at, fileOf, isGone, slices, type Changes, type Entry, type Tree } from "./tree.ts";

/** First in a layer: the names that are gone, as JSON. */
export const REMOVED_NAME = ".berth-removed.json";
/** Everything of the folder lies below it, so that no name of a file can be mistaken for one of ours. */
export const FILES_PREFIX = "files/";
/** In the header of an entry whose name is not UTF-8. */
export const NAME_HEADER = "BERTH.name";
export const TARGET_HEADER = "BERTH.target";

/** Up to here a file is read at once. */
const SMALL_BYTES = 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;
/**
 * The clock of a file system ticks slower than files change: one that changed this shortly before it was read may change
 * again without showing it.
 */
const TICK_MS = 50;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

export interface PackedLayer {
  readonly stream: AsyncIterable<Uint8Array>;
  /** The tree as the layer has it: what was not whole is marked as different from anything. Fails with the stream. */
  readonly tree: Promise<Tree>;
}

export interface PackRequest {
  readonly root: string;
  readonly tree: Tree;
  readonly changes: Changes;
  /** Milliseconds since the Unix epoch, of the same clock as the files. */
  now(): number;
}

export function packLayer(request: PackRequest): PackedLayer {
  const stream = createPack();
  const tree = writeAll(stream, request);
  tree.catch((error: unknown) => stream.destroy(error as Error));
  return { stream: stream as unknown as AsyncIterable<Uint8Array>, tree };
}

async function writeAll(stream: Pack, { root, tree, changes, now }: PackRequest): Promise<Tree> {
  const packed = new Map(tree);
  const pause = slices();
  await write(stream, { name: REMOVED_NAME, mode: 0o600 }, Buffer.from(JSON.stringify(changes.removed)));
  for (const path of changes.changed) {
    const entry = tree.get(path) as Entry;
    if (entry.kind === "file") {
      packed.set(path, await writeFile(stream, { root, path, entry, now }));
    } else await write(stream, headerOf(path, entry));
    await pause();
  }
  stream.finalize();
  return packed;
}

type Header = Parameters<Pack["entry"]>[0];

/** A link and a folder have no content. */
function write(stream: Pack, header: Header, content?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (content) stream.entry(header, content, done);
    else stream.entry(header, done).end(null);
  });
}

function headerOf(path: string, entry: Entry): Header {
  const [name, nameHeader] = readable(path, NAME_HEADER);
  const [linkname, targetHeader] = readable(entry.target ?? "", TARGET_HEADER);
  const pax = { ...nameHeader, ...targetHeader };
  return {
    name: FILES_PREFIX + name,
    mode: entry.mode,
    mtime: new Date(Math.max(0, entry.mtimeMs)),
    type: entry.kind === "folder" ? "directory" : entry.kind === "link" ? "symlink" : "file",
    ...(entry.kind === "link" && { linkname }),
    ...(entry.kind === "file" && { size: entry.size }),
    ...(Object.keys(pax).length > 0 && { pax }),
  };
}

/** Bytes as text, and where they are none, a stand-in and a header that has them. */
function readable(bytes: string, header: string): readonly [text: string, pax: Readonly<Record<string, string>>] {
  const buffer = Buffer.from(bytes, "latin1");
  const text = buffer.toString("utf8");
  if (Buffer.from(text).equals(buffer)) return [text, {}];
  const hex = buffer.toString("hex");
  return [`not-utf8-${hex.slice(0, 60)}`, { [header]: hex }];
}

interface FileRequest {
  readonly root: string;
  readonly path: string;
  readonly entry: Entry;
  now(): number;
}

/** The entry as it was written. What is gone by now is told as such by the next layer; what may not be read is left out. */
async function writeFile(stream: Pack, { root, path, entry, now }: FileRequest): Promise<Entry> {
  const place = at(root, path);
  try {
    const small = readSmall(place, now);
    if (small === undefined) return await writeBig(stream, place, path, now);
    await write(stream, headerOf(path, small.entry), small.content);
    return small.entry;
  } catch (error) {
    if (isGone(error) || isSwapped(error)) return unsettled(entry);
    if (isUnreadable(error)) return entry;
    throw error;
  }
}

interface Small {
  readonly entry: Entry;
  readonly content: Buffer;
}

/** Undefined when it is too big for that. @throws the system's error */
function readSmall(place: Buffer, now: () => number, isLastTry = false): Small | undefined {
  const fd = openSync(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const startedAtMs = now();
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) throw notAFile();
    if (before.size > SMALL_BYTES) return undefined;
    const content = readWhole(fd, Number(before.size));
    const after = fstatSync(fd, { bigint: true });
    const isWhole = isUnmoved(before, after) && content.length === Number(before.size);
    if (!isWhole && !isLastTry) return readSmall(place, now, true);
    const entry = { ...fileOf(before), size: content.length };
    return { content, entry: isWhole && isSettled(before, startedAtMs) ? entry : unsettled(entry) };
  } finally {
    closeSync(fd);
  }
}

function readWhole(fd: number, size: number): Buffer {
  const content = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const bytes = readSync(fd, content, filled, size - filled, filled);
    if (bytes === 0) break;
    filled += bytes;
  }
  return content.subarray(0, filled);
}

/** Of a fixed length, as a tar needs it: what a file lost meanwhile is filled with zeros, and the next layer has it again. */
async function writeBig(stream: Pack, place: Buffer, path: string, now: () => number): Promise<Entry> {
  const file = await open(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const startedAtMs = now();
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) throw notAFile();
    const entry = fileOf(before);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let isShort = false;
    const sink = stream.entry(headerOf(path, entry), (error) => (error ? reject(error) : resolve()));
    for (let offset = 0; offset < entry.size; ) {
      const length = Math.min(PIECE_BYTES, entry.size - offset);
      const piece = Buffer.alloc(length);
      isShort ||= !(await fill(file, piece, offset));
      if (!sink.write(piece)) await Promise.race([promise, new Promise((drained) => sink.once("drain", drained as () => void))]);
      offset += length;
    }
    sink.end(null);
    await promise;
    const after = await file.stat({ bigint: true });
    return !isShort && isUnmoved(before, after) && isSettled(before, startedAtMs) ? entry : unsettled(entry);
  } finally {
    await file.close();
  }
}

/** A read may bring less than there is. False when the file ended before. */
async function fill(file: Pick<FileHandle, "read">, piece: Buffer, offset: number): Promise<boolean> {
  for (let filled = 0; filled < piece.length; ) {
    const { bytesRead } = await file.read(piece, filled, piece.length - filled, offset + filled);
    if (bytesRead === 0) return false;
    filled += bytesRead;
  }
  return true;
}

function isUnmoved(before: BigIntStats, after: BigIntStats): boolean {
  return before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs;
}

function isSettled({ ctimeNs }: BigIntStats, readAtMs: number): boolean {
  return Number(ctimeNs / 1_000_000n) < readAtMs - TICK_MS;
}

function unsettled(entry: Entry): Entry {
  return { ...entry, stamp: "unsettled" };
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

function notAFile(): Error {
  return Object.assign(new Error("it is no file any more"), { code: "ENXIO" });
}

/** Another kind of thing has its name now. */
function isSwapped(error: unknown): boolean {
  return ["ELOOP", "ENXIO"].includes(codeOf(error));
}

function isUnreadable(error: unknown): boolean {
  return ["EACCES", "EPERM"].includes(codeOf(error));
}
