/** The script is run by the machine's own shell and git, in folders of the test's own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DIFF_SCRIPT, readDiff } from "./work-diff.ts";

const ENV = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", GIT_AUTHOR_NAME: "Example", GIT_AUTHOR_EMAIL: "example@example.com", GIT_COMMITTER_NAME: "Example", GIT_COMMITTER_EMAIL: "example@example.com" };

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-diff-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const git = (...args: string[]): string => execFileSync("git", args, { cwd: folder, env: ENV, encoding: "utf8" });
const script = (base: string): string => execFileSync("sh", ["-c", DIFF_SCRIPT, "sh", base], { cwd: folder, env: { ...ENV, TMPDIR: tmpdir() }, encoding: "utf8" });
const diff = (base: string) => readDiff(script(base), false);
const objects = (): number => readdirSync(join(folder, ".git/objects"), { recursive: true }).length;

/** A repository with one commit, whose name is answered. */
function begin(): string {
  write("kept", "kept\n");
  write("changed", "one\ntwo\n");
  write("old name", "a\nb\nc\nd\n");
  write("gone", "gone\n");
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "Start");
  return git("rev-parse", "HEAD").trim();
}

test("[GIT11] what was committed, changed, renamed, deleted and added is told, and the repository stays as it was", () => {
  const base = begin();
  write("changed", "one\n2\n");
  git("commit", "-qam", "By the agent");
  renameSync(join(folder, "old name"), join(folder, "new\tname"));
  rmSync(join(folder, "gone"));
  write(`ü "quoted"`, "ü\n");
  writeFileSync(join(folder, "bytes"), Uint8Array.of(0, 1, 2));
  write(".gitignore", "ignored\n");
  write("ignored", "no\n");
  git("add", "changed");
  const before = [git("status", "--porcelain", "-z"), objects(), readFileSync(join(folder, ".git/index")).toString("hex")];
  const told = diff(base);
  expect(told?.files).toEqual([
    { path: ".gitignore", status: "added", added: 1, removed: 0 },
    { path: "bytes", status: "added", added: null, removed: null },
    { path: "changed", status: "modified", added: 1, removed: 1 },
    { path: "gone", status: "deleted", added: 0, removed: 1 },
    { path: "new\tname", status: "renamed", from: "old name", added: 0, removed: 0 },
    { path: `ü "quoted"`, status: "added", added: 1, removed: 0 },
  ]);
  expect(told?.patch).toMatch(/^diff --git a\/\.gitignore/);
  expect(told?.patch).toContain("-two\n+2\n");
  expect([git("status", "--porcelain", "-z"), objects(), readFileSync(join(folder, ".git/index")).toString("hex")]).toEqual(before);
});

test("[GIT11] a work folder that is as it began has no changes", () => {
  expect(diff(begin())).toEqual({ files: [], patch: "", truncated: false });
});

test("[GIT12] without a commit to compare with all is new", () => {
  write("a", "1\n2\n");
  mkdirSync(join(folder, "sub"));
  write("sub/b", "3\n");
  const all = [{ path: "a", status: "added", added: 2, removed: 0 }, { path: "sub/b", status: "added", added: 1, removed: 0 }];
  expect(diff("")?.files).toEqual(all);
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "By the agent");
  expect([diff("")?.files, diff("0123456789012345678901234567890123456789")?.files]).toEqual([all, all]);
});

test("[GIT13] of what was cut the whole files of the list and the whole lines of the patch are told", () => {
  const base = begin();
  write("changed", "one\n2\n");
  write("kept", "3\n");
  const whole = script(base);
  const patch = whole.slice(whole.indexOf("diff --git"));
  const cut = readDiff(whole.slice(0, whole.indexOf("+2") + 1), true);
  expect(cut).toMatchObject({ files: [{ path: "changed" }, { path: "kept" }], truncated: true });
  expect(patch.startsWith(cut?.patch ?? "none")).toBe(true);
  expect(cut?.patch.endsWith("\n")).toBe(true);
  expect(readDiff(whole.slice(0, whole.indexOf("kept\0\0") + 2), true)).toMatchObject({ files: [{ path: "changed" }], patch: "" });
  expect(readDiff("sh: git: not found\n", false)).toBeNull();
});
