/** Where the work folder comes from, and that the way back is narrow. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { bytes, EXEC, expectRefusal, settled, specOf, started, text, type ContractFolder } from "../../../ports/sandbox/sandbox-kit.contract.ts";
import type { SandboxProvider } from "../../../ports/sandbox/sandbox.port.ts";
import { gitIn } from "../git-folder.contract.ts";
import { ProcessKit } from "../process-kit.contract.ts";

const kit = new ProcessKit();
afterEach(() => kit.dispose());

async function begin(session: string, folder: ContractFolder, workspace: { ref?: string; path?: string } = {}) {
  const subject = kit.open();
  const id = await started(subject, specOf(session, 1, { workspace: { kind: "folder", path: folder.path, ...workspace } }));
  const shell = async (script: string): Promise<string> => (await subject.exec(id, { command: ["sh", "-c", script], ...EXEC })).stdout.trim();
  return { subject, id, shell, apply: (branch = "berth/out") => subject.applyWork(id, { branch, message: "Work" }) };
}

let failures = 0;

async function failureOf(subject: SandboxProvider, path: string) {
  const { id } = await subject.create(specOf(`fails${++failures}`, 1, { workspace: { kind: "folder", path } }));
  return (await settled(subject, id)).failure;
}

describe("cloning", () => {
  test("an empty workspace is a repository with one commit by the user", async () => {
    const subject = kit.open();
    const id = await started(subject, specOf("empty"));
    const { stdout } = await subject.exec(id, { command: ["git", "log", "--format=%an <%ae> %s"], ...EXEC });
    expect(stdout).toBe("Ada Example <ada@example.com> Empty workspace\n");
  });

  test("the clone shares no file with the folder it came from", async () => {
    const folder = kit.makeFolder();
    const { shell } = await begin("inodes", folder);
    expect(await shell("git rev-parse --abbrev-ref HEAD")).toBe("berth/inodes");
    const linked = (root: string): string[] =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).nlink > 1)
        .map((entry) => entry.name);
    expect(linked(join(folder.path, ".git"))).toEqual([]);
    expect(await shell("cat .git/objects/info/alternates 2>&1 | grep -c 'No such file'")).toBe("1");
  });

  test("what no branch reaches any more stays behind", async () => {
    const folder = kit.makeFolder();
    writeFileSync(join(folder.path, "password.txt"), "example");
    const lost = gitIn(folder.path, "hash-object", "-w", "password.txt");
    const { shell } = await begin("unreached", folder);
    expect(await shell(`git cat-file -e ${lost} 2>/dev/null || echo absent`)).toBe("absent");
  });

  test("a branch, a commit on no branch, a folder inside and uncommitted changes", async () => {
    const folder = kit.makeFolder();
    mkdirSync(join(folder.path, "sub"));
    writeFileSync(join(folder.path, "sub", "f"), "on a branch");
    gitIn(folder.path, "checkout", "--quiet", "-b", "topic");
    gitIn(folder.path, "add", ".");
    gitIn(folder.path, "commit", "--quiet", "-m", "Topic");
    const detached = gitIn(folder.path, "commit-tree", "topic^{tree}", "-p", "topic", "-m", "On no branch");
    writeFileSync(join(folder.path, "README.md"), "not committed\n");
    const main = await begin("ofmain", folder, { ref: "main" });
    expect(await main.subject.readFile(main.id, "sub/f")).toBeNull();
    const bare = await begin("ofcommit", folder, { ref: detached, path: join(folder.path, "sub") });
    expect(await bare.shell("git log -1 --format=%s")).toBe("On no branch");
    expect(text(await bare.subject.readFile(bare.id, "README.md"))).toBe("hello\n");
  });

  test("hooks and filters of the repository do not run outside of the sandbox", async () => {
    const folder = kit.makeFolder();
    const trace = join(kit.root, "trace");
    for (const hook of ["post-checkout", "pre-commit", "reference-transaction", "post-index-change"]) {
      writeFileSync(join(folder.path, ".git", "hooks", hook), `#!/bin/sh\necho ${hook} >> ${trace}\n`);
      chmodSync(join(folder.path, ".git", "hooks", hook), 0o755);
    }
    const { subject, id, apply } = await begin("hooks", folder);
    await subject.writeFile(id, "f", bytes("x"));
    await apply();
    expect(existsSync(trace)).toBe(false);
  });

  test("what cannot be cloned fails with the step that puts it right", async () => {
    const plain = join(kit.root, "plain");
    mkdirSync(plain);
    const subject = kit.open();
    expect(await failureOf(subject, plain)).toMatchObject({ code: "sandbox-failed-precondition", fix: expect.stringContaining("git init") });
    gitIn(plain, "init", "--quiet");
    expect(await failureOf(subject, plain)).toMatchObject({ code: "sandbox-failed-precondition", fix: expect.stringContaining("first commit") });
    writeFileSync(join(kit.root, "file"), "");
    expect(await failureOf(subject, join(kit.root, "file"))).toMatchObject({ code: "sandbox-not-found" });
    expect(await failureOf(subject, join(kit.dataDir, "sandboxes"))).toMatchObject({ code: "sandbox-permission-denied" });
  });
});

describe("applying", () => {
  test("the commit is the user's, on top of where the work began, and the folder itself is unchanged", async () => {
    const folder = kit.makeFolder();
    const { subject, id, apply } = await begin("author", folder);
    await subject.writeFile(id, "f", bytes("x"));
    const { commit } = await apply();
    expect(gitIn(folder.path, "log", "-1", "--format=%an <%ae> %s %P", commit)).toBe(`Ada Example <ada@example.com> Work ${gitIn(folder.path, "rev-parse", "main")}`);
    expect(gitIn(folder.path, "status", "--porcelain")).toBe("");
    expect(readFileSync(join(folder.path, ".git", "HEAD"), "utf8")).toBe("ref: refs/heads/main\n");
    expect(existsSync(join(folder.path, ".git", "FETCH_HEAD"))).toBe(false);
  });

  test("commits of the agent's own are kept, also of a stopped sandbox", async () => {
    const folder = kit.makeFolder();
    const { subject, id, shell, apply } = await begin("commits", folder);
    await shell("echo a > a && git add a && git commit -qm One && echo b > b && git add b && git commit -qm Two");
    await subject.stop(id);
    expect(await apply()).toMatchObject({ filesChanged: 2 });
    expect(gitIn(folder.path, "log", "--format=%s", "berth/out")).toBe("Two\nOne\nFirst");
  });

  test("hooks and programs the agent configures in its repository do not run on this machine", async () => {
    const folder = kit.makeFolder();
    const { subject, id, shell, apply } = await begin("hostile", folder);
    const trace = join(kit.root, "trace");
    await shell(`printf '#!/bin/sh\\necho ran >> ${trace}\\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; cp .git/hooks/pre-commit /tmp/evil; git config core.fsmonitor /tmp/evil; git config uploadpack.packObjectsHook /tmp/evil; git config core.hooksPath .git/hooks`);
    await subject.writeFile(id, "f", bytes("x"));
    expect(await apply()).toMatchObject({ filesChanged: 1 });
    expect(existsSync(trace)).toBe(false);
  });

  test("a repository that is a link to another one gives nothing of it", async () => {
    const folder = kit.makeFolder();
    const other = kit.makeFolder();
    const { shell, apply } = await begin("relink", folder);
    await shell(`rm -rf .git && ln -s ${other.path}/.git .git`);
    await expectRefusal(apply(), "failed-precondition", "unknown");
    expect(gitIn(folder.path, "branch", "--list", "berth/*")).toBe("");
  });

  test("a branch that is checked out in another worktree is left as it is", async () => {
    const folder = kit.makeFolder();
    gitIn(folder.path, "worktree", "add", "--quiet", "-b", "elsewhere", join(kit.root, "tree"));
    const { subject, id, apply } = await begin("worktree", folder);
    await subject.writeFile(id, "f", bytes("x"));
    await expectRefusal(apply("elsewhere"), "failed-precondition");
    await expectRefusal(apply("elsewhere/below"), "failed-precondition");
    expect(execFileSync("git", ["-C", folder.path, "rev-parse", "elsewhere"], { encoding: "utf8" }).trim()).toBe(gitIn(folder.path, "rev-parse", "main"));
  });
});
