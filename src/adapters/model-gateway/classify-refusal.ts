/** Refusals of a provider → what the port says of them. Pure. */
import { retryAfterMs, type Verdict } from "../../core/kernel/fetch-failure.ts";

/** A status that is no success, when models were asked for. */
export function classifyRefusal(status: number, retryAfter: string | null, body: string): Verdict {
  const outcome = "not-applied";
  const isKey = status === 401 || status === 403 || (status === 400 && /API_KEY_INVALID|API key not valid/i.test(body));
  if (isKey) return { code: "permission-denied", outcome, retry: "never", says: "refused the key" };
  if (status === 404 || status === 405) return { code: "not-found", outcome, retry: "never", says: "has no list of models at this address" };
  if (status === 429) return { code: "resource-exhausted", outcome, retry: { afterMs: retryAfterMs(retryAfter) }, says: "limits the rate of requests right now" };
  if (status >= 500) return { code: "unknown", outcome, retry: { afterMs: 1_000 }, says: `failed with status ${status}` };
  return { code: "failed-precondition", outcome, retry: "never", says: `answered with status ${status} when asked for its models` };
}
