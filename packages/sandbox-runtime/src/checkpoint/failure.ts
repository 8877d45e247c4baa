/** Why a checkpoint was not made or not restored, in words for people. */
import { LIMITS, type Failure } from "@berth/protocol";
import { TooManyFiles } from "./tree.ts";

/** @param isOver this sandbox may not save any more, since a newer one took its place */
export class CheckpointError extends Error {
  readonly failure: Failure;
  readonly isOver: boolean;

  constructor(failure: Failure, { isOver = false, cause }: { readonly isOver?: boolean; readonly cause?: unknown } = {}) {
    super(failure.message, { cause });
    this.failure = failure;
    this.isOver = isOver;
  }
}

const GB = 1024 ** 3;
const LESS = "Delete what is not needed from the work folder, or move caches out of it, to `/tmp` for example.";

export function tooLarge(): CheckpointError {
  const message = `The work folder is larger than ${LIMITS.checkpointBytesMax / GB} GB zipped, the limit checkpointBytesMax, so it cannot be saved.`;
  return new CheckpointError({ code: "checkpoint-too-large", message, fix: LESS });
}

const BY_ERRNO: Readonly<Record<string, Failure>> = {
  ENOSPC: { code: "disk-full", message: "the sandbox's disk is full", fix: "Make room on the disk of the sandbox." },
  EDQUOT: { code: "disk-full", message: "the sandbox's disk quota is used up", fix: "Make room on the disk of the sandbox." },
  EMFILE: { code: "too-many-open-files", message: "too many files are open in the sandbox" },
};
/** What SQLite says of a disk without room. */
const SQLITE_FULL = 13;

export function failureOf(error: unknown): Failure {
  if (error instanceof CheckpointError) return error.failure;
  if (error instanceof TooManyFiles) {
    const message = `The work folder holds more than ${LIMITS.checkpointFilesMax} files and folders, the limit checkpointFilesMax, so it cannot be saved.`;
    return { code: "checkpoint-too-many-files", message, fix: LESS };
  }
  const { message, ...known } = ofSystem(error, "checkpoint-failed");
  return { ...known, message: `The work could not be saved: ${message}.` };
}

/** For the session, which shows it and goes no further with this sandbox. */
export function notBegun(error: unknown): CheckpointError {
  if (error instanceof CheckpointError) return error;
  const { message, ...known } = ofSystem(error, "restore-failed");
  return new CheckpointError({ ...known, message: `The session's work could not be put in place: ${message}.` }, { cause: error });
}

function ofSystem(error: unknown, otherwise: string): Failure {
  const { code, errcode } = (error ?? {}) as { readonly code?: unknown; readonly errcode?: unknown };
  const known = typeof code === "string" ? BY_ERRNO[code] : undefined;
  if (known) return known;
  if (errcode === SQLITE_FULL) return BY_ERRNO["ENOSPC"] as Failure;
  return { code: otherwise, message: error instanceof Error ? error.message : String(error) };
}
