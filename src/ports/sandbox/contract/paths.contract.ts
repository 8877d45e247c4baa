/** Paths that lead out of the work folder, to no file, or through a link. */
import assert from "node:assert/strict";
import { bytes, EXEC, expectRefusal } from "../sandbox-kit.contract.ts";
import { inRoom, type SandboxCase } from "./case.contract.ts";

const LEAVING = ["../x", "/etc/hostname", "a/../../x", "..", "a/..", "/"];

export const PATH_CASES: readonly SandboxCase[] = [
  inRoom("path.leaves-read", "SBX27", "a path that leaves the work folder is not read", async ({ subject, running }) => {
    for (const path of LEAVING) await expectRefusal(subject.readFile(running.id, path), "permission-denied", "not-applied", "never");
  }),
  inRoom("path.leaves-write", "SBX27", "a path that leaves the work folder is not written", async ({ subject, running }) => {
    for (const path of LEAVING) await expectRefusal(subject.writeFile(running.id, path, bytes("x")), "permission-denied", "not-applied", "never");
  }),
  inRoom("path.leaves-cwd", "SBX27", "no command runs in a folder that is not below the work folder", async ({ subject, running }) => {
    for (const cwd of LEAVING) await expectRefusal(subject.exec(running.id, { command: ["true"], ...EXEC, cwd }), "permission-denied", "not-applied", "never");
  }),
  inRoom("path.nul", "SBX27", "a path with a NUL is refused", async ({ subject, running }) => {
    await expectRefusal(subject.readFile(running.id, "of\0two"), "permission-denied");
    await expectRefusal(subject.writeFile(running.id, "of\0two", bytes("x")), "permission-denied");
  }),
  inRoom("path.cwd-missing", "SBX48", "a folder to run in that is not there is refused, and nothing runs", async (room) => {
    const box = await room.folder();
    await expectRefusal(box.exec(["true"], { cwd: box.at("nowhere") }), "not-found", "not-applied", "never");
    assert.equal(await box.read("nowhere"), null);
  }),
  inRoom("path.cwd-file", "SBX48", "a file to run in is refused", async (room) => {
    const box = await room.folder();
    await box.write("f", "x");
    await expectRefusal(box.exec(["true"], { cwd: box.at("f") }), "invalid-argument", "not-applied", "never");
  }),
  inRoom("path.root-read", "SBX50", "the work folder itself is no file to read", async ({ subject, running }) => {
    for (const path of ["", ".", "./"]) await expectRefusal(subject.readFile(running.id, path), "invalid-argument");
  }),
  inRoom("path.root-write", "SBX50", "the work folder itself is no file to write", async ({ subject, running }) => {
    for (const path of ["", ".", "./"]) await expectRefusal(subject.writeFile(running.id, path, bytes("x")), "invalid-argument");
  }),
  inRoom("path.folder-read", "SBX50", "a folder is no file to read", async (room) => {
    const box = await room.folder();
    await box.write("sub/f", "x");
    await expectRefusal(box.read("sub"), "invalid-argument", "not-applied", "never");
  }),
  inRoom("path.folder-write", "SBX50", "a folder is not replaced by a file", async (room) => {
    const box = await room.folder();
    await box.write("sub/f", "x");
    await expectRefusal(box.write("sub", "y"), "invalid-argument", "not-applied", "never");
    assert.equal(await box.read("sub/f"), "x");
  }),
  inRoom("path.through-file-read", "SBX50", "nothing is read below a file", async (room) => {
    const box = await room.folder();
    await box.write("f", "x");
    await expectRefusal(box.read("f/below"), "invalid-argument", "not-applied", "never");
  }),
  inRoom("path.through-file-write", "SBX50", "nothing is written below a file, which stays as it is", async (room) => {
    const box = await room.folder();
    await box.write("f", "x");
    await expectRefusal(box.write("f/below", "y"), "invalid-argument", "not-applied", "never");
    assert.equal(await box.read("f"), "x");
  }),
  inRoom("path.pipe-read", "SBX50", "a pipe is no file to read, and nobody waits at it", async (room) => {
    const box = await room.folder();
    await box.exec(["mkfifo", "pipe"]);
    await expectRefusal(box.read("pipe"), "invalid-argument", "not-applied", "never");
  }, ["pipes"]),
  inRoom("path.pipe-write", "SBX50", "a pipe is no file to write, and nobody waits at it", async (room) => {
    const box = await room.folder();
    await box.exec(["mkfifo", "pipe"]);
    await expectRefusal(box.write("pipe", "x"), "invalid-argument", "not-applied", "never");
  }, ["pipes"]),
  inRoom("link.read", "SBX51", "a link to a file inside is read", async (room) => {
    const box = await room.folder();
    await box.write("real/f", "through");
    await box.sh("ln -s real/f link; ln -s real folder");
    assert.deepEqual([await box.read("link"), await box.read("folder/f")], ["through", "through"]);
  }, ["links"]),
  inRoom("link.write", "SBX51", "a link to a file inside is written through and stays a link", async (room) => {
    const box = await room.folder();
    await box.write("real", "old");
    await box.sh("ln -s real link");
    await box.write("link", "new");
    assert.equal(await box.read("real"), "new");
    await box.write("real", "newer");
    assert.equal(await box.read("link"), "newer");
  }, ["links"]),
  inRoom("link.cwd", "SBX51", "a command runs in a folder that a link leads to", async (room) => {
    const box = await room.folder();
    await box.write("real/f", "there\n");
    await box.sh("ln -s real folder");
    assert.equal((await box.exec(["cat", "f"], { cwd: box.at("folder") })).stdout, "there\n");
  }, ["links"]),
  inRoom("link.leaves-read", "SBX51", "a link that leaves the work folder is not read", async (room) => {
    const box = await room.folder();
    await box.sh(`ln -s /etc/passwd absolute; ln -s ${"../".repeat(16)}etc/passwd relative; ln -s /etc folder`);
    for (const path of ["absolute", "relative", "folder/passwd"]) await expectRefusal(box.read(path), "permission-denied", "not-applied", "never");
  }, ["links"]),
  inRoom("link.leaves-write", "SBX51", "a link that leaves the work folder is not written through", async (room) => {
    const box = await room.folder();
    await box.sh("ln -s /tmp/of-the-contract-kit absolute; ln -s /tmp folder");
    for (const path of ["folder/of-the-contract-kit", "folder/a/b"]) await expectRefusal(box.write(path, "x"), "permission-denied", "not-applied", "never");
    await expectRefusal(box.write("absolute", "x"), "permission-denied", "not-applied", "never");
  }, ["links"]),
  inRoom("link.leaves-cwd", "SBX51", "no command runs in a folder that a link outside leads to", async (room) => {
    const box = await room.folder();
    await box.sh("ln -s /tmp folder");
    await expectRefusal(box.exec(["true"], { cwd: box.at("folder") }), "permission-denied", "not-applied", "never");
  }, ["links"]),
];
