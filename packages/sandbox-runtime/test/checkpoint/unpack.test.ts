/** Layers that nobody of ours would write: nothing of them gets out of the folder. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pack as createPack, type Pack } from "tar-stream";
import { REMOVED_NAME } from "../../src/checkpoint/pack.ts";
import { BrokenLayer, Unpacker } from "../../src/checkpoint/unpack.ts";
import { newFolder } from "./folder.ts";

type Header = Parameters<Pack["entry"]>[0];

const link = (name: string, linkname: string): [Header] => [{ name, type: "symlink", linkname }];
const file = (name: string): [Header, string] => [{ name, type: "file" }, "forged"];
const removed = (...names: readonly string[]): [Header, string] => [{ name: REMOVED_NAME }, JSON.stringify(names)];

/** A work folder with a file beside it that is none of its business. */
async function unpack(...entries: readonly [Header, string?][]): Promise<{ readonly failure: unknown; readonly outside: readonly string[]; readonly kept: string }> {
  const folder = newFolder();
  const [root, beside] = [join(folder, "work"), join(folder, "beside")];
  for (const path of [root, beside]) mkdirSync(path);
  writeFileSync(join(beside, "kept"), "mine");
  const tar = createPack();
  for (const [header, content = ""] of entries) tar.entry({ mode: 0o644, mtime: new Date(0), ...header }, content);
  tar.finalize();
  const failure = await new Unpacker(root).apply(tar as unknown as AsyncIterable<Uint8Array>).then(() => null, (error: unknown) => error);
  const kept = join(beside, "kept");
  return { failure, outside: [...readdirSync(folder), ...readdirSync(beside)].toSorted(), kept: existsSync(kept) ? readFileSync(kept, "utf8") : "gone" };
}

describe("a layer that was forged or damaged", () => {
  test.each([
    ["a file below a link", [link("files/a", "../beside"), file("files/a/kept")]],
    ["a file deep below a link", [link("files/a", ".."), file("files/a/beside/kept")]],
    ["a folder below a link", [link("files/a", "../beside"), [{ name: "files/a/new", type: "directory" }]]],
    ["a link below a link", [link("files/a", "../beside"), link("files/a/new", "kept")]],
    ["a file below a file", [file("files/a"), file("files/a/b")]],
    ["what is to be gone below a link", [link("files/a", "../beside"), removed("a/kept")]],
    ["what is to be gone above", [removed("../beside/kept")]],
    ["a name that leads up", [file("files/../../beside/kept")]],
    ["a name from the root", [file("/etc/example")]],
    ["a name with bytes of its own that lead up", [[{ name: "files/x", type: "file", pax: { "BERTH.name": Buffer.from("../beside/kept").toString("hex") } }, "forged"]]],
    ["a hard link", [[{ name: "files/a", type: "link", linkname: "../beside/kept" }]]],
    ["a device", [[{ name: "files/a", type: "character-device", devmajor: 1, devminor: 3 }]]],
    ["a pipe", [[{ name: "files/a", type: "fifo" }]]],
  ] as [string, [Header, string?][]][])("[CHK3] with %s is refused, and nothing outside is touched", async (_what, entries) => {
    const { failure, outside, kept } = await unpack(...entries);
    expect(failure).toBeInstanceOf(BrokenLayer);
    expect([outside, kept]).toEqual([["beside", "kept", "work"], "mine"]);
  });
});
