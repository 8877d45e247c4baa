/** Raw errors of OpenCode → PortError, and errors of a turn → the failure a person reads. Pure; branches on what is structured. */
import type { Failure } from "@berth/protocol";
import { REFUSAL_HEADER } from "../../core/sandbox/refusal-header.ts";
import { PortError, isPortError, type Outcome, type PortErrorCode, type Retry } from "../../core/kernel/port-error.ts";

/** The server did not come up. `output` is the end of what it printed. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
  readonly why: "never-healthy" | "exited";
  readonly output: string;

  constructor(why: "never-healthy" | "exited", output: string) {
    super(why === "exited" ? "OpenCode ended while it was starting" : "OpenCode did not become healthy in time");
    this.why = why;
    this.output = output;
  }
}

/** An answer of OpenCode's that is not a success. */
export interface RefusedCall {
  readonly status: number;
  readonly body: unknown;
}

interface Verdict {
  readonly code: PortErrorCode;
  readonly outcome: Outcome;
  readonly retry: Retry;
  readonly message: string;
  readonly fix?: string;
}

const FULL_DISK = { message: "The disk of the sandbox is full.", fix: "Make room on the disk of the sandbox, then send the message again." };

export function classify(raw: unknown, operation: string): PortError {
  if (isPortError(raw)) return raw;
  return new PortError({ port: "agent", operation, ...verdictOf(raw, operation), cause: raw });
}

function verdictOf(raw: unknown, operation: string): Verdict {
  if (raw instanceof StartFailure) return startVerdict(raw);
  if (isRefused(raw)) return refusedVerdict(raw, operation);
  const code = systemCode(raw);
  if (code === "ENOENT" || code === "EACCES") {
    return {
      code: "failed-precondition",
      outcome: "not-applied",
      retry: "never",
      message: "The OpenCode program or the work folder is not there.",
      fix: "Install the package opencode-ai in the version Berth pins.",
    };
  }
  if (code === "ENOSPC" || code === "EDQUOT") return { code: "resource-exhausted", outcome: "not-applied", retry: "same-request", ...FULL_DISK };
  if (code === "ECONNREFUSED") {
    return { code: "deadline-exceeded", outcome: "not-applied", retry: "same-request", message: "OpenCode is not listening." };
  }
  const name = (raw as { name?: unknown } | null)?.name;
  if (name === "TimeoutError" || name === "AbortError" || code !== null) {
    return { code: "deadline-exceeded", outcome: "unknown", retry: "never", message: "OpenCode was asked and did not answer." };
  }
  return { code: "unknown", outcome: "unknown", retry: "never", message: "OpenCode failed in a way Berth does not know." };
}

function startVerdict({ why, output, message }: StartFailure): Verdict {
  const said = output === "" ? "" : ` It printed: ${output}`;
  return {
    code: why === "exited" ? "failed-precondition" : "deadline-exceeded",
    outcome: "not-applied",
    retry: "same-request",
    message: `${message}.${said}`,
  };
}

/** OpenCode answers these before it does anything with the message, so an error of its own is of what comes before. */
const SUBMITS = ["prompt", "steer"];

function refusedVerdict({ status, body }: RefusedCall, operation: string): Verdict {
  const message = textOf(body) ?? `OpenCode answered ${status}.`;
  if (status === 400) return { code: "invalid-argument", outcome: "not-applied", retry: "never", message };
  if (status === 401 || status === 403) return { code: "permission-denied", outcome: "not-applied", retry: "never", message };
  if (status === 404) return { code: "not-found", outcome: "not-applied", retry: "never", message };
  if (SUBMITS.includes(operation)) return { code: "internal", outcome: "not-applied", retry: "same-request", message };
  return { code: "internal", outcome: "unknown", retry: "never", message };
}

function isRefused(raw: unknown): raw is RefusedCall {
  return typeof raw === "object" && raw !== null && typeof (raw as { status?: unknown }).status === "number";
}

function systemCode(raw: unknown): string | null {
  for (let error = raw; typeof error === "object" && error !== null; error = (error as { cause?: unknown }).cause) {
    const { code } = error as { code?: unknown };
    if (typeof code === "string") return code;
  }
  return null;
}

