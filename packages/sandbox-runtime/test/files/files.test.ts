/** Files of a real folder, over two joined ends of a tunnel. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LIMITS, type FilesHead } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { afterEach, beforeEach, expect } from "vitest";
import { TunnelEnd } from "../../../../src/core/tunnel/tunnel-end.ts";
import type { TunnelStream } from "../../../../src/core/tunnel/tunnel-stream.ts";
import { Files } from "../../src/files/files.ts";

let root: string;
let work: string;
let plane: TunnelEnd;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "berth-files-"));
  work = join(root, "work");
  await mkdir(join(work, "src"), { recursive: true });
  await writeFile(join(root, "outside.txt"), "not for you");
  await writeFile(join(work, "src", "a.txt"), "in it");
  const files = new Files(work);
  const sandbox: TunnelEnd = new TunnelEnd({ send: (message) => queueMicrotask(() => expect(joined.receive(message)).toBe(true)) }, (what, stream) => files.accept(what, stream) ?? "unknown");
  const joined = new TunnelEnd({ send: (message) => queueMicrotask(() => expect(sandbox.receive(message)).toBe(true)) }, null);
  plane = joined;
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

interface Asked {
  readonly head: FilesHead | null;
  readonly bytes: Buffer;
  readonly reset: string | null;
}

/** @param send writes the body and ends it; absent: there is none */
function ask(does: "list" | "read" | "write", path: string, send: (stream: TunnelStream) => void = (stream) => stream.end()): Promise<Asked> {
  return new Promise((resolve) => {
    let head: FilesHead | null = null;
    const chunks: Buffer[] = [];
    const over = (reset: string | null): void => resolve({ head, bytes: Buffer.concat(chunks), reset });
    const stream: TunnelStream = plane.open({ kind: "files", do: does, path }, {
      head: (words) => void (head = words as FilesHead),
      data: (bytes) => {
        chunks.push(Buffer.from(bytes));
        stream.took(bytes.length);
      },
      ended: () => over(null),
      reset: over,
    });
    send(stream);
  });
}

const put = (path: string, content: Uint8Array) =>
  ask("write", path, (stream) => {
    stream.write(content);
    stream.end();
  });
const refusal = async (does: "list" | "read", path: string) => (await ask(does, path)).head;
const OUT = { is: "refused", problem: "forbidden", detail: "That path leads out of the work folder." };

verifies("FIL1", "a folder is listed, folders first, with kinds, sizes and times", async () => {
  await symlink("a.txt", join(work, "src", "link"));
  await mkdir(join(work, "src", "z"));
  const { head } = await ask("list", "./src/");
  expect(head).toMatchObject({
    is: "listing",
    listing: { path: "src", truncated: false, entries: [{ name: "z", kind: "folder" }, { name: "a.txt", kind: "file", size: 5, modifiedAt: expect.stringMatching(/Z$/) }, { name: "link", kind: "link" }] },
  });
  expect(await refusal("list", "src/a.txt")).toMatchObject({ problem: "conflict" });
  expect(await refusal("list", "none")).toMatchObject({ problem: "not-found" });
});

verifies("FIL2", "no path leads out of the work folder, by dots, from the root, or by links to files and folders", async () => {
  await symlink(join(root, "outside.txt"), join(work, "file-link"));
  await symlink(root, join(work, "folder-link"));
  await symlink("src/a.txt", join(work, "inner"));
  for (const path of ["../outside.txt", "src/../../outside.txt", join(root, "outside.txt"), "file-link", "folder-link/outside.txt"]) {
    expect(await refusal("read", path), path).toEqual(OUT);
    if (path === "file-link") continue;
    expect((await put(path, Buffer.from("x"))).head, path).toEqual(OUT);
  }
  expect(await refusal("list", "folder-link")).toEqual(OUT);
  expect((await put("folder-link/made/file", Buffer.from("x"))).head).toEqual(OUT);
  expect((await readdir(root)).toSorted()).toEqual(["outside.txt", "work"]);
  // Written by the name of a link, the link is what is replaced.
  expect((await put("file-link", Buffer.from("mine"))).head).toEqual({ is: "written", size: 4 });
  expect([await readFile(join(root, "outside.txt"), "utf8"), await readFile(join(work, "file-link"), "utf8")]).toEqual(["not for you", "mine"]);
  expect((await ask("read", "inner")).bytes.toString()).toBe("in it");
});

verifies("FIL3", "what is written is read back whole, past the window, and takes its place when it is whole, with the rights of what was there", async () => {
  const content = Buffer.from(Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 7 + (i >> 9)) % 256));
  expect((await put("new/folder/data.bin", content)).head).toEqual({ is: "written", size: content.length });
  const { head, bytes } = await ask("read", "new/folder/data.bin");
  expect([head?.is, bytes.equals(content)]).toEqual(["content", true]);
  await chmod(join(work, "src", "a.txt"), 0o750);
  await put("src/a.txt", Buffer.from("anew"));
  expect((await stat(join(work, "src", "a.txt"))).mode & 0o777).toBe(0o750);
  const given = plane.open({ kind: "files", do: "write", path: "src/a.txt" }, { data: () => undefined, reset: () => undefined });
  given.write(Buffer.from("half of it"));
  await expect.poll(async () => (await readdir(join(work, "src"))).some((name) => name.startsWith(".berth-upload-"))).toBe(true);
  given.reset("the page is gone");
  await expect.poll(async () => (await readdir(join(work, "src"))).toSorted()).toEqual(["a.txt"]);
  expect(await readFile(join(work, "src", "a.txt"), "utf8")).toBe("anew");
});

verifies("FIL4", "what is no file, what is too large and what stands in the way is refused in words, and nothing is left", async () => {
  await writeFile(join(work, "large"), "");
  await truncate(join(work, "large"), LIMITS.workFileBytesMax + 1);
  expect(await refusal("read", "large")).toMatchObject({ problem: "body-too-large", detail: expect.stringContaining(`${LIMITS.workFileBytesMax}`) });
  expect(await refusal("read", "src")).toMatchObject({ problem: "conflict" });
  expect((await put("src", Buffer.from("x"))).head).toMatchObject({ problem: "conflict" });
  expect((await put("src/a.txt/b", Buffer.from("x"))).head).toMatchObject({ is: "refused" });
  expect((await put("", Buffer.from("x"))).head).toMatchObject({ problem: "invalid-field" });
  expect((await ask("read", "a\0b")).head).toMatchObject({ problem: "invalid-field" });
  expect((await readdir(work)).toSorted()).toEqual(["large", "src"]);
});
