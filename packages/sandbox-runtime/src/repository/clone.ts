/** Fills an empty work folder with the session's repository, on a branch of the session's own. */
import { execFile, type ExecFileException } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface CloneRequest {
  readonly workFolder: string;
  /** Of git; without secrets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly url: string;
  /** Branch, tag or commit; absent: where the remote's own branch is. */
  readonly ref?: string;
  /** Made here, at that commit. */
  readonly branch: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly signal: AbortSignal;
}

export class CloneError extends Error {
  readonly fix: string | undefined;
  constructor(message: string, fix?: string) {
    super(message);
    this.fix = fix;
  }
}

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
const OUTPUT_BYTES_MAX = 1024 * 1024;

/** Nothing of a stranger's repository runs, and nothing asks a person. */
const QUIETLY = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "safe.directory=*", "-c", "advice.detachedHead=false"];

/** @throws CloneError with what git said; the folder may hold a part then */
export async function cloneRepository({ workFolder, environment, url, ref, branch, author, signal }: CloneRequest): Promise<void> {
  const git = (...args: readonly string[]): Promise<Ended> => runGit(args, { workFolder, environment, signal });
  const need = async (...args: readonly string[]): Promise<void> => {
    const { exitCode, stderr } = await git(...args);
    if (exitCode !== 0) throw new CloneError(`The repository ${url} could not be cloned: ${lastWords(stderr)}`);
  };
  for (const name of readdirSync(workFolder)) rmSync(join(workFolder, name), { recursive: true, force: true });
  await need("clone", "--quiet", "--no-checkout", "--template=", "--origin=origin", "--", url, ".");
  await need("config", "user.name", author.name);
  await need("config", "user.email", author.email);
  const commit = await startingCommit(git, ref);
  if (commit !== null) return need("checkout", "--quiet", "--no-track", "-B", branch, commit);
  if (ref !== undefined) throw new CloneError(`The repository ${url} has no branch, tag or commit ${ref}.`, "Choose one that exists there.");
  // Without commits there is nothing to check out.
  return need("symbolic-ref", "HEAD", `refs/heads/${branch}`);
}

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Null when there is none. */
async function startingCommit(git: (...args: readonly string[]) => Promise<Ended>, ref: string | undefined): Promise<string | null> {
  const find = async (name: string): Promise<string | null> => {
    const { exitCode, stdout } = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`);
    return exitCode === 0 ? stdout.trim() : null;
  };
  if (ref === undefined) return (await find("refs/remotes/origin/HEAD")) ?? find("HEAD");
  const known = (await find(`refs/remotes/origin/${ref}`)) ?? (await find(`refs/tags/${ref}`));
  if (known !== null || !COMMIT.test(ref)) return known;
  // A commit on no branch or tag is no part of a clone, so it is asked for by its name.
  if ((await find(ref)) === null) await git("fetch", "--quiet", "--no-tags", "origin", ref);
  return find(ref);
}

function runGit(args: readonly string[], { workFolder, environment, signal }: Pick<CloneRequest, "workFolder" | "environment" | "signal">): Promise<Ended> {
  const env = { ...environment, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  return new Promise((resolve, reject) => {
    execFile("git", [...QUIETLY, ...args], { cwd: workFolder, env, signal, maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") return reject(signal.aborted ? (signal.reason as Error) : notStarted(error));
      resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

function notStarted(error: ExecFileException): Error {
  return error.code === "ENOENT" ? new CloneError("There is no git in this sandbox.", "Use an image that has git.") : error;
}

/** What the remote said, or else what git made of it. */
function lastWords(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const line = lines.findLast((said) => /^(fatal|error|remote):/.test(said)) ?? lines.at(-1) ?? "git ended without a word";
  return line.replace(/^(fatal|error): (remote error: )?/, "").slice(0, 500);
}
