/**
 * What a database failure means to a port's caller. Rules: the tables below are the whole judgement; a failure without an
 * SQLSTATE is the connection's, and unless it happened before sending, what was applied is not known; nothing of a
 * statement or its values gets into the error, since they may be secrets.
 */
import { isPortError, PortError, type Outcome, type PortErrorCode, type Retry } from "../../core/kernel/port-error.ts";

export interface Classified {
  readonly code: PortErrorCode;
  readonly outcome: Outcome;
  readonly retry: Retry;
  readonly fix?: string;
}

const REFUSED = (code: PortErrorCode): Classified => ({ code, outcome: "not-applied", retry: "never" });
const LATER = (code: PortErrorCode, afterMs: number): Classified => ({ code, outcome: "not-applied", retry: { afterMs } });
const CUT: Classified = { code: "unknown", outcome: "unknown", retry: "same-request" };
const MIGRATE: Classified = { ...REFUSED("failed-precondition"), fix: "npm run db:migrate" };

/** By SQLSTATE, the longest prefix first. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const BY_SQLSTATE: Readonly<Record<string, Classified>> = {
  "23505": REFUSED("already-exists"),
  "23": REFUSED("failed-precondition"),
  "22": REFUSED("invalid-argument"),
  "28": REFUSED("permission-denied"),
  "42501": REFUSED("permission-denied"),
  "42P01": MIGRATE,
  "42703": MIGRATE,
  "3F000": MIGRATE,
  "3D000": { ...REFUSED("failed-precondition"), fix: "Create the database, or correct its name in DATABASE_URL." },
  "42": REFUSED("internal"),
  // Serialization failure and deadlock: the server undid it and says to try again.
  "40": { code: "failed-precondition", outcome: "not-applied", retry: "same-request" },
  "53": LATER("resource-exhausted", 1_000),
  "25006": LATER("unknown", 1_000),
  "57014": { code: "deadline-exceeded", outcome: "not-applied", retry: "same-request" },
  "57P03": LATER("unknown", 500),
  "57P": CUT,
  "08001": LATER("unknown", 500),
  "08004": REFUSED("permission-denied"),
  "08": CUT,
};

/** Socket errors of an attempt to connect, in which nothing was sent. */
const NOT_CONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]);

/** Messages of `pg` and its pool, which give their own errors no code. */
const BY_MESSAGE: readonly (readonly [string, Classified])[] = [
  ["timeout exceeded when trying to connect", LATER("resource-exhausted", 1_000)],
  ["Connection terminated due to connection timeout", LATER("deadline-exceeded", 500)],
  ["timeout expired", LATER("deadline-exceeded", 500)],
  ["Query read timeout", { code: "deadline-exceeded", outcome: "unknown", retry: "same-request" }],
  ["Connection terminated", CUT],
  ["Client has encountered a connection error", CUT],
  ["the lease of", CUT],
];

export function classify(raw: unknown): Classified {
  const failure = rootOf(raw);
  if (isPortError(failure)) return { code: failure.code, outcome: failure.outcome, retry: failure.retry };
  const { code, message } = failure as { code?: unknown; message?: unknown };
  if (typeof code === "string") {
    if (NOT_CONNECTED.has(code)) return LATER("unknown", 500);
    if (code === "ECONNRESET" || code === "EPIPE") return CUT;
    for (const length of [5, 3, 2]) {
      const known = /^[0-9A-Z]{5}$/.test(code) ? BY_SQLSTATE[code.slice(0, length)] : undefined;
      if (known) return known;
    }
  }
  const byMessage = BY_MESSAGE.find(([start]) => typeof message === "string" && message.startsWith(start));
  return byMessage?.[1] ?? { code: "unknown", outcome: "unknown", retry: "never" };
}

/**
 * The error that leaves an adapter. A port error of its own passes through.
 * @param repeatable the operation may be sent again when it is not known whether it was applied
 */
export function toPortError(port: string, operation: string, raw: unknown, repeatable: boolean): PortError {
  if (isPortError(raw) && raw.port === port) return raw;
  const { code, outcome, retry, fix } = classify(raw);
  return new PortError({
    port,
    operation,
    code,
    outcome,
    retry: outcome === "unknown" && !repeatable ? "never" : retry,
    message: SENTENCES[code] ?? "The database did not do it.",
    ...(fix === undefined ? {} : { fix }),
    cause: safeCause(rootOf(raw)),
  });
}

const SENTENCES: Partial<Record<PortErrorCode, string>> = {
  "already-exists": "The database has that already.",
  "failed-precondition": "The database is not in the state this needs.",
  "permission-denied": "The database refused Berth's user.",
  "resource-exhausted": "The database has no connection free.",
  "deadline-exceeded": "The database did not answer in time.",
  unknown: "The database could not be reached, or the connection to it broke.",
};

/** Drizzle wraps what it meets, with the statement and its values in the message. */
function rootOf(raw: unknown): object {
  let current: unknown = raw;
  while (typeof current === "object" && current !== null && !isPortError(current)) {
    const { cause, query } = current as { cause?: unknown; query?: unknown };
    if (typeof query !== "string" || cause === undefined) break;
    current = cause;
  }
  return typeof current === "object" && current !== null ? current : { message: String(current) };
}

/** The server's sentence names tables and columns, but for data exceptions also the value. */
function safeCause(root: object): Error {
  if (isPortError(root)) return root;
  const { code, message } = root as { code?: unknown; message?: unknown };
  const isData = typeof code === "string" && code.startsWith("22");
  return new Error(`${typeof code === "string" ? `${code} ` : ""}${isData ? "data exception" : String(message)}`);
}
