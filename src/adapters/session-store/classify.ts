/** What SQLite reports, as the port's error. One table for both products, which spell the same result codes differently. */
import { PortError, type PortErrorCode, type Retry } from "../../core/kernel/port-error.ts";

interface Kind {
  readonly code: PortErrorCode;
  readonly retry: Retry;
  readonly message: string;
  readonly fix?: string;
}

const KINDS: Readonly<Record<string, Kind>> = {
  FULL: { code: "resource-exhausted", retry: { afterMs: 1000 }, message: "the session's disk is full", fix: "free space, or delete sessions that are not needed" },
  CONSTRAINT: { code: "already-exists", retry: "never", message: "an id in the batch is taken" },
  TOOBIG: { code: "invalid-argument", retry: "never", message: "a text is over the limit of one row" },
  BUSY: { code: "failed-precondition", retry: { afterMs: 100 }, message: "another process holds the session's database" },
  LOCKED: { code: "failed-precondition", retry: { afterMs: 100 }, message: "another process holds the session's database" },
  READONLY: { code: "permission-denied", retry: "never", message: "the session's database may not be written", fix: "make the data folder writable for Berth" },
  CANTOPEN: { code: "not-found", retry: "never", message: "the session's database cannot be opened" },
  IOERR: { code: "internal", retry: "same-request", message: "the disk failed while the session was written" },
  CORRUPT: { code: "internal", retry: "never", message: "the session's database is damaged", fix: "restore it from a backup" },
  NOTADB: { code: "internal", retry: "never", message: "the session's database is damaged", fix: "restore it from a backup" },
};

/** Primary result codes of SQLite, as Node reports them in `errcode`. */
const BY_NUMBER: Readonly<Record<number, string>> = {
  5: "BUSY",
  6: "LOCKED",
  8: "READONLY",
  10: "IOERR",
  11: "CORRUPT",
  13: "FULL",
  14: "CANTOPEN",
  18: "TOOBIG",
  19: "CONSTRAINT",
  26: "NOTADB",
};

/** A transaction that threw was rolled back, so nothing was applied, whatever went wrong. */
export function classify(raw: unknown, operation: string): PortError {
  const kind = kindOf(raw);
  return new PortError({ port: "session-store", operation, outcome: "not-applied", cause: raw, ...kind });
}

function kindOf(raw: unknown): Kind {
  const error = raw as { code?: unknown; errcode?: unknown; message?: unknown } | null;
  const message = typeof error?.message === "string" ? error.message : String(raw);
  const number = typeof error?.errcode === "number" ? BY_NUMBER[error.errcode & 0xff] : undefined;
  const name = number ?? /SQLITE_([A-Z]+)/.exec(message)?.[1];
  const known = name === undefined ? undefined : KINDS[name];
  if (known) return known;
  if (error?.code === "ERR_INVALID_STATE") {
    return { code: "failed-precondition", retry: "never", message: "the session's database is closed" };
  }
  return { code: "unknown", retry: "never", message: `the session's database refused: ${message}` };
}
