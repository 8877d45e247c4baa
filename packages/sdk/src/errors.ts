/** The one error of the SDK. It carries the server's problem, or says what went wrong on the way to it. */
import type { Problem } from "@berth/protocol";

/**
 * Codes of failures that the server did not report: `network` (no answer; a write may have been applied), `timeout`,
 * `bad-answer` (not a Berth server, or a proxy in between), `aborted`, `session-over` (awaited work can no longer end).
 */
export type ClientErrorCode = "network" | "timeout" | "bad-answer" | "aborted" | "session-over";

/** Code of the error with which a stream of an ended session closes. */
export const SESSION_ENDED = "session-ended";

export interface BerthErrorInit {
  readonly problem?: Problem;
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

export class BerthError extends Error {
  override readonly name = "BerthError";
  /** Last part of the problem's type, for example `not-found`; or a {@link ClientErrorCode}. Branch on this. */
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The problem's stable address; empty when there was no answer. */
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  /** The step that puts it right, where the server knows one. */
  readonly fix: string | undefined;
  /** Fields at fault, by JSON pointer. */
  readonly errors: readonly { readonly pointer: string; readonly message: string }[];
  /** For `unknown-model`: what may be used. */
  readonly allowed: readonly string[] | undefined;
  /** How long the server asked to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(init: BerthErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    const { problem } = init;
    this.code = init.code;
    this.status = problem?.status ?? 0;
    this.type = problem?.type ?? "";
    this.title = problem?.title ?? init.message;
    this.detail = problem?.detail ?? init.message;
    this.fix = problem?.fix;
    this.errors = problem?.errors ?? [];
    this.allowed = problem?.allowed;
    this.retryAfterMs = init.retryAfterMs;
  }

  /** Recognised by name, since two copies of a bundle have two classes. */
  static is(value: unknown): value is BerthError {
    return value instanceof Error && value.name === "BerthError";
  }
}

export function problemError(problem: Problem, retryAfterMs?: number): BerthError {
  return new BerthError({
    problem,
    code: problem.type.slice(problem.type.lastIndexOf("/") + 1),
    message: problem.detail || problem.title,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

export function clientError(code: ClientErrorCode, message: string, cause?: unknown): BerthError {
  return new BerthError({ code, message, cause });
}

/** Refusals that no repeat changes; anything else on a stream is tried again. */
export function isRefusal(error: BerthError): boolean {
  return error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429;
}

/** Close codes of a session's socket that a repeat does not change, with the problem they stand for. */
const REFUSING_CLOSES: Readonly<Record<number, { readonly slug: string; readonly status: number }>> = {
  4400: { slug: "bad-request", status: 400 },
  4401: { slug: "unauthenticated", status: 401 },
  4403: { slug: "conflict", status: 409 },
  4404: { slug: "not-found", status: 404 },
  4410: { slug: SESSION_ENDED, status: 410 },
};

export function closeCodeError(code: number, reason: string): BerthError {
  const refusal = REFUSING_CLOSES[code];
  const detail = reason || "The connection was lost";
  if (!refusal) return clientError("network", detail);
  return problemError({ type: `https://berth.dev/problems/${refusal.slug}`, title: detail, status: refusal.status, detail });
}
