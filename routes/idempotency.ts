/**
 * `Idempotency-Key` on POST. The same key with the same body answers what the first request answered; with another body
 * it is refused. Only answers that changed something (2xx) are kept, for 24 hours, so that a refused request may be
 * corrected and sent again under the same key. Keys belong to the organization.
 */
import { makeProblem } from "@berth/protocol";
import type { RequestHash } from "../src/app/http/request-hash.ts";
import { ProblemError, refuse } from "../src/app/http/problem-error.ts";
import type { Idempotency } from "../src/app/session-handle.ts";
import type { Catalog, StoredAnswer } from "../src/ports/catalog/catalog.port.ts";

/**
 * `stored`: the answer is kept in the catalog. `session`: the session itself keeps it, in one transaction with the effect.
 * `claimed`: the answer holds a secret, so the key is taken before the effect and a repeat is refused. `natural`: a repeat
 * does no harm and answers afresh.
 */
export type IdempotencyMode = "stored" | "session" | "claimed" | "natural";

export async function readIdempotency(request: Request, body: Uint8Array, hash: RequestHash): Promise<Idempotency | null> {
  const key = request.headers.get("idempotency-key");
  if (key === null) return null;
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key)) {
    refuse("bad-request", "Idempotency-Key must be 1 to 255 printable ASCII characters.");
  }
  const url = new URL(request.url);
  return { key, bodyHash: await hash(`${request.method} ${url.pathname}`, body) };
}

export async function once(
  mode: IdempotencyMode,
  catalog: Catalog,
  orgId: string,
  idempotency: Idempotency | null,
  act: () => Promise<Response>,
  nonce: () => string,
): Promise<Response> {
  if (idempotency === null || mode === "session" || mode === "natural") return act();
  const earlier = await catalog.findAnswer(orgId, idempotency.key);
  if (earlier !== null) return replay(earlier, idempotency);
  if (mode === "claimed") return claim(catalog, orgId, idempotency, act, nonce());
  const response = await act();
  if (!response.ok) return response;
  const body = await response.clone().text();
  const mine: StoredAnswer = { bodyHash: idempotency.bodyHash, status: response.status, body };
  const first = await catalog.rememberAnswer(orgId, idempotency.key, mine);
  return first.bodyHash === mine.bodyHash && first.body === mine.body ? response : replay(first, idempotency);
}

const CLAIMED = "Something was asked for under this Idempotency-Key before. Its secret was shown once and is not kept.";

async function claim(catalog: Catalog, orgId: string, { key, bodyHash }: Idempotency, act: () => Promise<Response>, nonce: string): Promise<Response> {
  const problem = makeProblem("conflict", CLAIMED, {
    fix: "If the answer was lost, find the key by its name in the list, revoke it, and create another under a new Idempotency-Key.",
  });
  const mine: StoredAnswer = { bodyHash, status: problem.status, body: JSON.stringify({ ...problem, instance: `urn:berth:claim:${nonce}` }) };
  const first = await catalog.rememberAnswer(orgId, key, mine);
  return first.body === mine.body ? act() : replay(first, { key, bodyHash });
}

function replay(earlier: StoredAnswer, idempotency: Idempotency): Response {
  if (earlier.bodyHash !== idempotency.bodyHash) {
    const detail = "This Idempotency-Key was used with another body or address in the last 24 hours; use a new one.";
    throw new ProblemError(makeProblem("idempotency-mismatch", detail));
  }
  const refusal = earlier.status >= 400;
  return new Response(earlier.body === "" ? null : earlier.body, {
    status: earlier.status,
    headers: { "content-type": refusal ? "application/problem+json" : "application/json", "idempotent-replayed": "true", "cache-control": "no-store" },
  });
}
