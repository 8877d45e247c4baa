/** A work folder in memory: files with their modes, folders, links and pipes, and what becomes of a path on its way. */
import type { FakeFiles } from "./fake-folder.ts";

type Node =
  | { readonly kind: "file"; readonly bytes: Uint8Array; readonly mode: number }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "folder" | "pipe" };

/** Why a path leads nowhere. */
type Astray = "leaves" | "is-no-folder";

const LINKS_MAX = 40;
const MODE = 0o644;

export class PathError extends Error {
  readonly why: Astray | "is-a-folder" | "is-no-file" | "missing";

  constructor(why: PathError["why"]) {
    super(why);
    this.why = why;
  }
}

/** The parts of a path. @throws PathError when its text alone leaves the folder */
function partsOf(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || path.includes("\0") || parts.includes("..")) throw new PathError("leaves");
  return parts;
}

/** A path from a folder of the tree. */
export function below(folder: string, path: string): string {
  return folder === "" ? path : `${folder}/${path}`;
}

const parentOf = (path: string): string => path.split("/").slice(0, -1).join("/");

export class FakeTree {
  readonly #nodes = new Map<string, Node>();

  constructor(files: ReadonlyMap<string, Uint8Array> = new Map()) {
    for (const [path, bytes] of files) this.write(path, bytes);
  }

  /** The regular files, as a commit has them. */
  files(): FakeFiles {
    return new Map([...this.#nodes].flatMap(([path, node]) => (node.kind === "file" ? [[path, node.bytes] as const] : [])));
  }

  /** Null when there is none. @throws PathError */
  read(path: string): Uint8Array | null {
    const found = this.#at(this.#resolve(path));
    if (found === undefined) return null;
    if (found.kind === "file") return found.bytes;
    throw new PathError(found.kind === "folder" ? "is-a-folder" : "is-no-file");
  }

  /** Makes the folders on the way. @throws PathError */
  write(path: string, bytes: Uint8Array): void {
    const real = this.#resolve(path);
    const found = this.#at(real);
    if (found && found.kind !== "file") throw new PathError(found.kind === "folder" ? "is-a-folder" : "is-no-file");
    this.folder(parentOf(real));
    this.#nodes.set(real, { kind: "file", bytes: bytes.slice(), mode: found?.mode ?? MODE });
  }

  /** With those on the way. @throws PathError */
  folder(path: string): void {
    const real = this.#resolve(path);
    if (real === "") return;
    const found = this.#at(real);
    if (found && found.kind !== "folder") throw new PathError("is-no-folder");
    this.folder(parentOf(real));
    this.#nodes.set(real, { kind: "folder" });
  }

  pipe(path: string): void {
    this.#nodes.set(this.#resolve(path), { kind: "pipe" });
  }

  link(path: string, target: string): void {
    this.#nodes.set(this.#resolve(path), { kind: "link", target });
  }

  /** With all that is below. */
  remove(path: string): void {
    const parts = partsOf(path);
    const real = [this.#resolve(parts.slice(0, -1).join("/")), ...parts.slice(-1)].filter((part) => part !== "").join("/");
    for (const each of this.#nodes.keys()) if (each === real || each.startsWith(`${real}/`)) this.#nodes.delete(each);
  }

  mode(path: string): number | null {
    const found = this.#at(this.#resolve(path));
    return found?.kind === "file" ? found.mode : null;
  }

  setMode(path: string, mode: number): void {
    const real = this.#resolve(path);
    const found = this.#at(real);
    if (found?.kind === "file") this.#nodes.set(real, { ...found, mode });
  }

  /** The folder itself, without links. @throws PathError */
  enter(path: string): string {
    const real = this.#resolve(path);
    const found = this.#at(real);
    if (found === undefined) throw new PathError("missing");
    if (found.kind !== "folder") throw new PathError("is-no-folder");
    return real;
  }

  #at(real: string): Node | undefined {
    return real === "" ? { kind: "folder" } : this.#nodes.get(real);
  }

  /** Follows links as long as they stay inside. A missing end stays as it is. */
  #resolve(path: string): string {
    const left = partsOf(path);
    const walked: string[] = [];
    let links = 0;
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      if (part === "..") {
        if (walked.pop() === undefined) throw new PathError("leaves");
        continue;
      }
      const here = this.#at([...walked, part].join("/"));
      if (here?.kind === "link") {
        links += 1;
        if (here.target.startsWith("/") || links > LINKS_MAX) throw new PathError("leaves");
        left.unshift(...here.target.split("/").filter((each) => each !== "" && each !== "."));
        continue;
      }
      walked.push(part);
      if (left.length > 0 && here !== undefined && here.kind !== "folder") throw new PathError("is-no-folder");
    }
    return walked.join("/");
  }
}
