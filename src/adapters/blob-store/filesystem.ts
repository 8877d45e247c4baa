/** Blobs in a folder. An upload is written beside and renamed into its place when it is whole and on the disk. */
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { isPortError, PortError, type PortErrorCode, type Retry } from "../../core/kernel/port-error.ts";
import type { BlobInfo, BlobStore } from "../../ports/blob-store/blob-store.port.ts";
import {
  checkContentType,
  checkKey,
  checkPrefix,
  checkRange,
  clampLimit,
  notWhole,
  resolveRange,
  sha256Hex,
  type ByteRange,
} from "../../ports/blob-store/blob-values.ts";
import { decodeFileName, decodeHeader, decodeSegment, encodeHeader, encodeSegment, filePath, HEADER_BYTES_MAX, UPLOADS_FOLDER } from "./blob-file.ts";

type WriteAll = (file: FileHandle, bytes: Uint8Array) => Promise<void>;

/**
 * @param root folder that belongs to this store alone; made when it is missing
 * @param write how an open file gets its bytes
 */
export function createFilesystemBlobStore(root: string, write: WriteAll = (file, bytes) => file.writeFile(bytes)): BlobStore {
  return new FilesystemBlobStore(root, write);
}

class FilesystemBlobStore implements BlobStore {
  readonly #root: string;
  readonly #write: WriteAll;

  constructor(root: string, write: WriteAll) {
    this.#root = root;
    this.#write = write;
  }

  async put(key: string, body: Uint8Array, { contentType }: { readonly contentType: string }): Promise<BlobInfo> {
    checkKey("put", key);
    checkContentType(contentType);
    const info: BlobInfo = { key, size: body.length, contentType, sha256: await sha256Hex(body) };
    const whole = Buffer.concat([encodeHeader(info), body]);
    return guard("put", async () => {
      const upload = join(this.#root, UPLOADS_FOLDER, crypto.randomUUID());
      await mkdir(join(this.#root, UPLOADS_FOLDER), { recursive: true });
      try {
        await this.#upload(upload, whole, key);
        const path = this.#path(key);
        await mkdir(join(path, ".."), { recursive: true });
        await rename(upload, path);
      } finally {
        await rm(upload, { force: true });
      }
      return info;
    });
  }

  async get(key: string, range?: ByteRange) {
    checkKey("get", key);
    if (range) checkRange(range);
    return guard("get", () =>
      this.#opened(key, async (file, info, contentAt) => {
        const { offset, length } = resolveRange(range, info.size);
        const bytes = new Uint8Array(length);
        const { bytesRead } = await file.read(bytes, 0, length, contentAt + offset);
        if (bytesRead !== length || (await file.stat()).size !== contentAt + info.size) throw notWhole("get", key);
        return { info, bytes };
      }),
    );
  }

  async head(key: string): Promise<BlobInfo | null> {
    checkKey("head", key);
    return guard("head", () => this.#opened(key, async (_file, info) => info));
  }

  async list(prefix: string, page: { readonly after: string | null; readonly limit: number }) {
    checkPrefix(prefix);
    return guard("list", async () => {
      const limit = clampLimit(page.limit);
      const { after } = page;
      const found = await this.#keysUnder(prefix.split("/").slice(0, -1));
      const keys = found.filter((key) => key.startsWith(prefix) && (after === null || key > after)).toSorted();
      const infos = await Promise.all(keys.slice(0, limit).map((key) => this.head(key)));
      return { blobs: infos.filter((info) => info !== null), next: keys.length > limit ? (keys[limit - 1] ?? null) : null };
    });
  }

  async delete(key: string): Promise<void> {
    checkKey("delete", key);
    await guard("delete", () => rm(this.#path(key), { force: true }));
  }

  #path(key: string): string {
    return join(this.#root, ...filePath(key));
  }

  async #upload(path: string, whole: Uint8Array, key: string): Promise<void> {
    const file = await open(path, "wx");
    try {
      await this.#write(file, whole);
      await file.sync();
    } finally {
      await file.close();
    }
    if ((await stat(path)).size !== whole.length) throw notWhole("put", key);
  }

  async #opened<Result>(key: string, body: (file: FileHandle, info: BlobInfo, contentAt: number) => Promise<Result>): Promise<Result | null> {
    const file = await open(this.#path(key), "r").catch(nullIfMissing);
    if (!file) return null;
    try {
      const start = new Uint8Array(HEADER_BYTES_MAX);
      const { bytesRead } = await file.read(start, 0, HEADER_BYTES_MAX, 0);
      const header = decodeHeader(key, start.subarray(0, bytesRead));
      if (!header) throw notWhole("get", key);
      return await body(file, header.info, header.contentAt);
    } finally {
      await file.close();
    }
  }

  async #keysUnder(segments: readonly string[]): Promise<readonly string[]> {
    const folder = join(this.#root, ...segments.map(encodeSegment));
    const entries = (await readdir(folder, { withFileTypes: true }).catch(nullIfMissing)) ?? [];
    const keys = await Promise.all(
      entries.map(async (entry) => {
        if (entry.isDirectory()) return this.#keysUnder([...segments, decodeSegment(entry.name)]);
        const last = decodeFileName(entry.name);
        return last === null ? [] : [[...segments, last].join("/")];
      }),
    );
    return keys.flat();
  }
}

function nullIfMissing(raw: unknown): null {
  const code = (raw as { code?: unknown } | null)?.code;
  if (code === "ENOENT" || code === "ENOTDIR") return null;
  throw raw;
}

async function guard<Result>(operation: Operation, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (raw) {
    throw isPortError(raw) ? raw : classify(raw, operation);
  }
}

type Operation = "put" | "get" | "head" | "list" | "delete";
type Kind = readonly [code: PortErrorCode, retry: Retry, message: string];

const KINDS: Readonly<Record<string, Kind>> = {
  ENOSPC: ["resource-exhausted", { afterMs: 1000 }, "the disk is full"],
  EDQUOT: ["resource-exhausted", { afterMs: 1000 }, "the disk quota is used up"],
  EMFILE: ["resource-exhausted", { afterMs: 1000 }, "too many files are open"],
  ENFILE: ["resource-exhausted", { afterMs: 1000 }, "too many files are open"],
  EACCES: ["permission-denied", "never", "the data folder may not be used by this program"],
  EPERM: ["permission-denied", "never", "the data folder may not be used by this program"],
  EROFS: ["permission-denied", "never", "the data folder is on a read-only disk"],
};

/** A rename is all or nothing and comes last, so what failed was not applied. */
export function classify(raw: unknown, operation: Operation): PortError {
  const name = (raw as { code?: unknown } | null)?.code;
  const [code, retry, message] = KINDS[typeof name === "string" ? name : ""] ?? (["internal", "same-request", "the disk failed"] as const);
  return new PortError({ port: "blob-store", operation, code, outcome: "not-applied", retry, message, cause: raw });
}
