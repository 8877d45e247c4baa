/**
 * Makes a session's work folder. A user's folder is cloned over git's own transport, never linked or shared, so that
 * nothing the agent does reaches the user's object store; files are checked out inside the sandbox, so that no filter or
 * hook of a stranger's repository runs outside it. See docs/decisions/0002-clone-not-worktree.md.
 */
import { execFile } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { promisify } from "node:util";
import { workBranchOf } from "../../../core/git/branch-prefix.ts";
import type { SandboxSpec } from "../../../ports/sandbox/sandbox.port.ts";
import { refusal } from "./errors.ts";
import type { Owner, SandboxFolders } from "./folders.ts";
import { git, requireGit, type Git } from "./git.ts";
import type { WorkspaceRecord } from "./label.ts";
import { emptyFolder, removeTree } from "./remove-tree.ts";

export interface GitIdentity {
  readonly name: string;
  readonly email: string;
}

export interface WorkspaceRequest {
  readonly spec: Pick<SandboxSpec, "sessionId" | "workspace">;
  readonly folders: SandboxFolders;
  /** Berth's own data folder, which is nobody's workspace. */
  readonly dataDir: string;
  readonly identity: GitIdentity;
  /** Whose the files are to be; absent: as they are made. */
  readonly owner?: Owner;
  /** Git in the work folder, inside the sandbox. */
  readonly gitInside: Git;
  readonly signal: AbortSignal;
}

const INSIDE_OWNER: Owner = { uid: 1000, gid: 1000 };

function accounts({ uid, gid }: Owner): Readonly<Record<string, string>> {
  return {
    passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\nagent:x:${uid}:${gid}:agent:/home/agent:/bin/sh\n`,
    group: `root:x:0:\nagent:x:${gid}:\n`,
  };
}

/** Makes the session's folders; `tmp` and `runtime` start empty with every sandbox. */
export function makeFolders(folders: SandboxFolders, owner?: Owner): void {
  for (const folder of [folders.tmp, folders.runtime]) removeTree(folder);
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folders.tmp, 0o1777);
  for (const [name, text] of Object.entries(accounts(owner ?? INSIDE_OWNER))) writeFileSync(`${folders.accounts}/${name}`, text);
  if (owner) for (const folder of [folders.work, folders.home, folders.tmp, folders.runtime]) chownSync(folder, owner.uid, owner.gid);
}

export function branchOf(sessionId: string): string {
  return `berth/${sessionId.replace(/^ses_/, "").slice(-8)}`;
}

/** @throws PortError with the step that puts it right */
export function requireSource(path: string, dataDir: string): string {
  if (!isAbsolute(path) || !existsSync(path) || !statSync(path).isDirectory()) {
    throw refusal("create", `There is no folder ${path}.`, { code: "not-found", fix: "Choose a folder that exists, by its absolute path." });
  }
  const real = realpathSync(path);
  const own = realpathSync(dataDir);
  if (real === own || real.startsWith(`${own}/`)) {
    throw refusal("create", `The folder ${path} is Berth's own.`, { code: "permission-denied", fix: "Choose a folder of yours." });
  }
  return real;
}

/** The top of the repository that the folder lies in. */
async function repositoryOf(folder: string, signal: AbortSignal): Promise<string> {
  const inside = await git(["-C", folder, "rev-parse", "--show-toplevel"], { signal });
  if (inside.exitCode === 0) return inside.stdout.trim();
  const bare = await git(["-C", folder, "rev-parse", "--absolute-git-dir"], { signal });
  if (bare.exitCode === 0) return bare.stdout.trim();
  if (bare.stderr.includes("dubious ownership")) {
    const fix = `Run \`git config --global --add safe.directory ${folder}\` if you trust it.`;
    throw refusal("create", `The folder ${folder} belongs to another user.`, { code: "permission-denied", fix });
  }
  const fix = `Run \`git init && git add -A && git commit -m "First"\` in ${folder}, or start an empty session.`;
  throw refusal("create", `The folder ${folder} is not a git repository.`, { code: "failed-precondition", fix });
}

async function startingCommit(source: string, ref: string, signal: AbortSignal): Promise<string> {
  const shown = await git(["-C", source, "rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`], { signal });
  if (shown.exitCode === 0) return shown.stdout.trim();
  const fix = ref === "HEAD" ? "Make a first commit there." : "Choose a branch, tag or commit that exists there.";
  throw refusal("create", `The repository ${source} has no commit ${ref}.`, { code: "failed-precondition", fix });
}

/** A work folder that begins with nothing of this machine: empty, or cloned into by the runtime, with the sandbox's own token. */
export async function beginRepository({ spec, identity, gitInside }: Pick<WorkspaceRequest, "spec" | "identity" | "gitInside">, kind: "empty" | "repo"): Promise<WorkspaceRecord> {
  if (kind === "repo") return { branch: workBranchOf(spec.sessionId), base: null, source: null };
  await requireGit("create", gitInside(["init", "--quiet", "--template=", "--initial-branch=main"]));
  await configure(identity, gitInside);
  await requireGit("create", gitInside(["commit", "--quiet", "--allow-empty", "--no-verify", "-m", "Empty workspace"]));
  const head = await requireGit("create", gitInside(["rev-parse", "HEAD"]));
  return { branch: "main", base: head.trim(), source: null };
}

async function configure({ name, email }: GitIdentity, gitInside: Git): Promise<void> {
  await requireGit("create", gitInside(["config", "user.name", name]));
  await requireGit("create", gitInside(["config", "user.email", email]));
}

export async function prepareWorkspace(request: WorkspaceRequest): Promise<WorkspaceRecord> {
  const { spec, folders, dataDir, identity, owner, gitInside, signal } = request;
  emptyFolder(folders.work);
  if (spec.workspace.kind !== "folder") return beginRepository(request, spec.workspace.kind);
  const source = await repositoryOf(requireSource(spec.workspace.path, dataDir), signal);
  const base = await startingCommit(source, spec.workspace.ref ?? "HEAD", signal);
  const branch = branchOf(spec.sessionId);
  const clone = ["clone", "--quiet", "--no-local", "--no-hardlinks", "--no-checkout", "--template=", "--", source, folders.work];
  await requireGit("create", git(clone, { signal }));
  await giveTo(owner, folders.work);
  await configure(identity, gitInside);
  const known = await gitInside(["cat-file", "-e", `${base}^{commit}`]);
  if (known.exitCode !== 0) {
    await requireGit("create", fetchCommit(source, base, folders.work, signal));
    await giveTo(owner, folders.work);
  }
  await requireGit("create", gitInside(["checkout", "--quiet", "-B", branch, base]));
  return { branch, base, source };
}

/** What this machine's git wrote belongs to whoever runs the host. */
async function giveTo(owner: Owner | undefined, folder: string): Promise<void> {
  if (owner) await promisify(execFile)("chown", ["-hR", `${owner.uid}:${owner.gid}`, folder]);
}

/** A commit on no branch or tag is not part of a clone, so it is asked for by its name. */
function fetchCommit(source: string, commit: string, work: string, signal: AbortSignal): ReturnType<Git> {
  const uploadPack = "--upload-pack=git -c uploadpack.allowAnySHA1InWant=true upload-pack";
  return git(["-C", work, "fetch", "--quiet", "--no-tags", uploadPack, "--", source, commit], { signal });
}
