/** How the process sandbox reports what went wrong: named refusals, and one pure classification of system errors. */
import { PortError, type Outcome, type PortErrorCode, type Retry } from "../../../core/kernel/port-error.ts";

interface Refusal {
  readonly code: PortErrorCode;
  readonly outcome?: Outcome;
  readonly retry?: Retry;
  readonly fix?: string;
  readonly cause?: unknown;
}

/** Nothing was done, and the same request would be refused again, unless said otherwise. */
export function refusal(operation: string, message: string, { code, outcome = "not-applied", retry = "never", fix, cause }: Refusal): PortError {
  return new PortError({ port: "sandbox", operation, code, outcome, retry, message, ...(fix === undefined ? {} : { fix }), cause });
}

const BY_ERRNO: Readonly<Record<string, { readonly code: PortErrorCode; readonly outcome: Outcome; readonly message: string; readonly fix?: string }>> = {
  ENOENT: { code: "not-found", outcome: "not-applied", message: "A file or program that was needed is not there." },
  EACCES: { code: "permission-denied", outcome: "not-applied", message: "The machine refused access to a file." },
  EPERM: { code: "permission-denied", outcome: "not-applied", message: "The machine refused the operation." },
  ELOOP: { code: "permission-denied", outcome: "not-applied", message: "The path goes through a link that leaves the work folder." },
  EISDIR: { code: "invalid-argument", outcome: "not-applied", message: "The path is a folder." },
  ENOTDIR: { code: "invalid-argument", outcome: "not-applied", message: "A part of the path is not a folder." },
  ENAMETOOLONG: { code: "invalid-argument", outcome: "not-applied", message: "The path is too long." },
  ENXIO: { code: "invalid-argument", outcome: "not-applied", message: "The path is not a regular file." },
  EAGAIN: { code: "resource-exhausted", outcome: "not-applied", message: "The machine has no process left to give." },
  EMFILE: { code: "resource-exhausted", outcome: "not-applied", message: "Too many files are open." },
  ENFILE: { code: "resource-exhausted", outcome: "not-applied", message: "Too many files are open on this machine." },
  ENOMEM: { code: "resource-exhausted", outcome: "not-applied", message: "The machine is out of memory." },
  ENOSPC: { code: "resource-exhausted", outcome: "unknown", message: "The disk is full.", fix: "Free some space on the disk that holds Berth's data folder." },
  EDQUOT: { code: "resource-exhausted", outcome: "unknown", message: "The disk quota is used up." },
};

/** Errors already classified pass through; an unknown one stays unknown. */
export function classify(operation: string, raw: unknown): PortError {
  if (raw instanceof PortError) return raw;
  const errno = typeof raw === "object" && raw !== null ? (raw as { code?: unknown }).code : undefined;
  const known = typeof errno === "string" ? BY_ERRNO[errno] : undefined;
  if (known) return refusal(operation, known.message, { code: known.code, outcome: known.outcome, ...(known.fix ? { fix: known.fix } : {}), cause: raw });
  return refusal(operation, "The sandbox could not do that for an unknown reason.", { code: "unknown", outcome: "unknown", cause: raw });
}
