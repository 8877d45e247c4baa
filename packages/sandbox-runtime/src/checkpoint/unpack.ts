/** Puts a checkpoint's layers into a folder, oldest first. Never follows a link and never leaves the folder. */
import { chmodSync, closeSync, lstatSync, lutimesSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync, utimesSync, writeSync } from "node:fs";
import { extract as createExtract, type Header } from "tar-stream";
import { FILES_PREFIX, NAME_HEADER, REMOVED_NAME, TARGET_HEADER } from "./pack.ts";
import { at, isGone, slices } from "./tree.ts";

export class BrokenLayer extends Error {}

const OWNER_ALL = 0o700;

export class Unpacker {
  readonly #root: string;
  /** Given to the folders at the very end: one that may not be written could not be filled. */
  readonly #folderModes = new Map<string, number>();
  /** The last folder in which something was put or removed; all of its path are folders. */
  #known: string | null = null;

  constructor(root: string) {
    this.#root = root;
  }

  /** The folder stays, whatever is in it goes. */
  clear(): void {
    this.#folderModes.clear();
    this.#known = null;
    mkdirSync(this.#root, { recursive: true });
    for (const name of readdirSync(this.#root, { encoding: "latin1" })) this.#remove(name);
  }

  /** @param bytes a tar, already unzipped. @throws BrokenLayer, or the system's error */
  async apply(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const extract = createExtract();
    const feeding = feed(extract, bytes);
    feeding.catch((error: unknown) => extract.destroy(error as Error));
    const pause = slices();
    for await (const entry of extract) {
      const { header } = entry;
      const content = entry as unknown as AsyncIterable<Uint8Array>;
      if (header.name === REMOVED_NAME) this.#removeAll(await textOf(content));
      else await this.#put(header, content);
      await pause();
    }
    await feeding;
  }

  finish(): void {
    for (const [path, mode] of [...this.#folderModes].reverse()) {
      try {
        chmodSync(at(this.#root, path), mode);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  }

  #removeAll(text: string): void {
    for (const path of JSON.parse(text) as string[]) {
      this.#requireFolders(inside(path));
      this.#remove(path);
    }
  }

  #remove(path: string): void {
    const place = at(this.#root, path);
    try {
      rmSync(place, { recursive: true, force: true });
    } catch {
      open(this.#root, path);
      rmSync(place, { recursive: true, force: true });
    }
    this.#folderModes.delete(path);
  }

  async #put(header: Header, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = inside(nameOf(header));
    this.#requireFolders(path);
    const place = at(this.#root, path);
    switch (header.type) {
      case "directory":
        this.#makeRoom(path, "folder");
        mkdirSync(place, { recursive: true, mode: OWNER_ALL });
        this.#folderModes.set(path, header.mode);
        break;
      case "symlink":
        this.#makeRoom(path, "link");
        symlinkSync(targetOf(header), place);
        lutimesSync(place, header.mtime, header.mtime);
        break;
      case "file":
        this.#makeRoom(path, "file");
        await writeContent(place, content);
        chmodSync(place, header.mode);
        utimesSync(place, header.mtime, header.mtime);
        break;
      default:
        throw new BrokenLayer(`it holds a ${header.type}`);
    }
    // An entry without content has an end, too.
    if (header.type !== "file") for await (const _ of content) throw new BrokenLayer(`a ${header.type} has content`);
  }

  /** What lies below a link lies somewhere else. @throws BrokenLayer when one, or a file, is where a folder has to be */
  #requireFolders(path: string): void {
    const steps = path.split("/").slice(0, -1);
    const parent = steps.join("/");
    if (parent === this.#known) return;
    for (let depth = 1; depth <= steps.length; depth++) {
      const stats = lstatSync(at(this.#root, steps.slice(0, depth).join("/")), { throwIfNoEntry: false });
      if (!stats?.isDirectory()) throw new BrokenLayer("it holds a name below what is no folder");
    }
    this.#known = parent;
  }

  /** A file is written anew, since a link or another file may be in its place; a folder keeps what is in it. */
  #makeRoom(path: string, kind: "file" | "folder" | "link"): void {
    try {
      const stats = lstatSync(at(this.#root, path));
      if (kind !== "folder" || !stats.isDirectory()) this.#remove(path);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

async function feed(extract: ReturnType<typeof createExtract>, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const failed = new Promise<never>((_, reject) => extract.once("error", reject).once("close", () => reject(new BrokenLayer("it was not read to its end"))));
  failed.catch(() => {});
  for await (const piece of bytes) {
    if (!extract.write(piece)) await Promise.race([failed, new Promise((drained) => extract.once("drain", drained as () => void))]);
  }
  extract.end(null);
}

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}

async function writeContent(place: Buffer, content: AsyncIterable<Uint8Array>): Promise<void> {
  const fd = openSync(place, "wx", 0o600);
  try {
    for await (const piece of content) for (let written = 0; written < piece.length; ) written += writeSync(fd, piece, written);
  } finally {
    closeSync(fd);
  }
}

function nameOf({ name, pax }: Header): string {
  const hex = (pax as Record<string, string> | null | undefined)?.[NAME_HEADER];
  if (hex !== undefined) return Buffer.from(hex, "hex").toString("latin1");
  if (!name.startsWith(FILES_PREFIX)) throw new BrokenLayer(`it holds ${name}`);
  return Buffer.from(name.slice(FILES_PREFIX.length).replace(/\/$/, "")).toString("latin1");
}

function targetOf({ linkname, pax }: Header): Buffer {
  const hex = (pax as Record<string, string> | null | undefined)?.[TARGET_HEADER];
  return hex === undefined ? Buffer.from(linkname) : Buffer.from(hex, "hex");
}

/** @throws BrokenLayer for a name that would lead out */
function inside(path: string): string {
  const steps = path.split("/");
  if (path.includes("\0") || steps.some((step) => step === "" || step === "." || step === "..")) throw new BrokenLayer("it holds a name that leads out of the folder");
  return path;
}

/** Makes every folder from here down one that may be emptied. */
function open(root: string, path: string): void {
  const place = at(root, path);
  if (!lstatSync(place).isDirectory()) return;
  chmodSync(place, OWNER_ALL);
  for (const name of readdirSync(place, { encoding: "latin1" })) open(root, `${path}/${name}`);
}
