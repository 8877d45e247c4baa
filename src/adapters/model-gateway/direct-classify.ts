/** Raw failures of a call to a provider → what the port says of them. Pure. */
import type { Outcome, PortErrorCode, Retry } from "../../core/kernel/port-error.ts";

export interface Verdict {
  readonly code: PortErrorCode;
  readonly outcome: Outcome;
  readonly retry: Retry;
  /** Goes after the provider's name. */
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

/** What `fetch` threw. */
export function classifyFailure(raw: unknown): Verdict {
  const error = raw instanceof Error ? raw : null;
  if (error?.name === "TimeoutError") return { code: "deadline-exceeded", outcome: "unknown", retry: "never", says: "did not answer in time" };
  if (error?.name === "AbortError") return { code: "canceled", outcome: "unknown", retry: "never", says: "was not waited for any longer" };
  const neverSent = NEVER_SENT[codeOf(raw) ?? ""];
  if (neverSent !== undefined) return { code: "unknown", outcome: "not-applied", retry: { afterMs: 1_000 }, says: neverSent };
  return { code: "unknown", outcome: "unknown", retry: "never", says: "closed the connection without an answer" };
}

/** undici hides the code one or two causes deep, or in the first of several errors. */
function codeOf(raw: unknown): string | undefined {
  for (let at = raw as { code?: unknown; cause?: unknown; errors?: unknown[] } | undefined, depth = 0; at && depth < 4; depth++) {
    if (typeof at.code === "string") return at.code;
    at = (at.cause ?? at.errors?.[0]) as typeof at;
  }
  return undefined;
}

/** A status that is no success, when models were asked for. */
export function classifyRefusal(status: number, retryAfter: string | null, body: string): Verdict {
  const outcome = "not-applied";
  const isKey = status === 401 || status === 403 || (status === 400 && /API_KEY_INVALID|API key not valid/i.test(body));
  if (isKey) return { code: "permission-denied", outcome, retry: "never", says: "refused the key" };
  if (status === 404 || status === 405) return { code: "not-found", outcome, retry: "never", says: "has no list of models at this address" };
  if (status === 429) return { code: "resource-exhausted", outcome, retry: { afterMs: secondsOf(retryAfter) * 1_000 }, says: "limits the rate of requests right now" };
  if (status >= 500) return { code: "unknown", outcome, retry: { afterMs: 1_000 }, says: `failed with status ${status}` };
  return { code: "failed-precondition", outcome, retry: "never", says: `answered with status ${status} when asked for its models` };
}

function secondsOf(retryAfter: string | null): number {
  const seconds = Number(retryAfter ?? "1");
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 1;
}
