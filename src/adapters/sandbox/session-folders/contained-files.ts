/**
 * Files of a work folder, opened from outside while the agent may be changing it. A path is resolved, must still lie
 * inside, and is then walked one component at a time without following links, so that swapping a folder for a link
 * between the two steps gains nothing.
 */
import { constants, existsSync } from "node:fs";
import { mkdir, open, realpath, type FileHandle } from "node:fs/promises";
import { join, relative } from "node:path";
import { FILE_BYTES_MAX } from "../../../ports/sandbox/sandbox.port.ts";
import { refusal } from "./errors.ts";
import type { Owner } from "./folders.ts";

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** Opening below an open folder keeps a swapped parent from mattering; only Linux offers it as a path. */
const DESCRIPTOR_PATHS = existsSync("/proc/self/fd");

/** The path's components, or a refusal when its text alone leaves the folder. */
function componentsOf(operation: string, path: string): string[] {
  const components = path.split("/").filter((component) => component !== "" && component !== ".");
  if (path.startsWith("/") || path.includes("\0") || components.includes("..")) {
    throw refusal(operation, "The path leaves the work folder.", { code: "permission-denied" });
  }
  return components;
}

function tooLarge(operation: string): Error {
  return refusal(operation, `The file is larger than ${FILE_BYTES_MAX} bytes.`, { code: "resource-exhausted" });
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

/** The path below `root` once links are resolved. A missing end stays as it is. */
async function resolveInside(operation: string, root: string, components: readonly string[]): Promise<string[]> {
  const realRoot = await realpath(root);
  for (let known = components.length; known >= 0; known -= 1) {
    try {
      const real = await realpath(join(realRoot, ...components.slice(0, known)));
      const inside = relative(realRoot, real);
      if (inside === ".." || inside.startsWith("../")) {
        throw refusal(operation, "The path goes through a link that leaves the work folder.", { code: "permission-denied" });
      }
      return [...inside.split("/").filter((component) => component !== ""), ...components.slice(known)];
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return [...components];
}

class Folder {
  readonly #handle: FileHandle;
  readonly #path: string;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  static async open(path: string): Promise<Folder> {
    const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    return new Folder(handle, DESCRIPTOR_PATHS ? `/proc/self/fd/${handle.fd}` : path);
  }

  at(name: string): string {
    return `${this.#path}/${name}`;
  }

  giveTo({ uid, gid }: Owner): Promise<void> {
    return this.#handle.chown(uid, gid);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function withFile<T>(path: string, flags: number, mode: number, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, flags, mode);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/** Opens the folders on the way, making them when asked, and hands the last one over. */
async function inParent<T>(root: string, folders: readonly string[], make: { readonly owner: Owner | undefined } | null, use: (parent: Folder) => Promise<T>): Promise<T> {
  let current = await Folder.open(await realpath(root));
  try {
    for (const name of folders) {
      const made = make && (await mkdir(current.at(name)).then(() => true, (error: NodeJS.ErrnoException) => (error.code === "EEXIST" ? false : Promise.reject(error))));
      const next = await Folder.open(current.at(name));
      if (made && make.owner) await next.giveTo(make.owner);
      await current.close();
      current = next;
    }
    return await use(current);
  } finally {
    await current.close();
  }
}

async function split(operation: string, root: string, path: string): Promise<{ folders: string[]; name: string }> {
  const components = await resolveInside(operation, root, componentsOf(operation, path));
  const name = components.pop();
  if (name === undefined) throw refusal(operation, "The path is the work folder itself.", { code: "invalid-argument" });
  return { folders: components, name };
}

/** The folder's path below `root`, without links. */
export async function folderContained(operation: string, root: string, path: string): Promise<string> {
  const folders = await resolveInside(operation, root, componentsOf(operation, path));
  try {
    await inParent(root, folders, null, () => Promise.resolve());
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw refusal(operation, "There is no such folder.", { code: "not-found" });
  }
  return folders.join("/");
}

export async function readContained(root: string, path: string): Promise<Uint8Array | null> {
  const { folders, name } = await split("readFile", root, path);
  try {
    return await inParent(root, folders, null, (parent) =>
      withFile(parent.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, async (handle) => {
        const stat = await handle.stat();
        if (!stat.isFile()) throw refusal("readFile", "The path is not a regular file.", { code: "invalid-argument" });
        if (stat.size > FILE_BYTES_MAX) throw tooLarge("readFile");
        return new Uint8Array(await handle.readFile());
      }),
    );
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** @param owner whose the file is to be; absent: as it is made */
export async function writeContained(root: string, path: string, bytes: Uint8Array, owner?: Owner): Promise<void> {
  if (bytes.length > FILE_BYTES_MAX) throw tooLarge("writeFile");
  const { folders, name } = await split("writeFile", root, path);
  await inParent(root, folders, { owner }, (parent) =>
    withFile(parent.at(name), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644, async (handle) => {
      if (!(await handle.stat()).isFile()) throw refusal("writeFile", "The path is not a regular file.", { code: "invalid-argument" });
      await handle.truncate(0);
      await handle.writeFile(bytes);
      if (owner) await handle.chown(owner.uid, owner.gid);
    }),
  );
}