function textOf(body: unknown): string | null {
  const { message, data } = (body ?? {}) as { message?: unknown; data?: { message?: unknown } };
  if (typeof message === "string") return message;
  return typeof data?.message === "string" ? data.message : null;
}

/** The shape of `session.error` and of a message's `error`. */
export interface OpenCodeError {
  readonly name: string;
  readonly data: { readonly message?: unknown; readonly statusCode?: unknown; readonly responseHeaders?: unknown };
}

/**
 * Berth's own broker had no room for the next call, so that nothing of the turn is lost: it can go on from here. A provider
 * that wants to be paid answers the same status, and is a failure.
 */
export function isOutOfBudget({ name, data }: OpenCodeError): boolean {
  const headers = data.responseHeaders;
  return name === "APIError" && typeof headers === "object" && headers !== null && (headers as Record<string, unknown>)[REFUSAL_HEADER] === "budget";
}

export const OUT_OF_BUDGET: Failure = {
  code: "budget-reached",
  message: "A spending cap leaves no room for the next model call.",
  fix: "Raise the cap; the session then goes on by itself.",
};

const BY_STATUS: Readonly<Record<number, { readonly code: string; readonly fix?: string }>> = {
  401: { code: "model-unauthorized", fix: "Check the provider's key under Settings, Providers." },
  402: { code: "model-budget-exhausted", fix: "Raise the cap, or wait until it resets." },
  403: { code: "model-unauthorized", fix: "Check the provider's key under Settings, Providers." },
  404: { code: "model-not-found", fix: "Choose another model." },
  413: { code: "context-too-long", fix: "Start a new session, or send less." },
  429: { code: "model-rate-limited", fix: "Wait a moment and send the message again." },
};

const BY_NAME: Readonly<Record<string, { readonly code: string; readonly fix?: string }>> = {
  ProviderAuthError: { code: "model-unauthorized", fix: "Check the provider's key under Settings, Providers." },
  ContextOverflowError: { code: "context-too-long", fix: "Start a new session, or send less." },
  MessageOutputLengthError: { code: "output-too-long" },
  ContentFilterError: { code: "content-filtered" },
};

/** Null for an abort, which is no failure of its own. */
export function failureOfTurn({ name, data }: OpenCodeError): Failure | null {
  if (name === "MessageAbortedError") return null;
  const message = typeof data.message === "string" && data.message !== "" ? data.message : "The agent failed.";
  const status = typeof data.statusCode === "number" ? data.statusCode : null;
  if (name === "APIError") return { ...apiFailure(status), message };
  // Thrown before any request is made, so it has no status and no name of its own.
  if (name === "UnknownError" && message.includes("Model not found")) return { ...BY_STATUS[404], code: "model-not-found", message };
  if (/SqlError|SQLITE_(FULL|IOERR)|ENOSPC|disk is full/.test(message)) return STORAGE;
  return { code: "agent-error", ...BY_NAME[name], message: withoutStack(message) };
}

export const NOT_STORED = "agent-storage";

/** Its database takes no more, which nearly always is a full disk. */
const STORAGE: Failure = {
  code: NOT_STORED,
  message: "The agent could not write to its disk.",
  fix: FULL_DISK.fix,
};

/** What OpenCode did not expect itself comes with the lines of its program that were running. */
function withoutStack(message: string): string {
  return message.split(/\n\s+at /, 1)[0] ?? message;
}

function apiFailure(status: number | null): { readonly code: string; readonly fix?: string } {
  if (status === null) return { code: "model-unreachable", fix: "Check that the provider can be reached, then send the message again." };
  if (status >= 500) return { code: "model-unavailable", fix: "The provider is having trouble; send the message again in a moment." };
  return BY_STATUS[status] ?? { code: "model-refused" };
}

/** OpenCode tells of its own attempts in words only, so the words decide between the two codes. */
export function failureOfRetries(attempts: number, reason: string): Failure {
  const isLimit = /rate.?limit|too many requests|quota|\b429\b/i.test(reason);
  return {
    code: isLimit ? "model-rate-limited" : "model-unavailable",
    message: `The model failed ${attempts} times: ${reason}`,
    fix: "Wait a moment and send the message again, or choose another model.",
  };
}
