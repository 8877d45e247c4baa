/** The session's repository in its sandbox: access for this epoch, and a clone where there is none yet. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { DownMessage, Failure } from "@berth/protocol";
import { cloneRepository, CloneError } from "./clone.ts";

type Configure = Extract<DownMessage, { type: "configure" }>;

export interface RepositoryDeps {
  readonly workFolder: string;
  /** Of git; without secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** There once the folder holds the repository; kept beside the folder, over all epochs. */
  readonly marker: string;
  /** @throws Error when the repository cannot be reached by its address */
  readonly giveAccess: (repositoryUrl: string) => void;
  /** Within what is left of a start. */
  readonly timeoutMs?: number;
}

/** What a runtime asks of it. */
export type PrepareRepository = (configure: Pick<Configure, "repo" | "git" | "restore">, signal: AbortSignal) => Promise<void>;

const TIMEOUT_MS = 70_000;
const NOBODY = { name: "Berth", email: "berth@localhost" };

export class RepositoryError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Comes after the folder was filled from the checkpoint, where there is one. The answer throws RepositoryError. */
export function createRepository({ workFolder, environment, marker, giveAccess, timeoutMs = TIMEOUT_MS }: RepositoryDeps): PrepareRepository {
  return async ({ repo, git, restore }, stopping) => {
    if (!repo) return;
    giveAccess(repo.url);
    if (existsSync(marker)) return;
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const { url, ref, branch } = repo;
      // What was saved is the repository with the work in it.
      if (!restore) await cloneRepository({ workFolder, environment, url, branch, author: git ?? NOBODY, signal: AbortSignal.any([stopping, deadline]), ...(ref === undefined ? {} : { ref }) });
    } catch (error) {
      throw new RepositoryError(failureOf(error, repo.url, deadline.aborted && !stopping.aborted ? timeoutMs : null));
    }
    mkdirSync(dirname(marker), { recursive: true });
    writeFileSync(marker, repo.url);
  };
}

function failureOf(error: unknown, url: string, ranOutAfterMs: number | null): Failure {
  const code = "clone-failed";
  if (ranOutAfterMs !== null) return { code, message: `The repository ${url} was not cloned within ${Math.round(ranOutAfterMs / 1_000)} s.`, fix: "Resume the session to try again; a smaller repository, or one nearer, is cloned faster." };
  if (error instanceof CloneError) return { code, message: error.message, ...(error.fix === undefined ? {} : { fix: error.fix }) };
  return { code, message: `The repository ${url} could not be cloned: ${error instanceof Error ? error.message : String(error)}` };
}
