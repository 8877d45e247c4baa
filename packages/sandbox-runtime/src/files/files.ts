/** Answers the tunnel's streams for files: a listing, what is in a file, or a file that is written whole or not at all. */
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";
import { LIMITS, OpenFiles, type FilesHead } from "@berth/protocol";
import type { Accept } from "../../../../src/core/tunnel/tunnel-end.ts";
import type { StreamListener, TunnelStream } from "../../../../src/core/tunnel/tunnel-stream.ts";
import { cleanPath, FileRefused, folderInside, openInside } from "./inside.ts";
import { listFolder } from "./listing.ts";

const READ_BYTES = 64 * 1024;

export class Files {
  readonly #workFolder: string;

  constructor(workFolder: string) {
    this.#workFolder = workFolder;
  }

  /** Takes the streams that are for files; null for others. */
  accept(what: Parameters<Accept>[0], stream: TunnelStream): ReturnType<Accept> | null {
    if (what["kind"] !== "files") return null;
    const parsed = OpenFiles.safeParse(what);
    if (!parsed.success) return "That is nothing this sandbox does with files.";
    if (parsed.data.do === "write") return this.#write(parsed.data.path, stream);
    const reading = new Reading(stream);
    const done = parsed.data.do === "list" ? this.#list(parsed.data.path, stream) : reading.send(this.#workFolder, parsed.data.path);
    done.catch((error: unknown) => answer(stream, refusalOf(error))).finally(() => stream.end());
    return reading;
  }

  async #list(path: string, stream: TunnelStream): Promise<void> {
    answer(stream, { is: "listing", listing: await listFolder(this.#workFolder, cleanPath(path)) });
  }

  #write(path: string, stream: TunnelStream): StreamListener {
    const writing = new Writing(this.#workFolder, path);
    return {
      data: (bytes) => writing.add(Buffer.from(bytes), () => stream.took(bytes.length)),
      ended: () => {
        void writing.finish().then((head) => {
          answer(stream, head);
          stream.end();
        });
      },
      reset: () => writing.abandon(),
    };
  }
}

/** One file on its way out, no faster than it is taken. */
class Reading implements StreamListener {
  readonly #stream: TunnelStream;
  #drained: () => void = () => {};

  constructor(stream: TunnelStream) {
    this.#stream = stream;
  }

  data(): void {}
  reset(): void {
    this.#drained();
  }
  drained(): void {
    this.#drained();
  }

  /** @throws FileRefused */
  async send(workFolder: string, path: string): Promise<void> {
    const handle = await openInside(workFolder, cleanPath(path));
    try {
      const info = await handle.stat();
      if (!info.isFile()) throw new FileRefused("conflict", "That is no file.");
      if (info.size > LIMITS.workFileBytesMax) throw new FileRefused("body-too-large", `The file has ${info.size} bytes; the limit is ${LIMITS.workFileBytesMax}.`);
      answer(this.#stream, { is: "content", size: info.size, modifiedAt: info.mtime.toISOString() });
      await this.#copy(handle, info.size);
    } finally {
      await handle.close();
    }
  }

  /** As many bytes as were promised: one that grows is cut, one that shrank ends the stream as broken. */
  async #copy(handle: FileHandle, size: number): Promise<void> {
    for (let at = 0; at < size && !this.#stream.isOver; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(READ_BYTES, size - at)), 0, null, at);
      if (bytesRead === 0) return this.#stream.reset("the file changed while it was read");
      at += bytesRead;
      const drained = new Promise<void>((resolve) => (this.#drained = resolve));
      if (!this.#stream.write(buffer.subarray(0, bytesRead)) && !this.#stream.isOver) await drained;
    }
  }
}

/** One file on its way in. It takes its place when it is whole. */
class Writing {
  readonly #workFolder: string;
  readonly #path: string;
  #line: Promise<void>;
  #failure: unknown = null;
  #handle: FileHandle | null = null;
  #temporary = "";
  #place = "";
  #size = 0;

  constructor(workFolder: string, path: string) {
    this.#workFolder = workFolder;
    this.#path = path;
    this.#line = this.#then(() => this.#begin());
  }

  add(bytes: Buffer, taken: () => void): void {
    this.#size += bytes.length;
    this.#line = this.#then(async () => {
      if (this.#size > LIMITS.workFileBytesMax) throw new FileRefused("body-too-large", `The file has more than ${LIMITS.workFileBytesMax} bytes, the limit.`);
      await this.#handle?.writeFile(bytes);
    }).finally(taken);
  }

  async finish(): Promise<FilesHead> {
    await this.#then(async () => {
      await this.#handle?.close();
      this.#handle = null;
      await rename(this.#temporary, this.#place);
    });
    if (this.#failure === null) return { is: "written", size: this.#size };
    await this.#clear();
    return refusalOf(this.#failure);
  }

  abandon(): void {
    this.#failure ??= new Error("nobody waits for it any more");
    void this.#line.then(() => this.#clear());
  }

  async #begin(): Promise<void> {
    const path = cleanPath(this.#path);
    if (path === "") throw new FileRefused("invalid-field", "Name a file of the work folder.");
    const folder = await folderInside(this.#workFolder, path);
    this.#place = join(folder, basename(path));
    const there = await stat(this.#place).catch(() => null);
    if (there !== null && !there.isFile()) throw new FileRefused("conflict", "There is something else than a file at that path.");
    this.#temporary = join(folder, `.berth-upload-${randomUUID()}`);
    // A file that is replaced keeps its rights; a link is replaced, not followed.
    this.#handle = await open(this.#temporary, "wx", there === null ? 0o644 : there.mode & 0o777);
  }

  #then(step: () => Promise<void>): Promise<void> {
    const before = this.#line ?? Promise.resolve();
    return before.then(async () => {
      if (this.#failure === null) await step().catch((error: unknown) => (this.#failure = error));
    });
  }

  async #clear(): Promise<void> {
    await this.#handle?.close().catch(() => undefined);
    this.#handle = null;
    if (this.#temporary !== "") await rm(this.#temporary, { force: true });
  }
}

function answer(stream: TunnelStream, head: FilesHead): void {
  stream.sendHead(head);
}

function refusalOf(error: unknown): FilesHead {
  if (error instanceof FileRefused) return { is: "refused", problem: error.problem, detail: error.message };
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return { is: "refused", problem: "conflict", detail: "The sandbox's disk is full." };
  return { is: "refused", problem: "conflict", detail: `The sandbox could not do that${code === undefined ? "" : `: ${code}`}${code === undefined ? `: ${message.slice(0, 200)}` : ""}.` };
}
