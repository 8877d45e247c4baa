/** Files that are written and read. */
import assert from "node:assert/strict";
import { bytes, expectRefusal, text } from "../sandbox-kit.contract.ts";
import { FILE_BYTES_MAX } from "../sandbox.port.ts";
import { inRoom, type SandboxCase } from "./case.contract.ts";

/** Made once: it is as large as it says. */
const tooLarge = (): Uint8Array => (held ??= new Uint8Array(FILE_BYTES_MAX + 1));
let held: Uint8Array | undefined;

export const FILE_CASES: readonly SandboxCase[] = [
  inRoom("file.missing", "SBX25", "a missing file is null, also in a missing folder", async (room) => {
    const box = await room.folder();
    assert.deepEqual([await box.read("none"), await box.read("no/such/folder/none")], [null, null]);
  }),
  inRoom("file.text", ["SBX25", "SBX26"], "a file is read as it was written", async (room) => {
    const box = await room.folder();
    await box.write("f.txt", "line\r\n\tline é漢🙂");
    assert.equal(await box.read("f.txt"), "line\r\n\tline é漢🙂");
  }),
  inRoom("file.binary", "SBX25", "every byte is kept", async (room) => {
    const box = await room.folder();
    const all = Uint8Array.from({ length: 1024 }, (_, index) => index % 256);
    await box.write("binary", all);
    assert.deepEqual(new Uint8Array((await box.bytes("binary")) ?? []), all);
  }),
  inRoom("file.empty", "SBX25", "an empty file is there and empty", async (room) => {
    const box = await room.folder();
    await box.write("empty", "");
    assert.equal(await box.read("empty"), "");
    await box.exec(["touch", "made"]);
    assert.equal(await box.read("made"), "");
  }),
  inRoom("file.shorter", "SBX26", "nothing of a longer file is left behind a shorter one", async (room) => {
    const box = await room.folder();
    await box.write("f", "a rather long first version");
    await box.write("f", "short");
    assert.equal(await box.read("f"), "short");
    await box.write("f", "");
    assert.equal(await box.read("f"), "");
  }),
  inRoom("file.folders", "SBX26", "the folders on the way are made, however many", async (room) => {
    const box = await room.folder();
    const deep = `${Array.from({ length: 24 }, (_, index) => `d${index}`).join("/")}/f`;
    await box.write(deep, "deep");
    assert.equal(await box.read(deep), "deep");
    assert.equal((await box.exec(["cat", deep])).stdout, "deep");
  }),
  inRoom("file.unicode-name", "SBX26", "names may be in any script", async (room) => {
    const box = await room.folder();
    await box.write("文件/naïve 🙂.txt", "named");
    assert.equal(await box.read("文件/naïve 🙂.txt"), "named");
    assert.equal((await box.exec(["cat", "文件/naïve 🙂.txt"])).stdout, "named");
  }),
  inRoom("file.odd-name", "SBX26", "names may hold what shells and addresses read as signs", async (room) => {
    const box = await room.folder();
    for (const [index, name] of ["-rf", "a b", "q?x=1&y#z", "100%25", "$HOME", "it's \"so\"", "back\\slash", "two\nlines", "..f", "f.."].entries()) {
      await box.write(name, `odd ${index}`);
      assert.equal(await box.read(name), `odd ${index}`, name);
    }
  }),
  inRoom("file.same-path", "SBX25", "a path may be written in more than one way", async (room) => {
    const box = await room.folder();
    await box.write("./a//b.txt", "same");
    assert.equal(await box.read("a/./b.txt"), "same");
  }),
  inRoom("file.large", "SBX25", "a file of five million bytes comes back whole", async (room) => {
    const box = await room.folder();
    // Of a length that no block has.
    const large = new Uint8Array(Buffer.alloc(5_000_000, "all that is to come back", "latin1"));
    await box.write("large", large);
    assert.ok(Buffer.from((await box.bytes("large")) ?? []).equals(Buffer.from(large)), "it came back different");
  }),
  inRoom("file.too-large-to-write", "SBX52", "a file over the limit is not written", async (room) => {
    const box = await room.folder();
    await expectRefusal(box.write("huge", tooLarge()), "resource-exhausted", "not-applied", "never");
    assert.equal(await box.read("huge"), null);
  }),
  inRoom("file.too-large-to-read", "SBX52", "a file over the limit is not read", async (room) => {
    const box = await room.folder();
    await box.exec(["truncate", "-s", String(FILE_BYTES_MAX + 1), "huge"]);
    await expectRefusal(box.read("huge"), "resource-exhausted", "not-applied", "never");
    await box.exec(["rm", "huge"]);
  }),
  inRoom("file.own-bytes", "SBX26", "what the caller does to its bytes afterwards changes nothing", async (room) => {
    const box = await room.folder();
    const mine = bytes("mine");
    await box.write("f", mine);
    mine.fill(0);
    const got = await box.bytes("f");
    assert.equal(text(got), "mine");
    got?.fill(0);
    assert.equal(await box.read("f"), "mine");
  }),
  inRoom("file.at-once", "SBX54", "files that are written at once are all there", async (room) => {
    const box = await room.folder();
    const names = Array.from({ length: 12 }, (_, index) => `many/${index % 3}/${index}`);
    await Promise.all(names.map((name) => box.write(name, name)));
    assert.deepEqual(await Promise.all(names.map((name) => box.read(name))), names);
  }),
  inRoom("file.one-at-once", "SBX54", "two writes of one file at once leave one of the two", async (room) => {
    const box = await room.folder();
    const versions = ["a".repeat(400_000), "b".repeat(100_000), "c".repeat(200_000)];
    await Promise.all(versions.map((version) => box.write("f", version)));
    const left = await box.read("f");
    assert.ok(left !== null && versions.includes(left), "it is none of the versions");
  }),
  inRoom("file.own", "SBX53", "a command may change what was written, and add beside it", async (room) => {
    const box = await room.folder();
    await box.write("made/by/kit", "one\n");
    assert.equal((await box.sh("echo two >> made/by/kit; touch made/by/beside")).exitCode, 0);
    assert.deepEqual([await box.read("made/by/kit"), await box.read("made/by/beside")], ["one\ntwo\n", ""]);
  }),
  inRoom("file.keeps-mode", "SBX53", "a program that is replaced is still a program", async (room) => {
    const box = await room.folder();
    await box.write("run", "#!/bin/sh\necho old\n");
    await box.exec(["chmod", "755", "run"]);
    await box.write("run", "#!/bin/sh\necho new\n");
    assert.equal((await box.exec(["./run"])).stdout, "new\n");
  }),
];
