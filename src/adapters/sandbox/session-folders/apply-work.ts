/**
 * Writes a session's work to a branch of the folder it came from. The agent's repository is only ever opened inside the
 * sandbox: what crosses is a pack of objects, checked on arrival, and then one reference that moves by compare-and-swap.
 */
import { randomUUID } from "node:crypto";
import { closeSync, openSync, rmSync } from "node:fs";
import type { AppliedWork } from "../../../ports/sandbox/sandbox.port.ts";
import { refusal } from "./errors.ts";
import { git, requireGit, type Git } from "./git.ts";
import type { WorkspaceRecord } from "./label.ts";

export interface ApplyRequest {
  readonly workspace: WorkspaceRecord;
  readonly branch: string;
  readonly message: string;
  readonly gitInside: Git;
  /** Git inside the sandbox with its output written to an open file of this machine. */
  readonly gitInsideTo: (args: readonly string[], input: string, fd: number) => Promise<{ readonly exitCode: number }>;
  /** A folder outside the sandbox for the pack. */
  readonly scratch: string;
}

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

function refuse(message: string, fix?: string): never {
  throw refusal("applyWork", message, { code: "failed-precondition", ...(fix === undefined ? {} : { fix }) });
}

async function checkBranch(source: string, branch: string): Promise<void> {
  const valid = await git(["check-ref-format", "--branch", branch]);
  if (valid.exitCode !== 0 || valid.stdout.trim() !== branch || branch.startsWith("-")) {
    throw refusal("applyWork", `${JSON.stringify(branch)} is not a valid branch name.`, { code: "invalid-argument" });
  }
  const trees = await requireGit("applyWork", git(["-C", source, "worktree", "list", "--porcelain"]));
  const head = await git(["-C", source, "symbolic-ref", "--quiet", "HEAD"]);
  if (head.stdout.trim() === `refs/heads/${branch}` || trees.split("\n").includes(`branch refs/heads/${branch}`)) {
    refuse(`The branch ${branch} is checked out in ${source}; writing to it would change files under you.`, "Choose another branch name.");
  }
}

async function commitAll(gitInside: Git, message: string): Promise<string> {
  await requireGit("applyWork", gitInside(["add", "--all"]));
  const staged = await gitInside(["diff", "--cached", "--quiet"]);
  if (staged.exitCode !== 0) await requireGit("applyWork", gitInside(["commit", "--quiet", "--no-verify", "--no-gpg-sign", "-F", "-"], { input: message }));
  const head = (await requireGit("applyWork", gitInside(["rev-parse", "--verify", "HEAD^{commit}"]))).trim();
  if (!COMMIT.test(head)) refuse("The work folder's repository does not say what its commit is.");
  return head;
}

/** Copies what HEAD has and the base has not; `--strict` refuses malformed or incomplete objects. */
async function carryObjects({ gitInsideTo, scratch }: ApplyRequest, { source, base, head }: { readonly source: string; readonly base: string; readonly head: string }): Promise<void> {
  const pack = `${scratch}/${randomUUID()}.pack`;
  const out = openSync(pack, "wx", 0o600);
  try {
    const packed = await gitInsideTo(["pack-objects", "--revs", "--thin", "--stdout", "-q"], `${head}\n^${base}\n`, out);
    if (packed.exitCode !== 0) refuse("The work folder's repository could not be read.");
    await requireGit("applyWork", git(["-C", source, "index-pack", "--stdin", "--fix-thin", "--strict"], { inputPath: pack }));
  } finally {
    closeSync(out);
    rmSync(pack, { force: true });
  }
}

export async function applyWork(request: ApplyRequest): Promise<AppliedWork> {
  const { workspace, branch, message, gitInside } = request;
  const { source, base } = workspace;
  if (source === null || base === null) refuse("This session did not start from a folder, so there is none to write to.");
  await checkBranch(source, branch);
  const commit = await commitAll(gitInside, message);
  if (commit === base) refuse("There are no changes to write.");
  await carryObjects(request, { source, base, head: commit });
  const reference = `refs/heads/${branch}`;
  const old = (await git(["-C", source, "rev-parse", "--verify", "--quiet", "--end-of-options", reference])).stdout.trim();
  if (old !== "") {
    const forward = await git(["-C", source, "merge-base", "--is-ancestor", old, commit]);
    if (forward.exitCode !== 0) refuse(`The branch ${branch} exists and has commits this work does not.`, "Choose another branch name.");
  }
  const moved = await git(["-C", source, "update-ref", "-m", "berth: work of a session", reference, commit, old === "" ? "0".repeat(commit.length) : old]);
  if (moved.exitCode !== 0) refuse(`The branch ${branch} could not be written; it changed meanwhile, or another name is in its way.`, "Try again, or choose another branch name.");
  const changed = await requireGit("applyWork", git(["-C", source, "diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", base, commit]));
  return { branch, commit, filesChanged: changed.split("\0").filter((name) => name !== "").length };
}
