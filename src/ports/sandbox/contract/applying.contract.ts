/** Work that is written to the folder it came from. */
import assert from "node:assert/strict";
import { expectRefusal, specOf, type ContractFolder } from "../sandbox-kit.contract.ts";
import type { AppliedWork } from "../sandbox.port.ts";
import { alone, type SandboxCase } from "./case.contract.ts";
import type { Box, Stage } from "./stage.contract.ts";

interface Begun {
  readonly folder: ContractFolder;
  readonly box: Box;
  apply(branch: string): Promise<AppliedWork>;
}

async function begin(stage: Stage, session: string): Promise<Begun> {
  const folder = await stage.folder();
  const box = await stage.start(specOf(session, 1, { workspace: { kind: "folder", path: folder.path } }));
  return { folder, box, apply: (branch) => stage.subject.applyWork(box.id, { branch, message: "Work of the agent" }) };
}

const applying = (id: string, rules: string | readonly string[], title: string, run: (stage: Stage) => Promise<void>): SandboxCase => alone(id, rules, title, run, ["appliesToFolder", "folder"]);

export const APPLYING_CASES: readonly SandboxCase[] = [
  alone("work.repository", ["SBX36", "SBX34"], "a session on a repository begins in an empty folder, and its work is not applied", async (stage) => {
    const box = await stage.start(specOf("repo", 1, { workspace: { kind: "repo", url: "https://git.example/team/app.git" } }));
    assert.deepEqual([await box.read(".git/HEAD"), await box.read("README.md")], [null, null]);
    await box.write("made.txt", "made");
    await expectRefusal(stage.subject.applyWork(box.id, { branch: "berth/work", message: "Work" }), "failed-precondition", "not-applied", "never");
  }),
  applying("work.begins", "SBX30", "a session on a folder begins with the files of its commit", async (stage) => {
    const { box } = await begin(stage, "begins");
    assert.equal(await box.read("README.md"), "hello\n");
  }),
  applying("work.applied", "SBX30", "work is written to the branch, and nothing else of the folder changes", async (stage) => {
    const { folder, box, apply } = await begin(stage, "apply");
    await box.write("README.md", "hello, world\n");
    await box.write("src/new.ts", "export {};\n");
    const applied = await apply("berth/work");
    assert.deepEqual([applied.branch, applied.filesChanged], ["berth/work", 2]);
    assert.match(applied.commit, /^[0-9a-f]{40}$/);
    assert.deepEqual([await folder.read("berth/work", "README.md"), await folder.read("berth/work", "src/new.ts")], ["hello, world\n", "export {};\n"]);
    assert.equal(await folder.read("main", "README.md"), "hello\n");
  }),
  applying("work.removed", "SBX30", "a removed file is gone from the branch and counts", async (stage) => {
    const { folder, box, apply } = await begin(stage, "removed");
    await box.exec(["rm", "README.md"]);
    assert.equal((await apply("berth/removed")).filesChanged, 1);
    assert.equal(await folder.read("berth/removed", "README.md"), null);
  }),
  applying("work.again", "SBX31", "without new work the same commit is answered", async (stage) => {
    const { box, apply } = await begin(stage, "again");
    await box.write("f", "x");
    assert.deepEqual(await apply("berth/again"), await apply("berth/again"));
  }),
  applying("work.further", "SBX31", "more work moves the branch forward, counted from where it began", async (stage) => {
    const { folder, box, apply } = await begin(stage, "further");
    await box.write("f", "x");
    const first = await apply("berth/further");
    await box.write("more.txt", "more");
    const second = await apply("berth/further");
    assert.equal(second.filesChanged, 2);
    assert.notEqual(second.commit, first.commit);
    assert.equal(await folder.read("berth/further", "more.txt"), "more");
  }),
  applying("work.after-stop", "SBX30", "work of a stopped sandbox is written too", async (stage) => {
    const { folder, box, apply } = await begin(stage, "afterwards");
    await box.write("f", "late");
    await stage.subject.stop(box.id);
    assert.equal((await apply("berth/afterwards")).filesChanged, 1);
    assert.equal(await folder.read("berth/afterwards", "f"), "late");
  }),
  applying("work.bad-name", "SBX32", "a name that git does not accept is refused", async (stage) => {
    const { box, apply } = await begin(stage, "badname");
    await box.write("f", "x");
    for (const branch of ["", "-f", "a..b", "a b", "a~1", "x.lock", "/x", "x/", "a//b", "HEAD:x", "@{-1}"]) await expectRefusal(apply(branch), "invalid-argument", "not-applied", "never");
  }),
  applying("work.checked-out", "SBX33", "the checked-out branch is left as it is", async (stage) => {
    const { folder, box, apply } = await begin(stage, "checked");
    await box.write("README.md", "mine\n");
    await expectRefusal(apply("main"), "failed-precondition", "not-applied", "never");
    assert.equal(await folder.read("main", "README.md"), "hello\n");
  }),
  applying("work.foreign", "SBX33", "a branch with the work of somebody else is left as it is", async (stage) => {
    const { folder, box, apply } = await begin(stage, "foreign");
    await box.write("README.md", "mine\n");
    await folder.commitElsewhere("theirs");
    await expectRefusal(apply("theirs"), "failed-precondition", "not-applied", "never");
    assert.notEqual(await folder.read("theirs", "README.md"), "mine\n");
  }),
  applying("work.none", "SBX34", "no work is refused, and makes no branch", async (stage) => {
    const { folder, apply } = await begin(stage, "nothing");
    await expectRefusal(apply("berth/nothing"), "failed-precondition", "not-applied", "never");
    assert.equal(await folder.read("berth/nothing", "README.md"), null);
  }),
  alone("work.from-nowhere", "SBX34", "work that came from no folder is refused", async (stage) => {
    const box = await stage.start(specOf("nosource"));
    await box.write("f", "x");
    await expectRefusal(stage.subject.applyWork(box.id, { branch: "b", message: "m" }), "failed-precondition", "not-applied", "never");
  }, ["appliesToFolder"]),
];
