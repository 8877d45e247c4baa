/** What `fetch` threw → what it means for the call that was made. Pure; the codes are Node's and undici's, and workerd's words. */
import type { Outcome, PortErrorCode, Retry } from "./port-error.ts";

export interface Verdict {
  readonly code: PortErrorCode;
  readonly outcome: Outcome;
  readonly retry: Retry;
  /** Goes after the name of whoever was called. */
  readonly says: string;
}

/** Codes of Node and undici that mean that no byte of the request left. */
const NEVER_SENT: Readonly<Record<string, string>> = {
  ECONNREFUSED: "is not listening at its address",
  ENOTFOUND: "has an address that does not exist",
  EAI_AGAIN: "has an address that cannot be looked up right now",
  EHOSTUNREACH: "cannot be reached from here",
  ENETUNREACH: "cannot be reached from here",
  UND_ERR_CONNECT_TIMEOUT: "does not take connections",
  CERT_HAS_EXPIRED: "shows an expired certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "shows a certificate that is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "shows a certificate that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "shows a certificate that is not trusted",
  ERR_TLS_CERT_ALTNAME_INVALID: "shows a certificate for another name",
};

export function classifyFetchFailure(raw: unknown): Verdict {
  const error = raw instanceof Error ? raw : null;
  if (error?.name === "TimeoutError") return { code: "deadline-exceeded", outcome: "unknown", retry: "never", says: "did not answer in time" };
  if (error?.name === "AbortError") return { code: "canceled", outcome: "unknown", retry: "never", says: "was not waited for any longer" };
  const neverSent = NEVER_SENT[codeOf(raw) ?? ""];
  if (neverSent !== undefined) return { code: "unknown", outcome: "not-applied", retry: { afterMs: 1_000 }, says: neverSent };
  return { code: "unknown", outcome: "unknown", retry: "never", says: "closed the connection without an answer" };
}

/** Of a refusal that asks for a pause: its `Retry-After` in seconds, or one where it names none. */
export function retryAfterMs(header: string | null): number {
  const seconds = Number(header ?? "1");
  return (Number.isFinite(seconds) && seconds > 0 ? seconds : 1) * 1_000;
}

/** undici hides the code one or two causes deep, or in the first of several errors. */
function codeOf(raw: unknown): string | undefined {
  for (let at = raw as { code?: unknown; cause?: unknown; errors?: unknown[] } | undefined, depth = 0; at && depth < 4; depth++) {
    if (typeof at.code === "string") return at.code;
    at = (at.cause ?? at.errors?.[0]) as typeof at;
  }
  return undefined;
}
