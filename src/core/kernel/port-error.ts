/**
 * The one error type that crosses a port.
 *
 * Rules of this file: callers branch on `code`, `outcome` and `retry`, never on `message`; adapters classify once and
 * never retry; errors are recognised by brand, since `instanceof` fails across bundles and RPC.
 */

/** Closed list, after Go CDK's gcerrors. */
export const PORT_ERROR_CODES = [
  "not-found",
  "already-exists",
  "invalid-argument",
  "internal",
  "unimplemented",
  "failed-precondition",
  "permission-denied",
  "resource-exhausted",
  "canceled",
  "deadline-exceeded",
  "unknown",
] as const;
export type PortErrorCode = (typeof PORT_ERROR_CODES)[number];

/** What is known about the effect of the failed call. `unknown` means it was sent and not answered. */
export type Outcome = "not-applied" | "applied" | "unknown";

/** What the caller may do: nothing, send the same request again, or the same after a wait. */
export type Retry = "never" | "same-request" | { readonly afterMs: number };

export interface PortErrorInit {
  /** Port name as in the registry, e.g. `sandbox`. */
  readonly port: string;
  readonly operation: string;
  readonly code: PortErrorCode;
  readonly outcome: Outcome;
  readonly retry: Retry;
  /** One sentence a person can act on. Never holds a secret. */
  readonly message: string;
  /** The command or step that puts it right, where one exists. */
  readonly fix?: string;
  readonly cause?: unknown;
}

const BRAND = "berth.PortError";

export class PortError extends Error {
  readonly brand = BRAND;
  readonly port: string;
  readonly operation: string;
  readonly code: PortErrorCode;
  readonly outcome: Outcome;
  readonly retry: Retry;
  readonly fix: string | undefined;

  constructor(init: PortErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "PortError";
    this.port = init.port;
    this.operation = init.operation;
    this.code = init.code;
    this.outcome = init.outcome;
    this.retry = init.retry;
    this.fix = init.fix;
  }

  /** The shape that travels over HTTP and RPC; `fromWire` reads it back. */
  toWire(): Omit<PortErrorInit, "cause"> {
    const { port, operation, code, outcome, retry, message, fix } = this;
    return { port, operation, code, outcome, retry, message, ...(fix === undefined ? {} : { fix }) };
  }
}

export function isPortError(value: unknown): value is PortError {
  return typeof value === "object" && value !== null && (value as { brand?: unknown }).brand === BRAND;
}
