/** A pack of git's objects, read whole from memory. What it claims of itself is checked: it comes from somebody's host. */
import { Z_FINISH, Z_STREAM_END, zlibInflate, zlibInflateEnd, zlibInflateInit, ZStream } from "pako";
import { hexOf } from "../../core/kernel/hex.ts";
import { TreeError } from "./tree-error.ts";

export interface GitObject {
  readonly type: "commit" | "tree" | "blob" | "tag";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const TYPES: Readonly<Record<number, GitObject["type"]>> = { 1: "commit", 2: "tree", 3: "blob", 4: "tag" };
const [BY_OFFSET, BY_NAME] = [6, 7];
const NAME_BYTES = 20;
const HEADER_BYTES = 12;
/** Unpacked, all together: what holds it may have 128 MB for everything. */
const BYTES_MAX = 48 * 1024 * 1024;
/** Each costs a name to be worked out. */
const OBJECTS_MAX = 200_000;

/** By name. @throws TreeError for what is no pack, or unpacks to too much */
export async function readPack(pack: Uint8Array): Promise<ReadonlyMap<string, GitObject>> {
  const view = new DataView(pack.buffer, pack.byteOffset, pack.byteLength);
  if (pack.length < HEADER_BYTES || view.getUint32(0) !== 0x5041434b || view.getUint32(4) !== 2) throw broken();
  const byName = new Map<string, GitObject>();
  const byOffset = new Map<number, GitObject>();
  let at = HEADER_BYTES;
  let total = 0;
  const count = view.getUint32(8);
  if (count > OBJECTS_MAX) throw new TreeError("too-large", "has more files and folders than are looked at");
  for (let left = count; left > 0; left--) {
    const start = at;
    const head = readHead(pack, at, start);
    const base = head.base === null ? null : typeof head.base === "number" ? byOffset.get(head.base) : byName.get(head.base);
    // Of a pack that is whole the base comes first, as it does where nothing is kept on this side.
    if (base === undefined) throw broken();
    const { bytes: unpacked, consumed } = inflate(pack.subarray(head.end), head.size);
    at = head.end + consumed;
    const type = base?.type ?? TYPES[head.type];
    if (type === undefined) throw broken();
    const bytes = base === null ? unpacked : patched(base.bytes, unpacked);
    total += bytes.length;
    if (total > BYTES_MAX) throw new TreeError("too-large", "unpacks to more than is looked at");
    const object = { type, bytes };
    byOffset.set(start, object);
    byName.set(await nameOf(object), object);
  }
  return byName;
}

interface Head {
  readonly type: number;
  readonly size: number;
  /** Of a difference: the name of its base, or where that is in the pack. */
  readonly base: string | number | null;
  readonly end: number;
}

function readHead(pack: Uint8Array, from: number, start: number): Head {
  let at = from;
  const next = (): number => pack[at++] ?? broke();
  let byte = next();
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  for (let factor = 16; (byte & 128) !== 0; factor *= 128) {
    byte = next();
    size += (byte & 127) * factor;
  }
  if (size > BYTES_MAX) throw new TreeError("too-large", "holds a file that is too large to be looked at");
  if (type === BY_NAME) return { type, size, base: hexOf(pack.subarray(at, at + NAME_BYTES)), end: at + NAME_BYTES };
  if (type !== BY_OFFSET) return { type, size, base: null, end: at };
  byte = next();
  let back = byte & 127;
  while ((byte & 128) !== 0) {
    byte = next();
    back = (back + 1) * 128 + (byte & 127);
  }
  return { type, size, base: start - back, end: at };
}

/** Into room for what was claimed and one byte more, which no honest pack needs. */
function inflate(packed: Uint8Array, size: number): { readonly bytes: Uint8Array<ArrayBuffer>; readonly consumed: number } {
  const output = new Uint8Array(size + 1);
  const stream = Object.assign(new ZStream(), { input: packed, next_in: 0, avail_in: packed.length, output, next_out: 0, avail_out: output.length });
  zlibInflateInit(stream);
  const status = zlibInflate(stream, Z_FINISH);
  zlibInflateEnd(stream);
  if (status !== Z_STREAM_END || stream.total_out !== size) throw broken();
  return { bytes: output.subarray(0, size), consumed: stream.next_in };
}

/** A difference: copies from the base and what is new, in turn. */
function patched(base: Uint8Array, delta: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 0;
  const next = (): number => delta[at++] ?? broke();
  const number = (): number => {
    let [value, factor, byte] = [0, 1, 128];
    while ((byte & 128) !== 0) {
      byte = next();
      value += (byte & 127) * factor;
      factor *= 128;
    }
    return value;
  };
  if (number() !== base.length) throw broken();
  const size = number();
  if (size > BYTES_MAX) throw new TreeError("too-large", "holds a file that is too large to be looked at");
  const made = new Uint8Array(size);
  let end = 0;
  while (at < delta.length) {
    const op = next();
    const piece = (op & 128) !== 0 ? copied(base, op, next) : delta.subarray(at, (at += op));
    if (op === 0 || end + piece.length > size) throw broken();
    made.set(piece, end);
    end += piece.length;
  }
  if (end !== size) throw broken();
  return made;
}

function copied(base: Uint8Array, op: number, next: () => number): Uint8Array {
  const field = (first: number, bytes: number): number => {
    let value = 0;
    for (let byte = 0; byte < bytes; byte++) if ((op & (first << byte)) !== 0) value += next() * 256 ** byte;
    return value;
  };
  const offset = field(1, 4);
  const size = field(16, 3) || 65_536;
  if (offset + size > base.length) throw broken();
  return base.subarray(offset, offset + size);
}

async function nameOf({ type, bytes }: GitObject): Promise<string> {
  const head = new TextEncoder().encode(`${type} ${bytes.length}\0`);
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-1", whole)));
}

function broken(): TreeError {
  return new TreeError("broken", "sent what is no pack of git's");
}

function broke(): never {
  throw broken();
}
