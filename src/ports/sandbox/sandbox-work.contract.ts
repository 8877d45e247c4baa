/** Commands, files, applying the work, and the policy. */
import { verifiesOn } from "@berth/testkit";
import { expect } from "vitest";
import { bytes, EXEC, expectRefusal, specOf, started, text, type SandboxHarness } from "./sandbox-kit.contract.ts";

export function describeCommands(harness: SandboxHarness): void {
  verifiesOn(harness, "SBX20", "exec answers exit code, output and errors, from the folder it was asked to run in", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("exec"));
    expect(await subject.exec(id, { command: ["echo", "a  b", "c"], ...EXEC })).toEqual({ exitCode: 0, stdout: "a  b c\n", stderr: "", truncated: false });
    expect((await subject.exec(id, { command: ["false"], ...EXEC })).exitCode).toBe(1);
    expect((await subject.exec(id, { command: ["cat", "missing"], ...EXEC })).stderr).toContain("missing");
    await subject.writeFile(id, "sub/f", bytes("x"));
    expect((await subject.exec(id, { command: ["pwd"], cwd: "sub", ...EXEC })).stdout).toMatch(/\/sub\n$/);
  });

  verifiesOn(harness, "SBX21", "a missing program ends with 127", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("missing"));
    expect((await subject.exec(id, { command: ["no-such-program-here"], ...EXEC })).exitCode).toBe(127);
  });

  verifiesOn(harness, "SBX22", "output past the limit is dropped and said so", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("long"));
    const result = await subject.exec(id, { command: ["echo", "0123456789"], timeoutMs: 5_000, outputBytesMax: 4 });
    expect(result).toEqual({ exitCode: 0, stdout: "0123", stderr: "", truncated: true });
  });

  verifiesOn(harness, ["SBX23", "sandbox:exec:overran"], "a command past its time is ended", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("overrun"));
    await expectRefusal(subject.exec(id, { command: ["sleep", "600"], timeoutMs: 150, outputBytesMax: 10 }), "deadline-exceeded", "applied");
  });

  verifiesOn(harness, "sandbox:exec:dies-mid-exec", "a command whose sandbox dies is reported as canceled, outcome unknown", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("midexec"));
    const running = subject.exec(id, { command: ["sleep", "600"], timeoutMs: 600_000, outputBytesMax: 10 });
    const refused = expectRefusal(running, "canceled", "unknown");
    await harness.inject?.["sandbox:exec:dies-mid-exec"]?.(subject);
    await refused;
  });
}

export function describeFiles(harness: SandboxHarness): void {
  verifiesOn(harness, ["SBX25", "SBX26"], "files and commands see the same work folder", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("files"));
    expect(await subject.readFile(id, "a/b.txt")).toBeNull();
    await subject.writeFile(id, "a/b.txt", bytes("first version"));
    await subject.writeFile(id, "a/b.txt", bytes("second"));
    expect(text(await subject.readFile(id, "./a//b.txt"))).toBe("second");
    expect((await subject.exec(id, { command: ["cat", "a/b.txt"], ...EXEC })).stdout).toBe("second");
    await subject.exec(id, { command: ["touch", "made"], ...EXEC });
    expect(text(await subject.readFile(id, "made"))).toBe("");
    await subject.exec(id, { command: ["rm", "made"], ...EXEC });
    expect(await subject.readFile(id, "made")).toBeNull();
    const binary = Uint8Array.from({ length: 256 }, (_, index) => index);
    await subject.writeFile(id, "binary", binary);
    expect(await subject.readFile(id, "binary")).toEqual(binary);
  });

  verifiesOn(harness, "SBX27", "a path that leaves the work folder is refused everywhere", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("paths"));
    for (const path of ["../x", "/etc/hostname", "a/../../x", ".."]) {
      await expectRefusal(subject.readFile(id, path), "permission-denied");
      await expectRefusal(subject.writeFile(id, path, bytes("x")), "permission-denied");
      await expectRefusal(subject.exec(id, { command: ["true"], cwd: path, ...EXEC }), "permission-denied");
    }
  });
}

export function describePolicies(harness: SandboxHarness): void {
  verifiesOn(harness, "SBX35", "the policy names six facts, each declared and measured", async () => {
    const subject = await harness.create();
    const facts = await subject.describePolicy(await started(subject, specOf("policy")));
    expect(facts.map(({ name }) => name)).toEqual(["isolation", "filesystem", "network", "processes", "user", "secrets"]);
    for (const fact of facts) expect(fact).toEqual({ name: fact.name, declared: expect.stringMatching(/\w/), measured: expect.stringMatching(/\w/), by: expect.stringMatching(/\w/) });
  });
}

export function describeApplying(harness: SandboxHarness): void {
  const begin = async (session: string) => {
    const folder = await harness.makeFolder();
    const subject = await harness.create();
    const id = await started(subject, specOf(session, 1, { workspace: { kind: "folder", path: folder.path } }));
    expect(text(await subject.readFile(id, "README.md"))).toBe("hello\n");
    const apply = (branch: string) => subject.applyWork(id, { branch, message: "Work of the agent" });
    return { folder, subject, id, apply };
  };

  verifiesOn(harness, ["SBX30", "SBX31"], "work is written to a branch, again and further", async () => {
    const { folder, subject, id, apply } = await begin("apply");
    await subject.writeFile(id, "README.md", bytes("hello, world\n"));
    await subject.writeFile(id, "src/new.ts", bytes("export {};\n"));
    const first = await apply("berth/work");
    expect(first).toEqual({ branch: "berth/work", commit: expect.stringMatching(/^[0-9a-f]{40}$/), filesChanged: 2 });
    expect(await folder.read("berth/work", "README.md")).toBe("hello, world\n");
    expect(await folder.read("main", "README.md")).toBe("hello\n");
    expect(await apply("berth/work")).toEqual(first);
    await subject.writeFile(id, "more.txt", bytes("more"));
    const second = await apply("berth/work");
    expect(second).toMatchObject({ filesChanged: 3 });
    expect(second.commit).not.toBe(first.commit);
    expect(await folder.read("berth/work", "more.txt")).toBe("more");
  });

  verifiesOn(harness, "SBX32", "a name git does not accept is refused", async () => {
    const { subject, id, apply } = await begin("badname");
    await subject.writeFile(id, "f", bytes("x"));
    for (const branch of ["", "-f", "a..b", "a b", "a~1", "x.lock", "/x", "x/", "a//b", "HEAD:x", "@{-1}"]) await expectRefusal(apply(branch), "invalid-argument");
  });

  verifiesOn(harness, "SBX33", "the checked-out branch and foreign work are left as they are", async () => {
    const { folder, subject, id, apply } = await begin("foreign");
    await subject.writeFile(id, "README.md", bytes("mine\n"));
    await expectRefusal(apply("main"), "failed-precondition");
    expect(await folder.read("main", "README.md")).toBe("hello\n");
    await folder.commitElsewhere("theirs");
    await expectRefusal(apply("theirs"), "failed-precondition");
    expect(await folder.read("theirs", "README.md")).not.toBe("mine\n");
  });

  verifiesOn(harness, "SBX34", "no work, or work from no folder, is refused", async () => {
    const { subject, apply } = await begin("nothing");
    await expectRefusal(apply("berth/nothing"), "failed-precondition");
    const id = await started(subject, specOf("nosource"));
    await subject.writeFile(id, "f", bytes("x"));
    await expectRefusal(subject.applyWork(id, { branch: "b", message: "m" }), "failed-precondition");
  });
}
