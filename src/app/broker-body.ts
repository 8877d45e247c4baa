/**
 * Bodies of brokered requests: bounded, decompressed where they must be read, and never held beyond what git itself sends in
 * one piece. Between the platform's own streams there is one of ours, since each costs a push its speed.
 */
import { PushReader, type PushRead } from "../core/git/receive-pack.ts";

/** What git sends with its length told, others as a stream; so hosts that know no streams are met as they are by git. */
const ONE_PIECE_BYTES = 1024 * 1024;
const READ_BYTES = 256 * 1024;
const READ_BYTES_MIN = 64 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

export interface BoundedBody {
  /** Null at the end. Rejects once more than the limit came, or when whoever sends it is gone. */
  read(): Promise<Bytes | null>;
  readonly exceeded: boolean;
  cancel(reason?: unknown): Promise<void>;
}

export function bounded(body: ReadableStream<Uint8Array> | null, bytesMax: number): BoundedBody {
  const source = body === null ? null : readerOf(body);
  let bytes = 0;
  return {
    async read() {
      const chunk = (await source?.read()) ?? null;
      bytes += chunk?.byteLength ?? 0;
      if (bytes <= bytesMax) return chunk;
      await source?.cancel().catch(() => undefined);
      throw new Error("more than the limit");
    },
    get exceeded() {
      return bytes > bytesMax;
    },
    cancel: async (reason) => source?.cancel(reason),
  };
}

interface Source {
  read(): Promise<Bytes | null>;
  cancel(reason?: unknown): Promise<void>;
}

/** Of workerd's own streams, whose pieces are small otherwise. */
interface CoarseReader {
  readAtLeast?(minBytes: number, view: Bytes): Promise<{ readonly value?: Bytes }>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

function readerOf(body: ReadableStream<Uint8Array>): Source {
  const coarse = coarseReaderOf(body);
  if (coarse?.readAtLeast) {
    return {
      read: async () => {
        const { value } = (await coarse.readAtLeast?.(READ_BYTES_MIN, new Uint8Array(READ_BYTES))) ?? {};
        return value && value.byteLength > 0 ? value : null;
      },
      cancel: (reason) => coarse.cancel(reason),
    };
  }
  coarse?.releaseLock();
  const reader = body.getReader() as ReadableStreamDefaultReader<Bytes>;
  return { read: async () => (await reader.read()).value ?? null, cancel: (reason) => reader.cancel(reason) };
}

/** Null for a stream that is not one of bytes. */
function coarseReaderOf(body: ReadableStream<Uint8Array>): CoarseReader | null {
  try {
    return body.getReader({ mode: "byob" }) as unknown as CoarseReader;
  } catch {
    return null;
  }
}

export function gunzipped(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return body.pipeThrough(new DecompressionStream("gzip") as unknown as TransformStream<Uint8Array, Uint8Array>);
}

/** What to send on: in one piece where it is small by the length it was announced with. @param first what was read of it already */
export async function toSend(body: BoundedBody, headers: Headers, first: Bytes | null = null): Promise<ReadableStream<Bytes> | Bytes> {
  const length = headers.get("content-length");
  const stream = streamOf(body, ...(first ? [first] : []));
  return length === null || Number(length) > ONE_PIECE_BYTES ? stream : allOf(stream);
}

/** Rejects as `read` does. */
export async function wholeOf(body: BoundedBody): Promise<Bytes> {
  const first = await body.read();
  const second = first && (await body.read());
  if (first === null || second === null) return first ?? new Uint8Array(0);
  return allOf(streamOf(body, first, second));
}

async function allOf(stream: ReadableStream<Bytes>): Promise<Bytes> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param before what was read of it already */
function streamOf(body: BoundedBody, ...before: readonly Bytes[]): ReadableStream<Bytes> {
  const had = [...before];
  return new ReadableStream({
    async pull(controller) {
      const chunk = had.shift() ?? (await body.read());
      if (chunk === null) controller.close();
      else controller.enqueue(chunk);
    },
    cancel: (reason) => body.cancel(reason),
  });
}

export interface OpenedPush {
  readonly read: Exclude<PushRead, { kind: "more" }>;
  /** Everything that was read, from the first byte. */
  readonly first: Bytes;
}

/** Reads as far as the pack. */
export async function openPush(body: BoundedBody): Promise<OpenedPush> {
  const push = new PushReader();
  for (;;) {
    // Whoever sends it may leave, and it may not be compressed as it says.
    const chunk = await body.read().catch(() => null);
    const read = chunk === null ? { kind: "broken" as const, why: "it ends in its middle" } : push.take(chunk);
    if (read.kind !== "more") return { read, first: push.bytes };
  }
}

/** Git reads no answer before it has sent everything. */
export async function drained(body: BoundedBody): Promise<void> {
  try {
    while ((await body.read()) !== null);
  } catch {
    // Whoever sent it left, or sent too much.
  }
}
