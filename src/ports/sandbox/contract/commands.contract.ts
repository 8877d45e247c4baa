/** What a command answers. */
import assert from "node:assert/strict";
import { inRoom, type SandboxCase } from "./case.contract.ts";

export const COMMAND_CASES: readonly SandboxCase[] = [
  inRoom("exec.output", "SBX20", "a command answers its exit code and its output to the byte", async ({ running }) => {
    assert.deepEqual(await running.exec(["echo", "a  b", "c"]), { exitCode: 0, stdout: "a  b c\n", stderr: "", truncated: false });
  }),
  inRoom("exec.without-newline", "SBX20", "output is not trimmed and nothing is added to it", async ({ running }) => {
    assert.equal((await running.exec(["printf", "%s", " x "])).stdout, " x ");
  }),
  inRoom("exec.exit-code", "SBX20", "the exit code is the program's own", async ({ running }) => {
    assert.equal((await running.exec(["false"])).exitCode, 1);
    assert.equal((await running.sh("exit 42")).exitCode, 42);
    assert.equal((await running.sh("exit 255")).exitCode, 255);
  }),
  inRoom("exec.errors", "SBX20", "errors are kept apart from output", async ({ running }) => {
    assert.deepEqual(await running.sh("echo out; echo err >&2; echo more"), { exitCode: 0, stdout: "out\nmore\n", stderr: "err\n", truncated: false });
  }),
  inRoom("exec.output-of-failure", "SBX20", "a command that fails still answers what it wrote", async ({ running }) => {
    const { exitCode, stdout, stderr } = await running.sh("echo before; cat no-such-file");
    assert.equal(exitCode, 1);
    assert.equal(stdout, "before\n");
    assert.match(stderr, /no-such-file/);
  }),
  inRoom("exec.missing-program", "SBX21", "a missing program ends with 127 and is named", async ({ running }) => {
    const { exitCode, stderr } = await running.exec(["no-such-program-here"]);
    assert.equal(exitCode, 127);
    assert.match(stderr, /no-such-program-here/);
  }),
  inRoom("exec.no-program", "SBX41", "a file that is no program ends with 126", async (room) => {
    const box = await room.folder();
    await box.write("plain", "text\n");
    assert.equal((await box.exec(["./plain"])).exitCode, 126);
  }),
  inRoom("exec.killed", "SBX41", "a command that was killed answers 137", async ({ running }) => {
    assert.equal((await running.sh("kill -KILL $$")).exitCode, 137);
  }, ["signals"]),
  inRoom("exec.terminated", "SBX41", "a command that was asked to end answers 143", async ({ running }) => {
    assert.equal((await running.sh("echo said; kill -TERM $$; echo never")).exitCode, 143);
  }, ["signals"]),
  inRoom("exec.arguments", "SBX40", "arguments reach the program as they are", async ({ running }) => {
    const args = ["a b", "", "'", '"', "$HOME", "$(echo x)", "*", "\\n", "-n", "é漢🙂", "two\nlines", "; exit 3"];
    const { stdout, exitCode } = await running.exec(["printf", "[%s]", ...args]);
    assert.equal(stdout, args.map((arg) => `[${arg}]`).join(""));
    assert.equal(exitCode, 0);
  }),
  inRoom("exec.long-argument", "SBX40", "an argument may be long", async ({ running }) => {
    const long = "0123456789".repeat(10_000);
    assert.equal((await running.exec(["printf", "%s", long], { outputBytesMax: 200_000 })).stdout, long);
  }),
  inRoom("exec.own-folder", "SBX40", "every command begins anew in the work folder", async (room) => {
    const box = await room.folder();
    const at = async (): Promise<string> => (await room.running.exec(["pwd"])).stdout;
    const before = await at();
    assert.match((await box.exec(["pwd"])).stdout, new RegExp(`/${box.folder}\\n$`));
    assert.equal(await at(), before);
  }),
  inRoom("exec.cwd", "SBX20", "a command runs in the folder it was asked to", async (room) => {
    const box = await room.folder();
    await box.write("sub/deep/f", "found\n");
    const { stdout } = await box.exec(["cat", "f"], { cwd: box.at("./sub//deep/") });
    assert.equal(stdout, "found\n");
  }),
  inRoom("exec.input", "SBX44", "a command finds its input empty", async ({ running }) => {
    assert.deepEqual(await running.sh("cat; echo done"), { exitCode: 0, stdout: "done\n", stderr: "", truncated: false });
  }),
  inRoom("exec.unicode", "SBX43", "text beyond ASCII comes as it was written", async ({ running }) => {
    const said = "é漢🙂 ".repeat(2_000);
    assert.equal((await running.exec(["echo", said])).stdout, `${said}\n`);
  }),
  inRoom("exec.not-text", "SBX43", "bytes that are no text are answered by replacement characters", async ({ running }) => {
    assert.deepEqual(await running.exec(["printf", "a\\377b"]), { exitCode: 0, stdout: "a\uFFFDb", stderr: "", truncated: false });
  }),
  inRoom("exec.home", "SBX45", "a command has a home and a path of programs", async ({ running }) => {
    const { stdout } = await running.exec(["env"]);
    assert.match(stdout, /^HOME=\/\S+$/m);
    assert.match(stdout, /^PATH=\/\S+$/m);
  }),
  inRoom("exec.written", "SBX25", "what a command wrote is read", async (room) => {
    const box = await room.folder();
    assert.equal((await box.sh("echo one > made; echo two >> made")).exitCode, 0);
    assert.equal(await box.read("made"), "one\ntwo\n");
  }),
  inRoom("exec.removed", "SBX25", "what a command removed is gone", async (room) => {
    const box = await room.folder();
    await box.write("f", "x");
    await box.exec(["rm", "f"]);
    assert.equal(await box.read("f"), null);
  }),
  inRoom("exec.reads", "SBX26", "a command reads what was written last", async (room) => {
    const box = await room.folder();
    await box.write("a/b.txt", "first version");
    await box.write("a/b.txt", "second");
    assert.equal((await box.exec(["cat", "a/b.txt"])).stdout, "second");
  }),
  inRoom("exec.script", "SBX53", "a file that was written can be made a program", async (room) => {
    const box = await room.folder();
    await box.write("run", "#!/bin/sh\necho ran\nexit 7\n");
    assert.equal((await box.exec(["chmod", "755", "run"])).exitCode, 0);
    assert.deepEqual(await box.exec(["./run"]), { exitCode: 7, stdout: "ran\n", stderr: "", truncated: false });
  }),
];
